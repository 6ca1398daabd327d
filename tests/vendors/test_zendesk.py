"""A case becomes one ticket in Zendesk, answers reach the customer once, and texts stay texts."""

import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from services.vendors import zendesk_desk
from services.vendors.base import Message, Unsure, VendorError
from services.vendors.zendesk import Zendesk
from tests.standins import zendesk as standins
from tests.vendors.cards import CARD, CONTACT

HOSTILE = (
    "<script>alert(1)</script> ![x](http://evil.example/t.png) {{{ticket.requester.email}} "
    "{% if 1 %} \x00\x1b[31m \ud800 \u202e\n" + "x" * 10_000
)
HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def desk() -> Iterator[standins.Zendesk]:
    with standins.Zendesk().serving() as desk:
        yield desk


def vendor(desk: standins.Zendesk, token: str = "", **config: Any) -> Zendesk:
    given = {"email": desk.email, "base_url": desk.url} | config
    return Zendesk(given, {"token": token or desk.token}, HERE)


def ticket(key: str = "k1", **body: Any) -> Message:
    said = {"card": CARD, "subject": "Score 2 from Acme", "text": "Export broke"}
    return Message(key, "ticket", said | body)


def words(action: str, key: str = "k2", thread: str | None = "101", text: str = "Hi") -> Message:
    return Message(key, action, {"text": text}, thread)


def status(name: str, key: str = "k3") -> Message:
    return Message(key, "status", {"status": name}, "101")


def failed(vendor: Zendesk, message: Message) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.send(message)
    return caught.value


def test_a_case_becomes_a_ticket_as_it_was_announced(desk: standins.Zendesk) -> None:
    mapping = {"360": "score", "361": "account.properties.seats", "362": "contact.properties.none"}
    zendesk = vendor(desk, tags="loopdesk, Key Account", group="55", brand="66", mapping=mapping)
    message = ticket(tags=["detractor", "loopdesk"], priority="high")
    receipt = zendesk.send(message)
    assert (receipt.remote_id, receipt.thread) == ("101", "101")
    assert receipt.link == f"{desk.url}/agent/tickets/101"
    [call] = desk.sent("POST", "/api/v2/tickets.json")
    assert call.body == zendesk.payload(message)
    assert call.body["ticket"] == {
        "subject": "Score 2 from Acme",
        "comment": {"html_body": "<p>Export broke</p>", "public": False},
        "external_id": "loopdesk-case-1042",
        "metadata": {"loopdesk": "k1"},
        "requester": {"name": "Dana Roe", "email": "dana@customer.example"},
        "tags": ["loopdesk", "key", "account", "detractor"],
        "priority": "high",
        "custom_fields": [{"id": 360, "value": "2"}, {"id": 361, "value": 40}],
        "group_id": 55,
        "brand_id": 66,
    }


def test_a_customer_without_an_address_is_nobodys_requester(desk: standins.Zendesk) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket(card=CARD | {"contact": None}))
    [call] = desk.sent("POST", "/api/v2/tickets.json")
    assert "requester" not in call.body["ticket"]
    assert "would reach nobody" in call.body["ticket"]["comment"]["html_body"]
    error = failed(zendesk, words("reply"))
    assert (error.permanent, error.unsure) == (True, False)
    assert "nobody would get this reply" in str(error)
    assert desk.keys() == ["k1"]
    zendesk.send(words("note"))
    assert desk.keys() == ["k1", "k2"]


@pytest.mark.parametrize(("action", "public"), [("reply", True), ("note", False)])
def test_a_reply_is_public_and_a_note_is_not(
    action: str, public: bool, desk: standins.Zendesk
) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket())
    receipt = zendesk.send(words(action, text="Line 1\nLine <2>"))
    assert (receipt.remote_id, receipt.thread) == ("101001", "101")
    [call] = desk.sent("PUT", "/api/v2/tickets/101.json")
    assert call.body == zendesk.payload(words(action, text="Line 1\nLine <2>"))
    html = "<p>Line 1<br>Line &lt;2&gt;</p>"
    assert call.body["ticket"]["comment"] == {"html_body": html, "public": public}


def test_a_state_is_set_and_may_be_set_again(desk: standins.Zendesk) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket())
    for _ in range(2):
        zendesk.send(status("solved"))
    assert desk.tickets[101]["status"] == "solved"
    assert zendesk.unsure(status("solved")) is Unsure.AGAIN
    assert failed(zendesk, status("closed")).permanent


@pytest.mark.parametrize("action", ["reply", "note"])
def test_a_closed_ticket_is_followed_by_another(action: str, desk: standins.Zendesk) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket())
    desk.close(101)
    assert zendesk.find(words(action)) is None
    receipt = zendesk.send(words(action))
    assert (receipt.remote_id, receipt.thread) == ("102", "102")
    assert desk.tickets[101]["followup_ids"] == [102]
    assert desk.tickets[102]["requester_id"] == desk.tickets[101]["requester_id"]
    comment = desk.state()["tickets"][1]["effects"][0]
    assert (comment["key"], comment["public"]) == ("k2", action == "reply")
    found = zendesk.find(words(action))
    assert found is not None
    assert found.thread == "102"


