"""Take one delivery into hand, so that no other worker has it: a lease, soon committed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from db.models import Case, Contact, Delivery, DeliveryAttempt, Integration, Message, User
from services import config
from services.cases.replying import why_silent
from services.domain.retrying import Pace, State, shut_for
from services.keyed import fingerprint
from services.outbox import effects
from services.outbox.owing import still_open, thread_of

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
    while (delivery := _next(session, vendor, now, lock=True)) is not None:
        if (why := _unwanted(session, delivery)) is None:
            return _in_hand(session, delivery, now, worker, pace)
        _drop(session, delivery, why, now)
    return None


def _in_hand(
    session: Session, delivery: Delivery, now: datetime, worker: str, pace: Pace
) -> Claimed:
    looking, vendor = delivery.state == State.UNKNOWN, delivery.vendor
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


def _drop(session: Session, delivery: Delivery, why: str, now: datetime) -> None:
    """It does not leave, and whoever caused it hears of it. What may have left, a person judges."""
    if delivery.state == State.UNKNOWN:
        delivery.look_at = None
    else:
        delivery.state, delivery.ended_at = State.CANCELLED.value, now
        delivery.last_error = why
    session.add(delivery)
    session.flush()
    effects.stuck(session, delivery, now)


def any_expired(session: Session, now: datetime) -> bool:
    """Whether a worker died while it was sending."""
    return session.exec(_expired(now).limit(1)).first() is not None


def _expired(now: datetime) -> SelectOfScalar[Delivery]:
    return select(Delivery).where(Delivery.state == State.SENDING, col(Delivery.lease_until) < now)


def expire(session: Session, now: datetime) -> int:
    """What a worker held when it died is unknown from now on; how many there were."""
    lost = session.exec(_expired(now).with_for_update(skip_locked=True)).all()
    for delivery in lost:
        connected = session.get(Integration, delivery.vendor) is not None
        delivery.state, delivery.looks = State.UNKNOWN.value, 0
        delivery.look_at = now if connected else None
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
            still_open(earlier.state),
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
    if delivery.state == State.UNKNOWN:  # looking does not send
        return None
    if delivery.user_id is not None:
        reader = session.get(User, delivery.user_id, populate_existing=True)
        gone = reader is None or reader.disabled_at is not None
        return "the colleague no longer works here" if gone else None
    if delivery.message_id is None:
        return None
    query = (
        select(Contact, func.coalesce(Message.response_id, Case.response_id))
        .join(Message, col(Message.contact_id) == Contact.id)
        .outerjoin(Case, col(Case.id) == Message.case_id)
        .where(Message.id == delivery.message_id, col(Message.kind).in_(("reply", "auto")))
    )
    found = session.exec(query).first()
    if found is None:
        return None
    contact, response_id = found
    to = str((delivery.payload.get("to") or {}).get("address") or "").casefold()
    if to and to == contact.bounced_email:
        return "mail to this address came back meanwhile"
    return why_silent(session, response_id, contact)
