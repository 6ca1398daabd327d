"""A round of the rules stands at a rule by its name, whatever is switched off meanwhile."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db import engine
from db.models import Message, RetentionRun, UserSession
from services.retention import choosing, running
from services.worker import jobs
from tests import builders as make
from tests.builders import NOW

ADMIN = make.actor("admin")
OLD = NOW - timedelta(days=5 * 365)
WORD = "zqgone"


@pytest.fixture
def desk_with_old(session: Session) -> Session:
    """One comment, one message and one sign-in, all of them old."""
    user = make.user(session, "csm")
    answer = make.response(session, 9, answered_at=OLD, comment=f"So {WORD}")
    session.add(Message(kind="auto", response_id=answer.id, body="Thanks", created_at=OLD))
    session.add(UserSession(token_hash="t", csrf="c", user_id=user.id or 0, created_at=OLD,
                            expires_at=OLD, last_seen_at=OLD))  # fmt: skip
    session.commit()
    return session


def told(session: Session) -> dict[str, bool]:
    """The runs by rule, and whether they have ended."""
    return {run.rule: run.ended_at is not None for run in session.exec(select(RetentionRun))}


def rest(session: Session, on: dict[str, int], place: running.Place | None) -> None:
    while place is not None:
        place = running.lot(session, on, place, NOW)


def indexed(session: Session) -> int:
    query = "SELECT count(*) FROM response_fts_data WHERE instr(block, ?) > 0"
    return int(session.connection().exec_driver_sql(query, (WORD.encode(),)).scalar_one())


def test_a_rule_that_is_switched_off_in_a_round_ends_there(desk_with_old: Session) -> None:
    place = running.lot(desk_with_old, {"comments": 6, "traces": 1}, running.Place(), NOW)
    assert place is not None and place.rule == "comments"
    assert told(desk_with_old) == {"comments": False}
    assert not engine.is_sqlite(desk_with_old) or indexed(desk_with_old)
    rest(desk_with_old, {"traces": 1}, place)
    assert told(desk_with_old) == {"comments": True, "traces": True}
    assert not engine.is_sqlite(desk_with_old) or not indexed(desk_with_old)


def test_one_before_it_that_is_switched_off_skips_no_other(desk_with_old: Session) -> None:
    on = {"comments": 6, "messages": 6, "traces": 1}
    place: running.Place | None = running.Place()
    while place is not None and place.rule != "messages":
        place = running.lot(desk_with_old, on, place, NOW)
    assert place is not None
    rest(desk_with_old, {"messages": 6, "traces": 1}, place)
    assert told(desk_with_old) == {"comments": True, "messages": True, "traces": True}


def test_a_round_of_one_rule_ends_no_run_of_another(desk_with_old: Session) -> None:
    assert running.lot(desk_with_old, {"comments": 6}, running.Place(), NOW)
    rest(desk_with_old, {"traces": 1}, running.Place())
    assert told(desk_with_old) == {"comments": False, "traces": True}


def test_a_place_that_a_former_version_kept_is_the_beginning(desk_with_old: Session) -> None:
    choosing.switch(desk_with_old, ADMIN, "comments", 36, word="REMOVE", now=NOW)
    desk_with_old.commit()
    kept = {"done": "2026-06-14", "place": {"rule": 1, "part": 1, "behind": 7}}
    assert jobs.retention(kept, lambda: NOW) == {"done": "2026-06-15"}
    assert told(desk_with_old) == {"comments": True}
