"""What happens to deliveries is noted as it is written, and appended to the ledger at the commit.

The session itself is listened to: no verb can forget the ledger. At the commit everything else is
written and locked; the heads of the chains come last, and sorted, so that nobody waits in a circle.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import SessionTransaction, UOWTransaction
from sqlmodel import Session, col, select

from db.models import CaseEvent, Delivery, DeliveryAttempt
from services.keyed import fingerprint
from services.ledger import writing
from services.ledger.writing import Step, settled

NOTES = "ledger"
_BATCH = "batch_id"


@dataclass(frozen=True)
class Said:
    """What only the verb knows of the next step of a delivery: by whom, when, and why."""

    delivery_id: int
    kind: str | None = None
    actor_id: int | None = None
    at: datetime | None = None
    why: dict[str, Any] = field(default_factory=dict)


@dataclass
class Notes:
    """What this session has noted; `marks` says how much there was when each transaction began."""

    steps: list[Step | Said] = field(default_factory=list)
    marks: WeakKeyDictionary[SessionTransaction, int] = field(default_factory=WeakKeyDictionary)


def said(
    session: Session, delivery: Delivery, kind: str | None = None, *,
    actor_id: int | None = None, at: datetime | None = None, why: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    """Tell the ledger by whom and why the delivery is about to change."""
    _notes(session).steps.append(Said(delivery.id or 0, kind, actor_id, at, why or {}))


def changed(
    session: Session, ids: Iterable[int | None], body: dict[str, Any], why: dict[str, Any],
    at: datetime,
) -> None:  # fmt: skip
    """Another payload was put, past the session, into these, which have not left."""
    told = fingerprint(body)
    for delivery in session.exec(select(Delivery).where(col(Delivery.id).in_(ids))):
        _notes(session).steps.append(_step(delivery, "changed", at, payload_hmac=told, why=why))


def _notes(session: Session) -> Notes:
    found: Notes = session.info.setdefault(NOTES, Notes())
    return found


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: UOWTransaction) -> None:
    notes, new = _notes(session), list(session.new)
    owed = [one for one in new if isinstance(one, Delivery)]
    tried = [one for one in new if isinstance(one, DeliveryAttempt)]
    for made in sorted(owed, key=lambda one: one.id or 0):
        notes.steps.append(_owed(made))
    for one in session.dirty:
        if isinstance(one, Delivery) and _moved(one):
            notes.steps.append(_step(one, _kind(one), one.ended_at or one.not_before))
    for attempt in sorted(tried, key=lambda one: one.id or 0):
        delivery = session.get(Delivery, attempt.delivery_id)
        assert delivery is not None
        notes.steps.append(_tried(delivery, attempt))
        if attempt.state != settled(delivery.state):
            notes.steps.append(_step(delivery, _kind(delivery), attempt.at))
    notes.steps.extend(_because(new))


@event.listens_for(Session, "before_commit")
def _committing(session: Session) -> None:
    if session.in_nested_transaction():  # of which the whole may still come to nothing
        return
    session.flush()
    notes = _notes(session)
    if notes.steps:
        writing.append(session, woven(notes.steps))
        notes.steps.clear()


@event.listens_for(Session, "after_transaction_create")
def _began(session: Session, transaction: SessionTransaction) -> None:
    notes = _notes(session)
    notes.marks[transaction] = len(notes.steps)


@event.listens_for(Session, "after_soft_rollback")
def _undone(session: Session, transaction: SessionTransaction) -> None:
    notes = _notes(session)
    del notes.steps[notes.marks.get(transaction, 0) :]


def _owed(made: Delivery) -> Step:
    return _step(
        made, "owed", made.created_at, actor_id=made.actor_id,
        payload_hmac=fingerprint(made.payload),
        why={} if made.message_id is None else {"message_id": made.message_id},
    )  # fmt: skip


def _tried(delivery: Delivery, attempt: DeliveryAttempt) -> Step:
    return replace(
        _step(delivery, "attempt", attempt.at, payload_hmac=attempt.payload_hmac),
        attempt_id=attempt.id, state=attempt.state,
        remote_id=attempt.remote_id or delivery.remote_id,
    )  # fmt: skip


def _step(delivery: Delivery, kind: str, at: datetime, **values: Any) -> Step:
    return Step(
        case_id=delivery.case_id or 0, delivery_id=delivery.id or 0, at=at, kind=kind,
        vendor=delivery.vendor, action=delivery.action, state=settled(delivery.state),
        remote_id=delivery.remote_id, **values,
    )  # fmt: skip


def _moved(delivery: Delivery) -> bool:
    """A claim is no step: what becomes of it is, or the worker's end."""
    known = sa.inspect(delivery).attrs
    state = known.state.history.has_changes() and delivery.state != "sending"
    return state or bool(known.remote_id.history.has_changes())


def _kind(delivery: Delivery) -> str:
    return "cancelled" if delivery.state == "cancelled" else "moved"


def _because(new: list[Any]) -> Iterator[Said]:
    """The steps of cases that these deliveries follow from."""
    for one in new:
        if isinstance(one, CaseEvent) and "delivery_id" in one.data:
            why = {"event_id": one.id} | ({_BATCH: one.batch_id} if one.batch_id else {})
            yield Said(one.data["delivery_id"], why=why)


def woven(notes: list[Step | Said]) -> list[Step]:
    """The steps, each with what was said of it; what an attempt says itself is said once."""
    steps: list[Step] = []
    coming: dict[int, Said] = {}
    last: dict[int, int] = {}
    for note in notes:
        known = last.get(note.delivery_id)
        if isinstance(note, Said):
            if note.kind is None and known is not None and steps[known].kind == "owed":
                steps[known] = replace(steps[known], why=steps[known].why | note.why)
            else:
                coming[note.delivery_id] = note
            continue
        if known is not None and _same(steps[known], note):
            steps[known] = _told(note, coming.pop(note.delivery_id, None), steps[known])
            continue
        last[note.delivery_id] = len(steps)
        steps.append(_told(note, coming.pop(note.delivery_id, None)))
    return steps


def _same(before: Step, now: Step) -> bool:
    """An attempt moves its delivery: both are one step."""
    return (
        now.kind == "attempt"
        and before.kind in ("moved", "decided")
        and (before.attempt_id is None and before.state == now.state)
    )


def _told(step: Step, note: Said | None, before: Step | None = None) -> Step:
    if before is not None:
        kind = before.kind if before.kind == "decided" else step.kind
        step = replace(step, kind=kind, actor_id=before.actor_id, why=before.why)
    if note is None:
        return step
    return replace(
        step, kind=note.kind or step.kind, at=note.at or step.at,
        actor_id=note.actor_id or step.actor_id, why=step.why | note.why,
    )  # fmt: skip