def test_a_closed_ticket_is_solved_already_and_opens_no_more(desk: standins.Zendesk) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket())
    desk.close(101)
    assert zendesk.send(status("solved")).thread == "101"
    error = failed(zendesk, status("open"))
    assert error.permanent
    assert "closed for good" in str(error)
    assert desk.sent("PUT", ".*") == []


EFFECTS = [
    (ticket("k2"), "POST /api/v2/tickets.json"),
    (words("reply"), "PUT /api/v2/tickets"),
    (words("note"), "PUT /api/v2/tickets"),
    (status("pending", "k2"), "PUT /api/v2/tickets"),
]


@pytest.mark.parametrize(
    ("message", "match"), EFFECTS, ids=lambda value: getattr(value, "action", "")
)
@pytest.mark.parametrize("kind", ["before", "drop", "500", "500 after", "html", "json", "delay"])
def test_a_lost_answer_is_unsure_and_nothing_is_done_twice(
    kind: str, message: Message, match: str, desk: standins.Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket("k1"))
    name, _, after = kind.partition(" ")
    desk.fault(name, match, seconds=0.6, after=bool(after) or name in ("html", "json"), said="{}")
    with monkeypatch.context() as patched:
        patched.setattr(zendesk_desk, "TIMEOUT", (1, 0.3) if kind == "delay" else (5, 10))
        error = failed(zendesk, message)
    assert (error.permanent, error.unsure, error.reconnect) == (False, True, False)
    done = 0 if kind in ("before", "500") else 1
    assert desk.keys().count("k2") == done, "zenpy did it again by itself"
    found = zendesk.find(message)
    assert (found is not None) == bool(done)
    if found is None or message.action == "status":
        zendesk.send(message)
        found = zendesk.find(message)
    assert found is not None
    assert found.thread == ("102" if message.action == "ticket" else "101")
    if message.action != "status":
        assert desk.keys().count("k2") == 1


def test_the_same_ticket_sent_twice_is_one(desk: standins.Zendesk) -> None:
    zendesk = vendor(desk)
    assert zendesk.send(ticket()).thread == zendesk.send(ticket()).thread
    assert list(desk.tickets) == [101]
    names = {call.headers["idempotency-key"] for call in desk.sent("POST", ".*")}
    assert len(names) == 1
    assert len(names.pop()) == 64
    zendesk.send(words("note"))
    assert "idempotency-key" not in desk.sent("PUT", ".*")[0].headers


def test_a_ticket_of_the_same_case_under_another_key_is_not_this_one(
    desk: standins.Zendesk,
) -> None:
    zendesk = vendor(desk)
    zendesk.send(ticket("other"))
    assert zendesk.find(ticket("k1")) is None


def test_what_was_sent_is_found_behind_many_updates(desk: standins.Zendesk) -> None:
    desk.page = 2
    zendesk = vendor(desk)
    zendesk.send(ticket())
    for number in range(5):
        zendesk.send(words("note", f"n{number}"))
    found = zendesk.find(words("note", "n4"))
    assert found is not None
    assert found.remote_id == "101005"
    assert len(desk.sent("GET", "/api/v2/tickets/101/audits.json")) == 3


def test_a_history_too_long_to_look_through_is_not_a_no(
    desk: standins.Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zendesk_desk, "_MOST", 2)
    zendesk = vendor(desk)
    zendesk.send(ticket())
    for number in range(3):
        zendesk.send(words("note", f"n{number}"))
    with pytest.raises(VendorError) as caught:
        zendesk.find(words("note", "n9"))
    assert caught.value.permanent


def test_hostile_text_stays_text(desk: standins.Zendesk) -> None:
    contact = CONTACT | {"name": "Dana\r\nBcc: x {{ticket.id}}"}
    zendesk = vendor(desk, mapping={"360": "comment"})
    card = CARD | {"comment": HOSTILE, "contact": contact}
    zendesk.send(ticket(card=card, subject=HOSTILE, text=HOSTILE, tags=[HOSTILE]))
    sent = desk.sent("POST", ".*")[0].body["ticket"]
    html, subject, name = sent["comment"]["html_body"], sent["subject"], sent["requester"]["name"]
    assert html.startswith("<p>&lt;script&gt;alert(1)&lt;/script&gt; ![x](http://evil.example")
    written = html + subject + name + sent["custom_fields"][0]["value"] + "".join(sent["tags"])
    for gone in ("{{", "{%", "\x00", "\x1b", "\ud800", "\u202e", "\r"):
        assert gone not in written
    assert "\n" not in subject + name
    assert len(subject) == 150


def test_a_text_too_long_for_zendesk_is_refused_and_not_cut(desk: standins.Zendesk) -> None:
    error = failed(vendor(desk), words("reply", text="&" * 20_000))
    assert error.permanent
    assert desk.calls == []


