"""A case becomes one Case in Salesforce, whatever is lost on the way; scores reach who is there."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.vendors import salesforce_org, salesforce_session
from services.vendors.base import Message, There, Unsure, VendorError
from services.vendors.salesforce import Salesforce
from services.vendors.salesforce_session import USED_UP, home
from tests.standins import salesforce as standins
from tests.standins.salesforce import KEY, SECRET
from tests.vendors.cards import CARD, CONTACT

HERE = frozenset({"127.0.0.1"})
ID = "500000000000000001"
DEFAULTS = {field.name: field.default for field in Salesforce.fields if not field.secret}
UPSERT = r"PATCH .*/Case/Loopdesk_Case__c/"


@pytest.fixture
def org(monkeypatch: pytest.MonkeyPatch) -> Iterator[standins.Salesforce]:
    monkeypatch.setattr(salesforce_org, "_tokens", {})
    with standins.Salesforce().serving() as org:
        yield org


def vendor(org: standins.Salesforce, secret: str = SECRET, **config: Any) -> Salesforce:
    given = DEFAULTS | {"consumer_key": KEY, "base_url": org.url} | config
    return Salesforce(given, {"consumer_secret": secret}, HERE)


def case(**body: Any) -> Message:
    said = {"card": CARD, "subject": "Score 2 from Acme", "text": "Export broke"}
    return Message("k1", "case", said | {"priority": "urgent"} | body)


def note(text: str = "Call them", key: str = "ld-2") -> Message:
    return Message(key, "note", {"text": text}, ID)


def status(name: str, thread: str | None = ID) -> Message:
    return Message("k3", "status", {"status": name}, thread)


def score(**card: Any) -> Message:
    told = CARD | {"score": 9, "band": "promoter", "comment": "Better now"}
    return Message("k4", "score", {"card": told | card})


def failed(vendor: Salesforce, message: Message) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.send(message)
    assert "dana" not in str(caught.value).lower()
    return caught.value


def test_a_case_becomes_a_case_as_it_was_announced(org: standins.Salesforce) -> None:
    account = org.add("Account", Name="Acme")
    person = org.add("Contact", Email="Dana@Customer.example", AccountId=account)
    salesforce = vendor(
        org, origin="Web", owner="00G000000000001", mapping={"Plan__c": "contact.properties.plan"}
    )
    receipt = salesforce.send(case())
    [(made, row)] = org.records["Case"].items()
    assert (receipt.remote_id, receipt.thread, receipt.link) == (made, made, f"{org.url}/{made}")
    assert row == {
        "Loopdesk_Case__c": "loopdesk-case-1042", "Subject": "Score 2 from Acme",
        "Description": "Export broke", "Priority": "High", "Origin": "Web",
        "OwnerId": "00G000000000001", "Plan__c": "Pro", "ContactId": person, "AccountId": account,
    }  # fmt: skip
    told = salesforce.payload(case())
    assert told["upsert"] == {"Loopdesk_Case__c": "loopdesk-case-1042"}
    assert told["fields"].items() <= row.items()
    assert told["found_by"] == {"contact": {"Email": CONTACT["email"]}, "account": {"Name": "Acme"}}


def test_whoever_is_not_there_or_there_twice_is_named_and_not_made(
    org: standins.Salesforce,
) -> None:
    for _ in range(2):
        org.add("Contact", Email=CONTACT["email"])
    vendor(org).send(case())
    [row] = org.records["Case"].values()
    assert (row["SuppliedEmail"], row["SuppliedCompany"]) == (CONTACT["email"], "Acme")
    assert "ContactId" not in row and len(org.records["Contact"]) == 2
    assert org.records["Account"] == {}


def test_people_can_be_known_by_an_id_of_their_own(org: standins.Salesforce) -> None:
    person = org.add("Contact", Email="other@customer.example", Loopdesk_Id__c="p'17\\")
    known = CARD | {"contact": CONTACT | {"external_id": "p'17\\"}}
    vendor(org, contact_key="Loopdesk_Id__c").send(case(card=known))
    [row] = org.records["Case"].values()
    assert row["ContactId"] == person


@pytest.mark.parametrize("kind", ["drop", "500", "html", "delay"])
@pytest.mark.parametrize("silent", [False, True])
def test_a_lost_answer_makes_no_second_case(
    org: standins.Salesforce, monkeypatch: pytest.MonkeyPatch, kind: str, silent: bool
) -> None:
    org.silent = silent
    salesforce = vendor(org)
    assert salesforce.unsure(case()) is Unsure.AGAIN
    org.fault(kind, UPSERT, after=True, seconds=0.6)
    with monkeypatch.context() as patched:
        patched.setattr(salesforce_session, "TIMEOUT", (1, 0.3 if kind == "delay" else 10))
        assert failed(salesforce, case()).unsure
    assert len(org.records["Case"]) == 1
    receipt = salesforce.send(case())
    assert list(org.records["Case"]) == [receipt.thread]


@pytest.mark.parametrize("kind", ["drop", "500", "html"])
def test_a_lost_answer_makes_no_second_note(org: standins.Salesforce, kind: str) -> None:
    salesforce = vendor(org)
    org.page = 2
    for n in range(5):
        org.add("CaseComment", ParentId=ID, CommentBody=f"{n}")
    assert salesforce.unsure(note()) is Unsure.LOOK and salesforce.find(note()) is None
    org.fault(kind, "POST .*/CaseComment/", after=True)
    assert failed(salesforce, note()).unsure
    found = salesforce.find(note())
    assert found is not None and found.thread == ID
    row = org.records["CaseComment"][found.remote_id]
    assert row["CommentBody"] == "Call them\n\n(Loopdesk ld-2)" and row["IsPublished"] is False
    assert salesforce.find(note(key="ld-22")) is None


def test_what_is_there_can_be_compared(org: standins.Salesforce) -> None:
    salesforce = vendor(org)
    asked = [case(), note(), note(key="ld-9"), status("open"), score()]
    assert salesforce.there(asked) == {"k1": There(0), "ld-2": There(0), "ld-9": There(0)}
    made = salesforce.send(case()).thread
    salesforce.send(note())
    assert salesforce.there(asked) == {"k1": There(1, False), "ld-2": There(1), "ld-9": There(0)}
    salesforce.send(status("solved", made))
    assert salesforce.there([case()]) == {"k1": There(1, True)}
    org.add("Case", Loopdesk_Case__c="loopdesk-case-1042")
    assert salesforce.there([case()])["k1"].copies == 2


def test_a_state_is_set_by_the_name_it_has_there(org: standins.Salesforce) -> None:
    salesforce = vendor(org, status_reopened="Escalated")
    made = salesforce.send(case()).thread
    for said, there in (("solved", "Closed"), ("open", "Escalated"), ("open", "Escalated")):
        assert salesforce.send(status(said, made)).thread == made
        assert org.records["Case"][made or ""]["Status"] == there
    assert failed(salesforce, status("closed", made)).permanent
    assert "not in Salesforce yet" in str(failed(salesforce, status("open", None)))


def test_a_score_reaches_contact_and_account(org: standins.Salesforce) -> None:
    account = org.add("Account", Name="Acme")
    person = org.add("Contact", Email=CONTACT["email"], AccountId=account)
    receipt = vendor(org).send(score())
    told = {"NPS_Score__c": 9, "NPS_Band__c": "Promoter", "NPS_Answered_On__c": "2026-03-01"}
    assert receipt.remote_id == person
    assert org.records["Contact"][person].items() >= told.items()
    assert org.records["Account"][account].items() >= told.items()
    more = {"score_field": "", "band_field": "", "comment_field": "NPS_Comment__c"}
    alone = vendor(org, account_key="Loopdesk_Id__c", **more)
    assert alone.payload(score())["fields"] == {
        "NPS_Answered_On__c": "2026-03-01", "NPS_Comment__c": "Better now",
    }  # fmt: skip


def test_a_score_of_somebody_unknown_there_goes_nowhere(org: standins.Salesforce) -> None:
    assert vendor(org).send(score(account=None)).remote_id == ""
    assert not org.sent("PATCH", ".*") and not org.sent("POST", ".*/sobjects/.*")
    account = org.add("Account", Name="Acme")
    assert vendor(org).send(score()).remote_id == account


def test_a_session_that_is_over_is_begun_once_more(org: standins.Salesforce) -> None:
    salesforce = vendor(org)
    salesforce.send(case())
    salesforce.send(case())
    assert len(org.sent("POST", "/services/oauth2/token")) == 1
    org.tokens.clear()
    salesforce.send(case())
    assert len(org.sent("POST", "/services/oauth2/token")) == 2
    for _ in range(2):
        org.fault("expired", UPSERT)
    error = failed(salesforce, case())
    assert (error.reconnect, error.unsure) == (True, False)
    assert len(org.sent("POST", "/services/oauth2/token")) == 3
    assert len(org.records["Case"]) == 1


def test_a_wrong_secret_asks_to_be_connected_anew(org: standins.Salesforce) -> None:
    error = failed(vendor(org, secret="wrong"), case())
    assert error.reconnect and "invalid_client" in str(error)
    assert failed(vendor(org, secret=""), case()).reconnect


@pytest.mark.parametrize(
    ("kind", "wait", "permanent", "said"),
    [("limit", USED_UP, False, "REQUEST_LIMIT_EXCEEDED"), ("locked", None, False, "UNABLE_TO_LOCK"),
     ("forbidden", None, True, "OwnerId"), ("429", 1.0, False, "pause")],
)  # fmt: skip
def test_a_refusal_says_what_may_be_done_next(
    org: standins.Salesforce, kind: str, wait: float | None, permanent: bool, said: str
) -> None:
    org.fault(kind, UPSERT)
    error = failed(vendor(org), case())
    assert (error.wait, error.permanent, error.unsure) == (wait, permanent, False)
    assert said in str(error) and not error.reconnect


def test_an_external_id_that_is_there_twice_is_for_a_person(org: standins.Salesforce) -> None:
    for _ in range(2):
        org.add("Case", Loopdesk_Case__c="loopdesk-case-1042")
    error = failed(vendor(org), case())
    assert error.permanent and "more than one record" in str(error)


def test_it_rests_when_the_requests_are_used_up(org: standins.Salesforce) -> None:
    assert vendor(org).send(case()).rest == 0
    org.usage = "api-usage=5000/5000"
    assert vendor(org).send(case()).rest == USED_UP


def test_the_check_looks_for_every_field_and_state(org: standins.Salesforce) -> None:
    assert "every field is there" in vendor(org, scores="yes").check()
    for config, said in (
        ({"external_id": "Loopdesk__c"}, "no field Loopdesk__c"),
        ({"external_id": "Subject"}, "no external id"),
        ({"status_resolved": "Solved"}, "no status Solved. There are: Closed, Escalated"),
        ({"mapping": {"Seats__c": "account.properties.seats"}}, "no field Seats__c"),
        ({"scores": "yes", "comment_field": "NPS_Comment__c"}, "Account there has no field"),
        ({"contact_key": "Key__c"}, "Contact there has no field Key__c"),
    ):
        with pytest.raises(VendorError, match=said):
            vendor(org, **config).check()
    assert vendor(org, status_resolved="Solved", follow_status="no").check()


def test_texts_stay_texts_and_fit(org: standins.Salesforce) -> None:
    hostile = "<script>' OR Name != '' \x00\x1b[31m \ud800 \u202e\n" + "x" * 40_000
    card = CARD | {"contact": CONTACT | {"email": hostile}, "account": {"name": hostile}}
    salesforce = vendor(org)
    made = salesforce.send(case(card=card, subject=hostile, text=hostile)).thread or ""
    row = org.records["Case"][made]
    assert len(row["Subject"]) <= 255 and len(row["Description"]) <= 32_000
    assert "\x00" not in row["Description"] and "\n" not in row["Subject"]
    salesforce.send(Message("ld-9", "note", {"text": hostile}, made))
    [comment] = org.records["CaseComment"].values()
    assert len(comment["CommentBody"]) <= 4000 and comment["CommentBody"].endswith(
        "(Loopdesk ld-9)"
    )


@pytest.mark.parametrize(
    ("entered", "host"),
    [("acme", "acme"), ("https://Acme.my.salesforce.com/", "acme"),
     ("acme--uat.sandbox.my.salesforce.com", "acme--uat.sandbox")],
)  # fmt: skip
def test_a_my_domain_is_understood(entered: str, host: str) -> None:
    assert home({"my_domain": entered}) == f"https://{host}.my.salesforce.com"


@pytest.mark.parametrize("entered", ["", "acme.evil.example", "a/b", "acme.my.salesforce.com.evil"])
def test_another_address_is_refused(entered: str) -> None:
    with pytest.raises(VendorError, match="not a My Domain"):
        home({"my_domain": entered})


@pytest.mark.parametrize(
    ("theirs", "fine"), [("Plan__c", True), ("Plan c", False), ("__c", False), ("A" * 81, False)]
)
def test_a_field_is_named_by_its_api_name(theirs: str, fine: bool) -> None:
    assert (Salesforce.wrong_field(theirs) is None) is fine


def test_nothing_leaves_for_the_own_network_unless_it_is_allowed(org: standins.Salesforce) -> None:
    stranger = Salesforce(vendor(org).config, {"consumer_secret": SECRET}, frozenset())
    assert failed(stranger, case()).permanent and not org.calls
