"""The rows of what came in: kept once, taken one by one, ended with what became of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from db.engine import insert_ignore
from db.models import Inbound, Integration
from services.vendors import two_way

TABLE: sa.Table = Inbound.__table__  # type: ignore[attr-defined]
MOST = 10  # tries, then a person has to look
LONGEST = 300  # characters of a note
UNWANTED = "changes there do not change the case"


def keep(session: Session, vendor: str, rows: Iterable[Mapping[str, Any]], now: datetime) -> None:
    """Keep what is not known by its `event_id`; each names its `kind` too. Ids rise in their order.

    Nothing else is locked or raised: many of these come at once.
    """
    whole: dict[str, Any] = {
        "vendor": vendor, "case_id": None, "thread": None, "at": None, "state": "new",
        "attempts": 0, "received_at": now, "next_at": now, "ended_at": None, "note": None,
        "says": {}, "payload": {},
    }  # fmt: skip
    insert_ignore(session, TABLE, [whole | dict(row) for row in rows])


@dataclass(frozen=True)
class Due:
    """What is to be done next."""

    id: int
    kind: str


def due(session: Session, now: datetime, vendor: str | None = None) -> Due | None:
    """What of this vendor (of any) is to be done next. Of one thread changes go in their order."""
    ready = _ready(session, now)
    for name in ready if vendor is None else {vendor}.intersection(ready):
        if (found := _next(session, name, now)) is not None:
            return found
    return None


def _next(session: Session, vendor: str, now: datetime) -> Due | None:
    """In the order in which it came, as the index has it: who finds one stops there."""
    earlier = sa.orm.aliased(Inbound)
    blocked = (
        select(earlier.id)
        .where(
            earlier.vendor == Inbound.vendor, earlier.thread == Inbound.thread,
            earlier.kind == "change", earlier.state == "new", col(earlier.id) < col(Inbound.id),
        )
        .exists()
    )  # fmt: skip
    query = (
        select(Inbound.id, Inbound.kind)
        .where(
            Inbound.state == "new", Inbound.vendor == vendor, Inbound.next_at <= now,
            or_(Inbound.kind != "change", ~blocked),
        )
        .order_by(col(Inbound.id))
        .limit(1)
    )  # fmt: skip
    found = session.exec(query).first()
    return Due(found[0] or 0, found[1]) if found else None


def _ready(session: Session, now: datetime) -> list[str]:
    """The vendors that may be called: not those that are paused, or asked for a rest."""
    free = or_(col(Integration.closed_until).is_(None), col(Integration.closed_until) <= now)
    query = select(Integration.name).where(col(Integration.paused_at).is_(None), free)
    return sorted(session.exec(query))


def in_hand(session: Session, row_id: int) -> Inbound | None:
    """The row, locked, unless somebody else has ended it meanwhile."""
    query = select(Inbound).where(Inbound.id == row_id, Inbound.state == "new")
    locked = query.with_for_update().execution_options(populate_existing=True)
    return session.exec(locked).one_or_none()


def end(row: Inbound, state: str, now: datetime, note: str | None = None) -> None:
    """What became of it; what applying needed is forgotten, unless it may be tried again."""
    row.state, row.ended_at, row.note = state, now, note and note[:LONGEST]
    if state != "failed":
        row.payload = {}


def later(row: Inbound, now: datetime, seconds: float, note: str, *, counts: bool = True) -> None:
    """Once more after a while; given up after so many tries that count."""
    row.attempts, row.note = row.attempts + counts, note[:LONGEST]
    row.next_at = now + timedelta(seconds=seconds)
    if row.attempts >= MOST:
        end(row, "failed", now, note)


def wanted(session: Session, vendor: str) -> bool:
    """Whether it is connected, and changes over there change the case."""
    row = session.get(Integration, vendor)
    return row is not None and two_way.wanted(row.config)


def rest(session: Session, vendor: str, wait: float | None, now: datetime) -> None:
    """Where it asked for a rest, it has it: from everything that we want of it."""
    row = session.get(Integration, vendor, with_for_update=True) if wait else None
    if row is not None and wait:
        row.closed_until = now + timedelta(seconds=wait)
        session.add(row)


def drop(session: Session, vendor: str, note: str, now: datetime) -> None:
    """What waits or failed is not done any more: what is connected next may be another account."""
    left = TABLE.c.state.in_(("new", "failed"))
    ended = {"state": "ignored", "ended_at": now, "note": note, "payload": {}}
    session.connection().execute(
        sa.update(TABLE).where(TABLE.c.vendor == vendor, left).values(**ended)
    )


def told(session: Session, row_id: int) -> dict[str, Any]:
    """What a row holds that applying needs."""
    query = select(Inbound.payload).where(Inbound.id == row_id)
    return dict(session.exec(query).first() or {})


def known(session: Session, vendor: str, thread: str) -> set[str]:
    """The names of the changes of a thread that were read already."""
    query = select(Inbound.event_id).where(
        Inbound.vendor == vendor, Inbound.thread == thread, Inbound.kind == "change"
    )
    return set(session.exec(query))


def newest(session: Session, row: Inbound, field: str) -> datetime | None:
    """The time of the newest of the thread's changes of this field that was looked at."""
    query = select(Inbound.at, Inbound.says).where(
        Inbound.vendor == row.vendor, Inbound.thread == row.thread, Inbound.kind == "change",
        col(Inbound.state).in_(("done", "ignored")), Inbound.id != row.id,
    )  # fmt: skip
    return max((at for at, says in session.exec(query) if at and field in says), default=None)


def began(session: Session, vendor: str) -> datetime | None:
    """When the desk first heard of the vendor. What was done long before is not caught up with."""
    query = select(Inbound.received_at).where(Inbound.vendor == vendor)
    return session.exec(query.order_by(col(Inbound.id)).limit(1)).first()
