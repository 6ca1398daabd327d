"""Periodic work: a row each with a lease, so that of many processes one does it."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db import engine
from db.engine import insert_ignore
from db.models import Job
from services.cases.breaches import broken, sweep
from services.cases.escalating import escalate, ignored
from services.cases.giving_later import give_later, room_now
from services.cases.returning import give_back, left_lying
from services.cases.weighing import fingerprint, next_lot
from services.digests.sending import any_due, send_next
from services.worker import inbound, ledger, reconciling, ruling
from services.worker.mailbox import poll
from services.worker.retaining import nightly
from services.worker.telling import send, warn
from services.worker.turns import MORE

TABLE: sa.Table = Job.__table__  # type: ignore[attr-defined]
LEASE = 300  # seconds; a job that takes longer may be begun by another worker
TURN = timedelta(seconds=5)  # then the other jobs have theirs, and a worker that has to stop can
REST = 1.0  # seconds, at most
Clock = Callable[[], datetime]
# Takes what it remembered last time and gives what it will remember.
Work = Callable[[Mapping[str, Any], Clock], Mapping[str, Any]]


@dataclass(frozen=True)
class Periodic:
    """Something done every `every` seconds; `asks`: others' servers, which may be slow."""

    every: float
    work: Work
    asks: bool = False


def promises(_state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Note the promises that were not kept."""
    return _where(broken, sweep, clock)


def chain(_state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Pass broken promises that nobody took up on to the manager."""
    return _where(ignored, escalate, clock)


def returns(_state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Give cases back to their team that lie with nobody."""
    return _where(left_lying, give_back, clock)


def room(_state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Give cases that found nobody with room to whoever has some now."""
    return _where(room_now, give_later, clock)


def digests(_state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Owe the digests whose hour has come."""
    return _where(any_due, send_next, clock)


def retention(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Remove at night what has been kept for long enough."""
    kept, done = nightly(state, clock, _lot, TURN)
    return kept if done else {**kept, MORE: True}


def order(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Rank the open cases anew when the rules are others than those of the last round.

    A long round goes on where it was left the next time.
    """
    with engine.reading() as session:
        wanted = fingerprint(session)
    if state.get("done") == wanted:
        return {"done": wanted}
    behind: int | None = state["behind"] if state.get("doing") == wanted else 0
    until = clock() + TURN
    while clock() < until:
        with _lot() as session:
            behind = next_lot(session, behind or 0, clock())
        if behind is None:
            return {"done": wanted}
    return {"doing": wanted, "behind": behind, MORE: True}


def _where(
    there: Callable[[Session, datetime], bool],
    work: Callable[[Session, datetime], int],
    clock: Clock,
) -> Mapping[str, Any]:
    """Do it where there is something to do, until all is done: most looks take no write lock."""
    now = clock()
    until = now + TURN
    with engine.reading() as session:
        if not there(session, now):
            return {}
    while (now := clock()) < until:
        with _lot() as session:
            done = work(session, now)
        if not done:
            return {}
    return {MORE: True}


@contextmanager
def _lot() -> Iterator[Session]:
    """A transaction, and then as long a rest: people wait for one lot, never for all of them."""
    began = time.monotonic()
    with engine.transaction() as session:
        yield session
    time.sleep(min(time.monotonic() - began, REST))


JOBS: Mapping[str, Periodic] = {
    "promises": Periodic(60, promises),
    "chain": Periodic(60, chain),
    "returns": Periodic(60, returns),
    "room": Periodic(60, room),
    "order": Periodic(60, order),
    "warnings": Periodic(60, warn),
    "notices": Periodic(5, send),
    "mailbox": Periodic(60, poll, asks=True),
    "changes": Periodic(30, inbound.poll, asks=True),
    "rules": Periodic(5, ruling.run),
    "digests": Periodic(60, digests),
    "retention": Periodic(600, retention),
    "ledger": Periodic(600, ledger.check),
    "reconciling": Periodic(10, reconciling.compare, asks=True),
}


def hands() -> list[frozenset[str]]:
    """Which jobs follow one another: those of the desk alone; each that asks others by itself."""
    asking = [name for name, job in JOBS.items() if job.asks]
    return [frozenset(JOBS).difference(asking), *(frozenset({name}) for name in asking)]


def run_due(worker: str, clock: Clock, names: Collection[str] | None = None) -> int:
    """Do what is due and in nobody else's hands (of `names`; None: of all); how many were done."""
    with engine.reading() as session:
        wanted = due(session, clock())
    return sum(_run(name, worker, clock) for name in wanted if names is None or name in names)


def due(session: Session, now: datetime) -> list[str]:
    """The names of the jobs that have to be done now."""
    known = {
        row.name: row
        for row in session.connection().execute(
            sa.select(TABLE.c.name, TABLE.c.next_at, TABLE.c.lease_until)
        )
    }
    return [
        name
        for name in JOBS
        if name not in known
        or (known[name].next_at <= now and not (known[name].lease_until or now) > now)
    ]


def _run(name: str, worker: str, clock: Clock) -> bool:
    with engine.transaction() as session:
        state = take(session, name, worker, clock())
    if state is None:
        return False
    error = None
    try:
        state = dict(JOBS[name].work(state, clock))
    except Exception as failed:  # whatever it is, the desk goes on and says so
        error = failed
    with engine.transaction() as session:
        done(session, name, worker, clock(), state, type(error).__name__ if error else None)
    return True


def take(session: Session, name: str, worker: str, now: datetime) -> dict[str, Any] | None:
    """What the job remembers, if it is due and ours from now on."""
    insert_ignore(session, TABLE, [{"name": name, "next_at": now, "state": {}}])
    free = sa.or_(TABLE.c.lease_until.is_(None), TABLE.c.lease_until < now)
    mine = (
        sa.update(TABLE)
        .where(TABLE.c.name == name, TABLE.c.next_at <= now, free)
        .values(lease_until=now + timedelta(seconds=LEASE), leased_by=worker)
        .returning(TABLE.c.state)
    )
    found = session.connection().execute(mine).scalar_one_or_none()
    return None if found is None else dict(found)


def done(
    session: Session,
    name: str,
    worker: str,
    now: datetime,
    state: Mapping[str, Any],
    error: str | None,
) -> None:
    """It is done until its time comes again. Not ours any more: whoever has it says so."""
    every = 0 if state.get(MORE) and not error else JOBS[name].every
    values = {
        "lease_until": None, "leased_by": None, "last_at": now, "last_error": error,
        "next_at": now + timedelta(seconds=every), "state": dict(state),
    }  # fmt: skip
    mine = sa.update(TABLE).where(TABLE.c.name == name, TABLE.c.leased_by == worker)
    session.connection().execute(mine.values(**values))