@pytest.mark.parametrize("date", [False, True])
def test_a_pause_that_is_asked_for_is_kept_and_not_slept(
    date: bool, desk: standins.Zendesk
) -> None:
    desk.fault("429", seconds=40, date=date)
    error = failed(vendor(desk), ticket())
    assert (error.permanent, error.unsure) == (False, False)
    assert error.wait is not None
    assert 38 <= error.wait <= 41
    assert desk.tickets == {}


def test_an_allowance_that_is_used_up_asks_for_rest(desk: standins.Zendesk) -> None:
    assert vendor(desk).send(ticket()).rest == 0
    desk.left = 0
    assert vendor(desk).send(words("note")).rest == 37


def test_a_revoked_token_asks_to_reconnect(desk: standins.Zendesk) -> None:
    for error in (
        failed(vendor(desk, "old"), ticket()),
        failed(vendor(desk, "t\u00f6\u2603"), ticket()),
    ):
        assert (error.reconnect, error.permanent, error.unsure) == (True, False, False)
    desk.fault("revoked")
    assert failed(vendor(desk), ticket()).reconnect
    without = Zendesk({"email": "", "base_url": desk.url}, {}, HERE)
    assert failed(without, ticket()).reconnect


def test_what_zendesk_refuses_fails_for_good_with_its_word(desk: standins.Zendesk) -> None:
    contact = CONTACT | {"email": "dana@customer"}
    error = failed(vendor(desk), ticket(card=CARD | {"contact": contact}))
    assert (error.permanent, error.unsure) == (True, False)
    assert "422 RecordInvalid: requester" in str(error)
    assert "dana" not in str(error)


@pytest.mark.parametrize("thread", ["999", None, "", "12; drop", "../users/me"])
def test_a_ticket_that_is_not_there_fails_for_good(
    thread: str | None, desk: standins.Zendesk
) -> None:
    error = failed(vendor(desk), words("reply", thread=thread))
    assert (error.permanent, error.unsure) == (True, False)


def test_errors_hold_neither_texts_nor_addresses(desk: standins.Zendesk) -> None:
    for kind in ("before", "drop", "500", "html", "json", "429", "revoked"):
        desk.fault(kind, said='["very secret"]')
        error = failed(vendor(desk), ticket(text="very secret"))
        assert "secret" not in str(error)
        assert "dana" not in str(error)
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None


def test_logs_hold_neither_texts_nor_addresses_nor_the_token(
    desk: standins.Zendesk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    zendesk = vendor(desk)
    zendesk.send(ticket(text="very secret"))
    zendesk.find(ticket(text="very secret"))
    for word in ("very secret", "dana", "tk-good", "Export"):
        assert word not in caplog.text


@pytest.mark.parametrize(
    "base",
    [
        "https://10.0.0.1",
        "https://[::1]",
        "http://93.184.216.34",
        "https://a:b@example.com",
        "ftp://a",
        "acme",
    ],
)
def test_an_address_inside_or_without_tls_is_refused_for_good(base: str) -> None:
    zendesk = Zendesk({"email": "a@b.example", "base_url": base}, {"token": "t"}, frozenset())
    error = failed(zendesk, ticket())
    assert (error.permanent, error.unsure) == (True, False)


@pytest.mark.parametrize(
    "name", ["", "acme.evil.example", "acme/../x", "a@b", "acme.zendesk.com.evil"]
)
def test_a_subdomain_is_one_word(name: str) -> None:
    zendesk = Zendesk({"email": "a@b.example", "subdomain": name}, {"token": "t"}, frozenset())
    assert failed(zendesk, ticket()).permanent


def test_a_zendesk_that_is_not_there_is_tried_again_later(desk: standins.Zendesk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failed(vendor(desk, base_url=f"http://127.0.0.1:{port}"), ticket())
    assert (error.permanent, error.unsure) == (False, False)


def test_proxies_and_addresses_of_the_environment_are_not_used(
    desk: standins.Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", "127.0.0.1:9")
    assert vendor(desk).send(ticket()).thread == "101"


def test_the_check_says_who_we_are(desk: standins.Zendesk) -> None:
    host = desk.url.removeprefix("http://")
    assert vendor(desk).check() == f"Signed in to {host} as Ana Kim (agent)"
    desk.role = "end-user"
    with pytest.raises(VendorError, match="end user"):
        vendor(desk).check()


@pytest.mark.parametrize("config", [{"mapping": {"score": "score"}}, {"group": "sales"}])
def test_the_check_refuses_names_where_zendesk_has_numbers(
    config: dict[str, Any], desk: standins.Zendesk
) -> None:
    with pytest.raises(VendorError) as caught:
        vendor(desk, **config).check()
    assert caught.value.permanent


def test_the_stand_in_refuses_what_zendesk_does_not_know() -> None:
    assert standins.unknown({"ticket": {"extrenal_id": "x", "comment": {"boddy": ""}}}) == [
        "boddy", "extrenal_id",
    ]  # fmt: skip


def test_making_one_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    zendesk = Zendesk({"subdomain": "acme", "email": "a@b.example"}, {"token": "t"}, frozenset())
    assert zendesk.payload(ticket())["ticket"]["external_id"] == "loopdesk-case-1042"
