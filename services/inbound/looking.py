"""Something changed in a thread at a vendor: what, is read there and kept, to be applied."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, Contact, Delivery, Inbound
from services.domain.retrying import State
from services.inbound import rows, threads
from services.outbox.owing import lane
from services.vendors.two_way import Change

WAIT = 3.0  # seconds, while something of ours is on its way there
PAUSE = 5.0  # seconds after a failure, times the tries
SHUT = 300.0  # seconds, where our credentials are no longer taken
TABLE = rows.TABLE


@dataclass(frozen=True)
class Look:
    """What is to be read: `upto` is the newest row that asked for it before."""

    vendor: str
    thread: str
    case_id: int
    upto: int
    known: frozenset[str]


def begin(session: Session, row_id: int, now: datetime) -> Look | None:
    """What to read; None where there is nothing to read (now), as the row then says."""
    row = rows.in_hand(session, row_id)
    if row is None:
        return None
    case = threads.case_of(session, row.vendor, row.thread)
    if not rows.wanted(session, row.vendor):
        rows.end(row, "ignored", now, rows.UNWANTED)
    elif case is None and threads.coming(session, row.vendor):
        rows.later(row, now, WAIT, "a case is just being sent there", counts=False)
    elif case is None:
        rows.end(row, "ignored", now, "it is no case of this desk")
    elif threads.busy(session, row.vendor, case.id or 0):
        rows.later(row, now, WAIT, "something of ours is on its way there", counts=False)
    else:
        known = rows.known(session, row.vendor, row.thread or "")
        upto = select(sa.func.max(Inbound.id)).where(
            Inbound.vendor == row.vendor, Inbound.thread == row.thread, Inbound.kind == "look"
        )
        return Look(
            row.vendor, row.thread or "", case.id or 0, session.exec(upto).one() or 0,
            frozenset(known),
        )  # fmt: skip
    session.add(row)
    return None


def found(session: Session, look: Look, changes: Sequence[Change], now: datetime) -> None:
    """Keep what was read, each change once; every row that asked for it before is done."""
    case = session.get_one(Case, look.case_id)
    person = session.get(Contact, case.contact_id) if case.contact_id else None
    if person is not None and person.erased_at:  # what was said about them is not brought back
        changes = [replace(one, facts=tuple(f for f in one.facts if not f.text)) for one in changes]
    sent = _sent(session, look) if any(change.teammate for change in changes) else []
    rows.keep(session, look.vendor, [_row(case, look, one, sent, now) for one in changes], now)
    asked = (
        sa.update(TABLE)
        .where(
            TABLE.c.vendor == look.vendor, TABLE.c.thread == look.thread,
            TABLE.c.kind == "look", TABLE.c.state == "new", TABLE.c.id <= look.upto,
        )
        .values(state="done", ended_at=now, note=None, case_id=look.case_id)
    )  # fmt: skip
    session.connection().execute(asked)


def failed(
    session: Session, row_id: int, said: str, *, permanent: bool, counts: bool,
    wait: float | None, now: datetime,
) -> None:  # fmt: skip
    """It could not be done: once more later, or not at all. Unless it `counts`, without end."""
    row = rows.in_hand(session, row_id)
    if row is None:
        return
    if permanent:
        rows.end(row, "failed", now, said)
    else:
        pause = PAUSE * (row.attempts + 1) if counts else SHUT
        rows.later(row, now, max(wait or 0, pause), said, counts=counts)
    session.add(row)
    rows.rest(session, row.vendor, wait, now)


def _row(
    case: Case, look: Look, change: Change, sent: Sequence[Delivery], now: datetime
) -> dict[str, Any]:
    """The row of a change. What we did ourselves is known from now on, and says nothing."""
    kept: dict[str, Any] = {
        "event_id": change.id, "kind": "change", "thread": look.thread, "at": change.at,
        "case_id": case.id, "says": {fact.what: True for fact in change.facts},
    }  # fmt: skip
    if change.ours or (change.teammate and _is_ours(case, change, sent)):
        ended = {"state": "done", "ended_at": now, "note": "it was done from here"}
        return kept | ended | {"says": {}}
    if not change.facts:
        return kept | {"state": "ignored", "ended_at": now, "note": "it says nothing new"}
    told = [asdict(fact) for fact in change.facts]
    return kept | {"payload": {"author": change.author, "facts": told}}


def _sent(session: Session, look: Look) -> list[Delivery]:
    """What we did in this thread, or may have done."""
    query = select(Delivery).where(
        Delivery.case_id == look.case_id, Delivery.vendor == look.vendor,
        Delivery.lane == lane(look.vendor, look.case_id),
        col(Delivery.state).in_((State.SENT, State.UNKNOWN, State.SENDING)),
    )  # fmt: skip
    return list(session.exec(query))


def _is_ours(case: Case, change: Change, sent: Sequence[Delivery]) -> bool:
    """Its id is what a delivery made, or it says in our name what we have said: the note that goes
    with a new conversation begins with the case."""
    number = change.id.partition(":")[2]
    if any(one.remote_id == number for one in sent if one.action != "conversation"):
        return True
    if any(fact.text.split("\n")[0].strip() == f"Case {case.number}" for fact in change.facts):
        return True
    said = {_plain(fact.text) for fact in change.facts if fact.text}
    return any(_plain(one.payload.get("text")) in said for one in sent if one.payload.get("text"))


def _plain(text: Any) -> str:
    return " ".join(str(text or "").split())
