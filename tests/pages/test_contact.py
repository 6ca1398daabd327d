"""Contact: the person, their scores, cases and answers; and words where there is nobody."""

import json
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from db.engine import transaction
from db.models import Case, Contact, User, UserUnit
from services import settings
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page
from tests.pages.test_trends import EVIL, clock, parts, readable, url

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def boss() -> User:
    with transaction() as session:
        return make.user(session, "manager", name="Ann")


@pytest.fixture
def dana() -> Contact:
    """Dana of Acme: a promoter turned detractor with a case, one CSAT answer, one test."""
    with transaction() as session:
        north = make.unit(session, "North")
        acme = make.account(session, "Acme", unit_id=north.id)
        who = make.contact(
            session, "dana@acme.example", name="Dana Reyes", account_id=acme.id, role="admin",
            language="en",
        )  # fmt: skip
        of = {"contact_id": who.id, "account_id": acme.id, "unit_id": north.id}
        make.response(session, 9, answered_at=NOW - timedelta(days=90), **of)
        make.response(session, 5, "csat", answered_at=NOW - timedelta(days=30), **of)
        make.case(session, 2, comment="Support stopped answering", **of)
        make.response(session, 0, is_test=True, answered_at=NOW - timedelta(days=9), **of)
        return who


def query(contact: Contact) -> dict[str, str]:
    return {"id": str(contact.id)}


def test_a_person_has_facts_scores_cases_and_answers(boss: User, dana: Contact) -> None:
    at = open_page(boss, "contact.py", query(dana))
    assert not at.exception
    (head,) = parts(at, "facts")
    assert (head["title"], head["subtitle"]) == ("Dana Reyes", ["dana@acme.example"])
    rows = {row["label"]: row for row in head["rows"]}
    assert rows["Account"] == {
        "label": "Account", "value": "Acme", "href": f"account?id={dana.account_id}",
    }  # fmt: skip
    told = {label: row["value"] for label, row in rows.items()}
    assert (told["Role"], told["Responses"], told["Not counted"]) == ("Admin", "3", "1")
    assert (told["First answer"], told["Last answer"]) == ("17 Mar 2026", "15 Jun 2026")
    nps, csat = head["lines"]
    assert [point["text"] for point in nps["points"]] == [
        "9 on 0-10, promoter, 17 Mar 2026", "2 on 0-10, detractor, 15 Jun 2026",
    ]  # fmt: skip
    assert (nps["best"], nps["worst"], csat["name"], len(csat["points"])) == ("10", "0", "CSAT", 1)
    assert [point["tone"] for point in nps["points"]] == ["top", "low"]
    (table,) = parts(at, "table")
    (row,) = table["rows"]
    assert row["href"] == "case?number=1"
    assert row["cells"][:4] == ["1", "new", "\u25a0 2", "Support stopped answering"]
    (listed,) = parts(at, "cards")
    assert [card["name"] for card in listed["rows"]] == [
        "NPS, 0-10", "NPS, 0-10", "CSAT, 1-5", "NPS, 0-10",
    ]  # fmt: skip
    assert listed["rows"][0]["case"] == {"text": "Case 1, new", "href": "case?number=1"}


def test_more_scores_than_can_be_drawn_say_of_how_many(boss: User) -> None:
    with transaction() as session:
        who = make.contact(session)
        for n in range(75):
            given = NOW - timedelta(days=n + 1)
            make.response(session, n % 11, contact_id=who.id, answered_at=given)
    at = open_page(boss, "contact.py", query(who))
    (line,) = parts(at, "facts")[0]["lines"]
    assert (len(line["points"]), line["size"]) == (60, "the last 60 of 75")
    assert line["points"][-1]["score"] == "0"


def test_an_answer_without_a_case_offers_to_open_one(boss: User, dana: Contact) -> None:
    at = open_page(boss, "contact.py", query(dana))
    offered = {
        card["score"]: "open" in [action["name"] for action in card["actions"]]
        for card in parts(at, "cards")[0]["rows"]
    }
    assert offered == {"2": False, "0": False, "5": True, "9": True}  # 2 has one, 0 is a test


