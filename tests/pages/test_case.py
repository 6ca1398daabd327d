"""Case: what was said, what happened, what can be done, and what is being typed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, Draft, User, UserUnit
from services import settings
from services.access import actor_for
from services.cases import drafts, verbs
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page
from tests.pages.test_trends import EVIL, clock, parts

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def ann() -> User:
    """A CSM; case 1 is about Dana, who was a promoter and has an earlier case."""
    with transaction() as session:
        ann = make.user(session, "csm", name="Ann Bell")
        acme = make.account(session)
        dana = make.contact(session, "dana@example.com", name="Dana Reyes", account_id=acme.id)
        make.response(session, 9, contact_id=dana.id, answered_at=NOW - timedelta(days=40))
        make.case(
            session, 2, contact_id=dana.id, account_id=acme.id, comment="It broke",
            followup="requested", now=NOW - timedelta(hours=3),
        )  # fmt: skip
        return ann


def opened(user: User, number: int = 1) -> AppTest:
    return open_page(user, "case.py", {"number": str(number)})


def head(at: AppTest) -> dict[str, Any]:
    return parts(at, "facts")[0]


def steps(at: AppTest) -> list[dict[str, Any]]:
    return list(parts(at, "journal")[0]["rows"])


def typed(user: User) -> list[str]:
    """What stands in the box for a note and in that for a contact."""
    return [kind["value"] for kind in parts(opened(user), "composer")[0]["kinds"]]


def kept(number: int = 1) -> Case:
    with transaction() as session:
        return session.exec(select(Case).where(Case.number == number)).one()


def press(function: str, user: User, **state: Any) -> AppTest:
    """What a component's button does, as a page of its own: AppTest cannot press in components."""

    def script(function: str) -> None:
        from zoneinfo import ZoneInfo

        import streamlit as st

        from pages import _case_acts, _composer
        from pages._people_parts import say

        say()
        calls = {
            "send": lambda: _composer._send(
                1, st.session_state["given"], ZoneInfo("Europe/Berlin")
            ),
            "keep": lambda: _composer._keep(1, st.session_state["given"]),
            "undo": lambda: _case_acts.take_back(1, st.session_state["event_id"]),
        }
        st.button("press", key="press", on_click=calls[function])

    from tests.pages.app import identity

    at = AppTest.from_function(script, kwargs={"function": function})
    at.user = identity(user)
    for name, value in state.items():
        at.session_state[name] = value
    return at.run().button(key="press").click().run()


def test_the_head_says_who_how_and_why(ann: User) -> None:
    at = opened(ann)
    assert not at.exception
    told = head(at)
    assert told["title"] == "Case 1: Dana Reyes"
    assert [chip["text"] for chip in told["chips"]] == [
        "2 on 0-10", "new", "contact in 2 d", "asked to be contacted",
    ]  # fmt: skip
    assert "Why here: asked to be contacted; was 9 in May 2026; lowest scores" in told["subtitle"]
    facts = {row["label"]: row for row in told["rows"]}
    assert facts["Account"]["href"] == f"account?id={kept().account_id}"
    assert facts["Owner"]["value"] == "nobody" and "not yet" in facts["First contact"]["value"]
    assert len(told["lines"][0]["points"]) == 2
    assert parts(at, "cards")[0]["rows"][0]["comment"] == "It broke"
    assert [(step["who"], step["said"]) for step in steps(at)] == [
        ("The desk", "opened it because the answer is low")
    ]


def test_the_journal_tells_what_happened_and_offers_ones_own_steps(ann: User) -> None:
    with transaction() as session:
        me = actor_for(session, ann)
        bob = actor_for(session, make.user(session, "csm", name="Bob Ito"))
        verbs.note(session, bob, 1, body="Seen.", now=NOW)
        verbs.assign(session, me, 1, to=ann.id, version=2, now=NOW)
    at = opened(ann)
    assert [(s["who"], s["said"], s["body"], s["action"]) for s in steps(at)[:2]] == [
        ("Ann Bell", "assigned it to Ann Bell", "", True),
        ("Bob Ito", "left a note", "Seen.", False),
    ]
    mine = press("undo", ann, event_id=steps(at)[0]["id"])
    assert not mine.error and kept().assignee_id is None
    theirs = press("undo", ann, event_id=steps(at)[1]["id"])
    assert "somebody else's doing" in theirs.error[0].value
    top = steps(opened(ann))
    assert top[0]["said"] == "took back the assignment" and top[1]["undone"]


def test_a_note_and_a_call_are_sent_from_the_box(ann: User) -> None:
    at = press("send", ann, given={"kind": "note", "body": "Asked the site office"})
    assert not at.error and kept().version == 2
    reached = {"kind": "contact", "body": "Reached her", "way": "meeting", "at": "2026-06-15T13:30"}
    at = press("send", ann, given=reached)
    assert not at.error and kept().contacted_at == NOW - timedelta(minutes=30)
    assert steps(opened(ann))[0]["said"] == "logged a meeting"


def test_what_is_refused_stays_as_a_draft(ann: User) -> None:
    early = {"kind": "contact", "body": "Reached her", "way": "call", "at": "2026-06-06T13:30"}
    at = press("send", ann, given=early)
    assert "before the case was opened" in at.error[0].value and kept().contacted_at is None
    with transaction() as session:
        assert drafts.mine(session, actor_for(session, ann), 1) == {"contact": "Reached her"}


def test_a_draft_is_kept_as_it_is_typed_and_is_there_on_the_next_visit(ann: User) -> None:
    press("keep", ann, given={"kind": "note", "body": "half a th"})
    assert typed(ann) == ["half a th", ""]
    with transaction() as session:
        bob = make.user(session, "support")
        assert len(session.exec(select(Draft)).all()) == 1
    assert typed(bob) == ["", ""]


def test_the_next_case_is_one_click_away(ann: User) -> None:
    with transaction() as session:
        second = make.case(session, 6)
    at = opened(ann)
    at.button(key="next_case").click().run()
    assert parts(at, "go")[0]["href"] == f"case?number={second.number}"


def test_other_cases_of_the_person_stand_beside_it(ann: User) -> None:
    with transaction() as session:
        low = make.response(
            session, 9, contact_id=kept().contact_id, answered_at=NOW - timedelta(days=2)
        )
        from services.cases.opening import open_by_hand

        number = open_by_hand(session, actor_for(session, ann), low.id or 0, now=NOW)
    at = opened(ann)
    (table,) = parts(at, "table")
    assert table["rows"][0]["href"] == f"case?number={number}"


@pytest.mark.parametrize("number", ["", "x", "999", "9" * 30])
def test_an_unknown_number_says_so(ann: User, number: str) -> None:
    at = open_page(ann, "case.py", {"number": number})
    assert not at.exception and at.title[0].value == "No such case"


def test_a_case_of_another_unit_is_as_unknown(ann: User) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
        session.add(UserUnit(user_id=ann.id, unit_id=make.unit(session).id))
    assert opened(ann).title[0].value == "No such case"


def test_what_customers_and_colleagues_write_is_shown_as_text_only(ann: User) -> None:
    with transaction() as session:
        firm = make.account(session, EVIL)
        evil = make.contact(session, "e@example.com", name=EVIL, account_id=firm.id)
        bad = make.case(session, 0, contact_id=evil.id, account_id=firm.id, comment=EVIL)
        verbs.note(session, actor_for(session, ann), bad.number, body=EVIL, now=NOW)
    at = opened(ann, bad.number)
    assert not at.exception and head(at)["title"].endswith(EVIL)
    assert "tracker" not in marked_up(at)
