"""Case: writing to the customer from it, sending it to vendors, and what became of that."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import (
    Case,
    Contact,
    Delivery,
    Draft,
    Integration,
    Message,
    RootCause,
    Template,
    User,
)
from services import settings
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import identity, marked_up, open_page, press, said_last
from tests.pages.test_case import written
from tests.pages.test_trends import EVIL, clock, parts

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
MAIL = {"from_address": "care@desk.example", "signature": "Your desk"}


@pytest.fixture
def ann() -> User:
    """A CSM on a desk with e-mail and Slack; case 1 is about Dana, who is nobody's customer."""
    with transaction() as session:
        dana = make.contact(session, "dana@example.com", name="Dana Reyes")
        make.case(session, 2, contact_id=dana.id, comment=EVIL, now=NOW - timedelta(hours=3))
        session.add(Integration(name="email", connected_at=NOW, config=MAIL))
        session.add(Integration(name="slack", connected_at=NOW, config={}))
        session.add(Template(
            name=EVIL, subject="Sorry", shared=True,
            body="Hello {{contact.first_name}} of {{account.name}}: {{comment}}",
        ))  # fmt: skip
        return make.user(session, "csm", name="Ann Bell")


def opened(user: User) -> AppTest:
    at = open_page(user, "case.py", {"number": "1"})
    assert not at.exception
    return at


def box(at: AppTest) -> dict[str, Any]:
    """The tab for a reply."""
    (composer,) = parts(at, "composer")
    return next(dict(kind) for kind in composer["kinds"] if kind["name"] == "reply")


def reply(body: str = "Dear Dana", **given: Any) -> dict[str, Any]:
    return written("reply", body, way="email", subject="Hello") | given


def only(table: Any) -> Any:
    with transaction() as session:
        return session.exec(select(table)).one()


def test_where_a_way_is_open_replying_comes_first(ann: User) -> None:
    (composer,) = parts(opened(ann), "composer")
    assert [kind["name"] for kind in composer["kinds"]] == ["reply", "note", "contact"]
    kind = box(opened(ann))
    assert [each["label"] for each in kind["buttons"]] == [
        "Send", "Send and wait", "Send and resolve",
    ]  # fmt: skip
    told = kind["reply"]
    assert told["ways"] == [{"name": "email", "label": "E-mail to dana@example.com"}]
    assert told["mail"] == {
        "from": "Ann Bell <care@desk.example>", "to": "dana@example.com",
        "subject": "Your feedback (case 1)", "signature": "Your desk",
    }  # fmt: skip


def test_a_reply_is_owed_and_told_at_once(ann: User) -> None:
    at = press("send", ann, given=reply())
    assert said_last(at) == "Case 1: It leaves in 30 s."
    owed, at = only(Delivery), opened(ann)
    assert (owed.state, owed.vendor, owed.payload["subject"]) == ("pending", "email", "Hello")
    (listed,) = parts(at, "deliveries")
    assert [row["tone"] for row in listed["rows"]] == ["pending"]
    step = parts(at, "journal")[0]["rows"][0]
    assert (step["kind"], step["body"]) == ("replied", "Dear Dana") and step["action"]
    back = press("undo", ann, event_id=step["id"])
    assert said_last(back) == "Case 1: took back a reply before it left."
    assert only(Delivery).state == "cancelled"
    value = box(opened(ann))["value"]
    assert (value["body"], value["subject"], value["way"]) == ("Dear Dana", "Hello", "email")


def test_a_reply_sent_twice_is_owed_once(ann: User) -> None:
    for n in (1, 2):
        press("send", ann, given=reply(n=n))
    assert only(Delivery).state == "pending"


def test_a_reply_makes_the_case_wait_or_resolves_it(ann: User) -> None:
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first()
    refused = press("send", ann, given=reply(then="resolve", outcome="solved", cause="99999"))
    assert refused.session_state["compose_1_heard"]["reply"]["refused"]
    assert only(Case).status == "new" and only(Draft).subject == "Hello"
    at = press("send", ann, given=reply(then="wait"))
    assert said_last(at) == "Case 1: Set to wait for the customer. It leaves in 30 s."
    assert [each["then"] for each in box(opened(ann))["buttons"]] == ["", "resolve"]
    ended = reply("Done", once="2", then="resolve", outcome="solved", cause=str(cause))
    assert said_last(press("send", ann, given=ended)).startswith("Case 1: Resolved.")
    assert (only(Case).status, only(Case).root_cause_id) == ("resolved", cause)
    assert [each["then"] for each in box(opened(ann))["buttons"]] == [""]