def test_a_person_without_cases_or_answers_is_told_what_comes(boss: User) -> None:
    with transaction() as session:
        who = make.contact(session, name="Quiet", do_not_contact=True)
    at = open_page(boss, "contact.py", query(who))
    assert not at.exception
    said = [text.value for text in at.text]
    assert any("No case yet" in text for text in said)
    assert any("No answers yet" in text for text in said)
    assert parts(at, "facts")[0]["chips"] == [
        {"text": "do not contact", "tone": "warn", "shape": ""}
    ]
    assert not parts(at, "table") and not parts(at, "cards")


def test_an_erased_person_is_called_so(boss: User, dana: Contact) -> None:
    with transaction() as session:
        row = session.get_one(Contact, dana.id)
        row.name = row.email = row.email_norm = None
        row.erased_at = NOW
        session.add(row)
    at = open_page(boss, "contact.py", query(dana))
    assert parts(at, "facts")[0]["title"] == "Erased"
    at = open_page(boss, "verbatims.py")
    assert {card["name"] for card in parts(at, "cards")[0]["rows"]} == {"Erased"}


@pytest.mark.parametrize(
    "key", [None, "", "0", "-1", "x", "1e3", "99999", "9" * 30, "\u0661", EVIL]
)
def test_an_address_that_names_nobody_leads_on(boss: User, key: str | None) -> None:
    at = open_page(boss, "contact.py", {} if key is None else {"id": key})
    assert not at.exception
    assert at.title[0].value == "Contact"
    assert any("Choose one by name" in text.value for text in at.text)
    assert "tracker.invalid" not in readable(at)
    assert "Go to the verbatims" in [link.proto.label for link in at.get("page_link")]


def test_a_csm_of_other_units_finds_nobody(boss: User, dana: Contact) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=boss.id, now=NOW)
        csm = make.user(session, "csm")
        session.add(UserUnit(user_id=csm.id, unit_id=make.unit(session, "South").id))
    at = open_page(csm, "contact.py", query(dana))
    assert any("no such person here" in text.value for text in at.text)
    assert not parts(at, "facts") and "Dana" not in str(url(at))


def test_texts_of_customers_go_out_as_data_only(boss: User) -> None:
    turned = "a\u202eb"
    with transaction() as session:
        firm = make.account(session, EVIL)
        who = make.contact(
            session, f"{EVIL}@x.example", name=f"{EVIL}{turned}", account_id=firm.id,
            language=EVIL, props={EVIL: EVIL},
        )  # fmt: skip
        make.case(session, 1, contact_id=who.id, account_id=firm.id, comment=EVIL, channel=EVIL)
    at = open_page(boss, "contact.py", query(who))
    assert not at.exception
    assert "tracker.invalid" not in readable(at)
    assert EVIL in json.dumps(parts(at, "facts"), ensure_ascii=False)
    assert "\u202e" not in json.dumps(parts(at, "facts"), ensure_ascii=False)


def test_without_a_database_the_page_says_so(
    boss: User, dana: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr("services.insights.people.score_lines", away)
    at = open_page(boss, "contact.py", query(dana))
    assert not at.exception
    assert "did not answer in time" in at.error[0].value
    with transaction() as session:
        assert session.get(Case, 1) is not None


def test_a_person_is_left_alone_from_their_page(boss: User, dana: Contact) -> None:
    at = open_page(boss, "contact.py", query(dana))
    at.button(key="contact_may_not").click().run()
    with transaction() as session:
        found = session.get(Contact, dana.id)
        assert found is not None and found.do_not_contact
    at.button(key="contact_may").click().run()
    assert not [button for button in at.button if button.key == "contact_may"]


def test_an_address_is_changed_and_a_wrong_one_is_named(boss: User, dana: Contact) -> None:
    at = open_page(boss, "contact.py", query(dana))
    at.text_input(key=f"contact_email_{dana.id}").set_value("dana@new.example")
    [button for button in at.button if button.label == "Change the address"][0].click().run()
    with transaction() as session:
        found = session.get(Contact, dana.id)
        assert found is not None and found.email == "dana@new.example"
