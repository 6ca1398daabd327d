"""What keys do: each press once, on the version that was seen, and taken back one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, RootCause, User
from services.access import actor_for
from services.cases import verbs
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import identity, notices, open_page, said_last
from tests.pages.test_trends import clock, parts

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def ann() -> User:
    """A CSM before two cases of nobody."""
    with transaction() as session:
        make.case(session)
        make.case(session)
        return make.user(session, "csm", name="Ann Bell")


def case(number: int) -> Case:
    with transaction() as session:
        return session.exec(select(Case).where(Case.number == number)).one()


def pressed(user: User, *said: dict[str, Any], visit: str = "v") -> AppTest:
    """What a page says at the top of a run after these presses: AppTest has no keyboard."""

    def script(said: list[dict[str, str | int]], visit: str) -> None:
        from types import SimpleNamespace

        import streamlit as st

        from pages import _keys, _notice

        book = st.session_state.setdefault(_keys.BOOK, _keys.Book(visit="v"))
        all_said = [{"token": visit, "seq": n, **one} for n, one in enumerate(said, 1)]
        st.session_state["keys"] = SimpleNamespace(q=all_said)
        for _ in range(2):  # a browser says it again until it is told that it was heard
            _keys.listen()
        st.session_state["left"] = len(book.steps)
        _notice.notice()

    at = AppTest.from_function(
        script, kwargs={"said": list(said), "visit": visit}, default_timeout=15
    )
    at.user = identity(user)
    return at.run()


def key(name: str, number: int = 0, version: int = 0, **more: Any) -> dict[str, Any]:
    return {"name": name, "number": number, "version": version, **more}


def test_each_press_is_done_once_and_in_order(ann: User) -> None:
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first()
    at = pressed(
        ann, key("take", 1, 1), key("resolve", 1, 1, outcome="solved", cause=str(cause)),
        key("take", 2, 1), key("snooze", 2, 1, until="1"),
    )  # fmt: skip
    assert not at.exception
    assert (case(1).assignee_id, case(1).outcome, case(1).version) == (ann.id, "solved", 3)
    assert (case(2).assignee_id, case(2).version) == (ann.id, 3)
    assert case(2).snoozed_until is not None
    assert said_last(at).startswith("Case 2: Asleep until")


@pytest.mark.usefixtures("sqlite_desk", "ann")
def test_a_case_sleeps_until_what_was_typed_in_ones_own_zone_or_says_why_not() -> None:
    with transaction() as session:
        bo = make.user(session, "csm", time_zone="Europe/Berlin")
    at = pressed(bo, key("snooze", 1, 1, at="3 Dec 14:00"))
    assert said_last(at) == "Case 1: Asleep until Thu 03 Dec, 14:00."
    assert case(1).snoozed_until == datetime(2026, 12, 3, 13, 0, tzinfo=UTC)
    for text, why in (
        ("soon", "This is not a date in a known form: write 3 Dec, "),
        ("2026-06-14", "That time has passed. Nothing was changed."),
        ("2027-06-30", "A case sleeps a year at most. Nothing was changed."),
    ):
        at = pressed(bo, key("snooze", 2, 1, at=text))
        assert said_last(at).startswith(why) and not at.exception
    assert case(2).version == 1
    at = pressed(bo, key("snooze", 2, 1, at="5 Jan"))
    assert said_last(at) == "Case 2: Asleep until Tue 05 Jan 2027, 09:00."


def picked(user: User, text: str) -> AppTest:
    """What the page of case 1 says after this was picked in its field for times."""

    def script(text: str) -> None:
        from types import SimpleNamespace
        from zoneinfo import ZoneInfo

        import streamlit as st

        from pages import _case_acts, _notice

        st.session_state["field"] = SimpleNamespace(picked=text)
        row: Any = SimpleNamespace(number=1, version=1)
        _case_acts._snoozed_then(row, "field", ZoneInfo("UTC"))
        _notice.notice()

    at = AppTest.from_function(script, kwargs={"text": text}, default_timeout=15)
    at.user = identity(user)
    return at.run()


def test_a_day_and_a_time_are_picked_on_the_case(ann: User) -> None:
    at = picked(ann, "any text, from a browser without such fields")
    assert said_last(at).startswith("This is not a date in a known form: write ")
    assert case(1).version == 1 and not at.exception
    at = picked(ann, "2026-12-03T14:30")
    assert said_last(at) == "Case 1: Asleep until Thu 03 Dec, 14:30."
    assert case(1).snoozed_until == datetime(2026, 12, 3, 14, 30, tzinfo=UTC)


def test_undo_takes_back_the_last_act_then_the_one_before(ann: User) -> None:
    at = pressed(ann, key("take", 1, 1), key("take", 2, 1), key("undo"), key("undo"), key("undo"))
    assert (case(1).assignee_id, case(2).assignee_id) == (None, None)
    assert said_last(at) == "There is nothing more to take back here."
    at = pressed(ann, key("take", 1, 3), key("take", 2, 3), key("undo", 1))
    assert (case(1).assignee_id, case(2).assignee_id) == (None, ann.id)  # on the page of case 1
    assert at.session_state["left"] == 1
    assert said_last(at) == "Case 1: took back the assignment."


def test_what_somebody_else_changed_is_refused_with_what_they_did(
    ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        bob = actor_for(session, make.user(session, "csm", name="Bob Ito"))
        verbs.wait(session, bob, 1, version=1, now=NOW)
    at = pressed(ann, key("take", 1, 1), key("take", 2, 1))
    assert case(1).assignee_id is None
    assert case(2).assignee_id == ann.id
    assert "Bob Ito" in said_last(at)  # and what was done after it does not hide it
    told = notices(at)
    assert (told["words"], told["undo"]) == ("Case 2: Assigned to you.", True)
    at.session_state["keys_book"].said = []  # as the end of a run of a page does
    told = notices(at.run())
    assert "Bob Ito" in told["refused"] and told["words"] == "Case 2: Assigned to you."
    monkeypatch.setattr("pages._door.clock", lambda: NOW + timedelta(seconds=11))
    assert notices(at.run())["refused"] == ""


def test_presses_of_another_visit_and_words_of_nobody_do_nothing(ann: User) -> None:
    pressed(ann, key("take", 1, 1), visit="before the connection was lost")
    at = pressed(
        ann, key("erase", 1, 1), key("snooze", 1, 1, until="99"), key("resolve", 1, 1, outcome="x"),
        key("assign", 1, 1, to="p77"), {"name": "take"}, key("open", 2),
    )  # fmt: skip
    assert not at.exception
    assert case(1).version == 1
    assert at.query_params["case"] == "2"


def test_the_keys_know_the_open_case_and_whom_it_can_be_given(ann: User) -> None:
    at = open_page(ann, "case_queue.py", {"view": "unassigned", "case": "1"})
    (told,) = parts(at, "keys")
    assert (told["page"], told["works"], told["case"]["number"]) == ("queue", True, 1)
    assert {"name": f"p{ann.id}", "label": "Ann Bell"} in told["people"]
    at = open_page(ann, "case.py", {"number": "1"})
    (told,) = parts(at, "keys")
    assert (told["page"], told["next"], told["back"]) == ("case", "case?number=2", None)
    at = open_page(ann, "case_queue.py", {"view": "snoozed"})
    assert parts(at, "keys")[0]["case"] is None  # nothing there, and still heard