def test_a_template_is_filled_in_and_says_what_is_missing(ann: User) -> None:
    template = only(Template).id
    at = press("fill", ann, given={"template": str(template), "n": 7})
    filled = at.session_state["compose_1_heard"]["reply"]["filled"]
    assert filled["n"] == 7 and filled["missing"] == ["account.name"]
    assert filled["body"] == f"Hello Dana of {{{{account.name}}}}: {EVIL}"
    for wrong in ("999", "x"):
        at = press("fill", ann, given={"template": wrong, "n": 8})
        assert at.session_state["compose_1_heard"]["reply"]["filled"]["refused"]
    at = press("send", ann, given=reply(filled["body"]))
    assert "still stands in it" in at.session_state["compose_1_heard"]["reply"]["refused"]
    press("send", ann, given=reply("Better", template=str(template)))
    assert only(Message).template_id == template
    press("send", ann, given=reply("Mine", once="other", template="999"))


def test_whoever_must_not_be_contacted_cannot_be_written_to(ann: User) -> None:
    with transaction() as session:
        dana = session.exec(select(Contact)).one()
        dana.do_not_contact = True
        session.add(dana)
    kind = box(opened(ann))
    assert (kind["reply"]["ways"], kind["reply"]["templates"]) == ([], [])
    assert kind["reply"]["why"] == "The person must not be contacted."
    (composer,) = parts(opened(ann), "composer")
    assert composer["kinds"][0]["name"] == "note"
    at = press("send", ann, given=reply())
    assert "must not be contacted" in at.session_state["compose_1_heard"]["reply"]["refused"]
    assert only(Draft).body == "Dear Dana"  # what was typed stays


def test_without_e_mail_the_tab_says_who_can_change_that(ann: User) -> None:
    with transaction() as session:
        session.delete(session.get(Integration, "email"))
    assert box(opened(ann))["reply"]["why"] == "E-mail is not connected: an admin can do that."


def test_a_case_is_sent_to_a_vendor_once(ann: User) -> None:
    at = opened(ann)
    at.toggle(key="push_preview").set_value(True).run()
    assert not at.exception
    at.button(key="push_now").click().run()
    assert said_last(at) == "Case 1: On its way to Slack."
    assert (only(Delivery).vendor, only(Delivery).action) == ("slack", "post")
    assert "push_now" not in [button.key for button in at.button]
    (listed,) = parts(at, "deliveries")
    assert listed["rows"][0]["vendor"] == "Slack"


def test_without_a_vendor_nothing_is_offered_and_nothing_is_listed(ann: User) -> None:
    with transaction() as session:
        session.delete(session.get(Integration, "slack"))
    at = opened(ann)
    assert "push_now" not in [button.key for button in at.button]
    assert parts(at, "deliveries") == []
    assert "What was sent" not in [header.value for header in at.header]


def test_a_reply_that_leaves_at_once_says_so(ann: User) -> None:
    with transaction() as session:
        settings.put(session, "undo_seconds", 0, actor_id=None, now=NOW)
    assert said_last(press("send", ann, given=reply())) == "Case 1: It is on its way."


def test_texts_of_templates_and_customers_are_no_markup(ann: User) -> None:
    press("send", ann, given=reply(EVIL, subject=EVIL))
    assert "tracker" not in marked_up(opened(ann))


def test_what_was_said_stays_when_a_delivery_that_leaves_draws_the_page_anew(ann: User) -> None:
    def script() -> None:
        from zoneinfo import ZoneInfo

        import streamlit as st

        from pages import _notice, _sent

        st.session_state["runs"] = st.session_state.get("runs", 0) + 1
        _notice.notice()
        left = {7: True} if st.session_state["runs"] == 1 else {}
        _sent._sent(1, ZoneInfo("UTC"), left)

    at = AppTest.from_function(script, default_timeout=15)
    at.user = identity(ann)
    at.session_state["said_last"] = (True, "It was kept.")
    at.run()
    assert at.session_state["runs"] == 2 and said_last(at) == "It was kept."
    assert said_last(at.run()) == ""
