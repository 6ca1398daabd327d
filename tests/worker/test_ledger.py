"""The ledger is checked once a night, in parts, and the result is there for those who lead."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db import engine
from db.forgetting import rewriting
from db.models import Job, metadata
from services.access import Forbidden
from services.ledger import nightly
from services.outbox.owing import owe
from services.worker import jobs, ledger, nights
from tests import builders as make
from tests.builders import NOW

LEDGER = metadata.tables["ledger"]
NIGHT = NOW.replace(hour=3) + timedelta(days=1)


def owed(n: int) -> None:
    with engine.transaction() as session:
        for k in range(n):
            case = make.case(session)
            owe(session, key=f"k{k}", vendor="slack", action="post", body={}, now=NOW,
                case_id=case.id)  # fmt: skip


def kept(state: dict[str, object], role: str = "manager") -> nightly.Night | None:
    with engine.transaction() as session:
        session.merge(Job(name=nightly.JOB, next_at=NOW, state=state))
        return nightly.last_night(session, make.actor(role))


def test_it_is_checked_when_the_night_has_come_and_not_twice(sqlite_desk: sa.Engine) -> None:
    assert sqlite_desk
    owed(2)
    before = NIGHT.replace(hour=2)
    assert ledger.check({"day": NOW.date().isoformat()}, lambda: before) == {
        "day": NOW.date().isoformat()
    }
    state = dict(ledger.check({}, lambda: NIGHT))
    assert state["last"]["said"] == "2 rows of 2 chains, all intact."
    assert ledger.check(state, lambda: NIGHT + timedelta(hours=5)) == state
    night = kept(state)
    assert night is not None and night.intact and night.at == NIGHT
    with pytest.raises(Forbidden):
        kept(state, "csm")


def test_parts_come_to_the_same_and_name_what_is_wrong(
    desk: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    owed(5)
    monkeypatch.setattr(nightly, "LOT", 2)
    monkeypatch.setattr(ledger, "TURN", timedelta(0))
    now = NIGHT

    def clock() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    monkeypatch.setattr(ledger, "TURN", timedelta(seconds=2))
    with Session(desk) as session:
        with rewriting(session, "ledger"):
            session.connection().execute(
                LEDGER.update().where(LEDGER.c.delivery_id == 4).values(action="reply")
            )
        session.commit()
    state: dict[str, object] = {}
    turns = 0
    while "last" not in state:
        state = dict(ledger.check(state, clock))
        turns += 1
    night = kept(state)
    assert turns > 2 and night is not None and not night.intact
    assert [line.partition(": ")[2] for line in night.named] == [
        "row 1 was changed (delivery 4)", "delivery 4 stands otherwise than row 1 says",
    ]  # fmt: skip
    with Session(desk) as session:
        with rewriting(session, "ledger"):
            session.connection().execute(
                LEDGER.update().where(LEDGER.c.delivery_id == 4).values(action="post")
            )
        session.commit()


def test_a_check_that_breaks_off_is_told_until_one_comes_to_its_end(desk: sa.Engine) -> None:
    owed(1)
    jobs.run_due("w", lambda: NIGHT, {"ledger"})
    later = NIGHT + timedelta(days=1)
    with desk.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ledger_head RENAME TO away")
    jobs.run_due("w", lambda: later, {"ledger"})
    with desk.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO ledger_head")
    with engine.reading() as session:
        broken = nightly.last_night(session, make.actor("admin"))
    assert broken and broken.at == later and not broken.intact and not broken.ended
    jobs.run_due("w", lambda: later + timedelta(hours=1), {"ledger"})
    with engine.reading() as session:
        night = nightly.last_night(session, make.actor("admin"))
    assert night and night.intact and night.ended


def test_nobody_has_looked_yet_on_a_new_desk(sqlite_desk: sa.Engine) -> None:
    assert sqlite_desk
    with engine.reading() as session:
        assert nightly.last_night(session, make.actor("admin")) is None
        assert nights.tonight(session, {}, NIGHT) == NIGHT.date().isoformat()
