"""Take one delivery into hand, so that no other worker has it: a lease, soon committed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from db.models import Contact, Delivery, DeliveryAttempt, Integration, Message
from services import config
from services.domain.retrying import OPEN, Pace, State, shut_for
from services.outbox.owing import fingerprint, thread_of

CUT_OFF = "the worker stopped while it was sending"


@dataclass(frozen=True)
class Claimed:
    """A delivery in hand. `looking`: nobody knows whether it arrived, so it is not sent yet."""

    id: int
    idem_key: str
    vendor: str
    action: str
    body: Mapping[str, Any]
    thread: str | None
    worker: str
    tries: int
    looks: int
    looking: bool
    since: datetime


def due(session: Session, now: datetime) -> set[str]:
    """The vendors that have something to do now and may be called."""
    ready = (
        select(Integration.name)
        .where(
            col(Integration.paused_at).is_(None), col(Integration.broken_at).is_(None),
            or_(col(Integration.closed_until).is_(None), col(Integration.closed_until) <= now),
        )
    )  # fmt: skip
    return {name for name in session.exec(ready) if _next(session, name, now) is not None}


def claim(session: Session, vendor: str, now: datetime, worker: str, pace: Pace) -> Claimed | None:
    """The next delivery of this vendor, ours for `pace.lease` seconds; None where there is none."""
    if not _may_call(session, vendor, now, pace):
        return None
    delivery = _next(session, vendor, now, lock=True)
    if delivery is None:
        return None
    looking = delivery.state == State.UNKNOWN
    if not looking and (why := _unwanted(session, delivery)):
        delivery.state, delivery.last_error, delivery.ended_at = State.CANCELLED.value, why, now
        session.add(delivery)
        session.flush()
        return claim(session, vendor, now, worker, pace)
    delivery.lease_until = now + timedelta(seconds=pace.lease)
    delivery.leased_by = worker
    if looking:
        delivery.look_at = delivery.lease_until
    else:
        delivery.state, delivery.attempts = State.SENDING.value, delivery.attempts + 1
    session.add(delivery)
    session.flush()
    return Claimed(
        id=delivery.id or 0, idem_key=delivery.idem_key, vendor=vendor, action=delivery.action,
        body=delivery.payload, thread=thread_of(session, vendor, delivery.case_id), worker=worker,
        tries=delivery.attempts, looks=delivery.looks, looking=looking,
        since=delivery.created_at,
    )  # fmt: skip


def any_expired(session: Session, now: datetime) -> bool:
    """Whether a worker died while it was sending."""
    return session.exec(_expired(now).limit(1)).first() is not None


def _expired(now: datetime) -> SelectOfScalar[Delivery]:
    return select(Delivery).where(Delivery.state == State.SENDING, col(Delivery.lease_until) < now)


def expire(session: Session, now: datetime) -> int:
    """What a worker held when it died is unknown from now on; how many there were."""
    lost = session.exec(_expired(now).with_for_update(skip_locked=True)).all()
    for delivery in lost:
        delivery.state, delivery.look_at, delivery.looks = State.UNKNOWN.value, now, 0
        delivery.last_error, delivery.leased_by = CUT_OFF, None
        session.add(delivery)
        session.add(
            DeliveryAttempt(
                delivery_id=delivery.id or 0, at=now, state=State.UNKNOWN.value, error=CUT_OFF,
                payload_hmac=fingerprint(delivery.payload),
            )
        )  # fmt: skip
    session.flush()
    return len(lost)


def _next(session: Session, vendor: str, now: datetime, *, lock: bool = False) -> Delivery | None:
    """What was sent before and is unclear comes first, then what has waited longest."""
    earlier = sa.orm.aliased(Delivery)
    blocked = (
        select(earlier.id)
        .where(
            earlier.lane == Delivery.lane, col(earlier.id) < col(Delivery.id),
            col(earlier.state).in_(OPEN),
        )
        .exists()
    )  # fmt: skip
    unclear = (
        select(Delivery)
        .where(Delivery.vendor == vendor, Delivery.state == State.UNKNOWN,
               col(Delivery.look_at) <= now)
        .order_by(col(Delivery.look_at))
    )  # fmt: skip
    waiting = (
        select(Delivery)
        .where(
            Delivery.vendor == vendor, Delivery.state == State.PENDING,
            Delivery.not_before <= now, or_(col(Delivery.lane).is_(None), ~blocked),
        )
        .order_by(col(Delivery.not_before), col(Delivery.id))
    )  # fmt: skip
    for query in (unclear, waiting):
        limited = query.limit(1)
        found = session.exec(limited.with_for_update(skip_locked=True) if lock else limited).first()
        if found is not None:
            return found
    return None


def _may_call(session: Session, vendor: str, now: datetime, pace: Pace) -> bool:
    """Whether the vendor may be called; one that failed lately gets one message to try it with."""
    state = session.get(Integration, vendor)
    if state is None or state.paused_at or state.broken_at:
        return False
    if state.closed_until and state.closed_until > now:
        return False
    if state.failures < pace.trips:
        return True
    session.refresh(state, with_for_update=True)
    if state.closed_until and state.closed_until > now:
        return False
    state.closed_until = now + timedelta(seconds=shut_for(pace, state.failures))
    session.add(state)
    return True


def _unwanted(session: Session, delivery: Delivery) -> str | None:
    """Why it may not leave (any more), though it was owed."""
    if config.load().loopdesk_demo:
        return "a demo sends nothing"
    if delivery.message_id is None:
        return None
    query = (
        select(Contact, Message.kind)
        .join(Message, col(Message.contact_id) == Contact.id)
        .where(Message.id == delivery.message_id)
    )
    found = session.exec(query).first()
    if found is None or found[1] != "reply":
        return None
    contact = found[0]
    if contact.erased_at:
        return "the person was erased meanwhile"
    return "the person must not be contacted (any more)" if contact.do_not_contact else None


def waiting(session: Session) -> dict[str, int]:
    """How many deliveries stand in each state that is not over."""
    query = (
        select(Delivery.state, func.count()).where(col(Delivery.state).in_(OPEN))
        .group_by(Delivery.state)
    )  # fmt: skip
    return dict(session.exec(query).all())
