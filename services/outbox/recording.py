"""Write down how a try ended: on the delivery, as an attempt, on the vendor, and on the case."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from db.models import Delivery, DeliveryAttempt, Integration
from services.domain.retrying import (
    OPEN,
    Next,
    Pace,
    State,
    after_failure,
    after_look,
    once_more,
    shut_for,
)
from services.keyed import fingerprint
from services.outbox import effects
from services.outbox.claiming import Claimed
from services.vendors.base import Receipt, VendorError

LONGEST = 300  # characters of an error that is kept


@dataclass(frozen=True)
class Ended:
    """How a try ended: with a receipt, an error, or neither (looked up, and not there).

    `again`: it may be sent once more under its name. `ask`: only a person can decide.
    """

    receipt: Receipt | None = None
    error: VendorError | None = None
    again: bool = False
    ask: bool = False


def record(
    session: Session, claimed: Claimed, ended: Ended, pace: Pace, now: datetime, chance: float
) -> State | None:
    """The state it has now; None where somebody else has decided about it meanwhile.

    What a vendor has done is kept even if the lease was lost: better late than unknown.
    """
    if ended.receipt is not None:
        effects.before(
            session, claimed.vendor, claimed.action
        )  # takes what is locked first, see there
    delivery = session.get(Delivery, claimed.id, with_for_update=True, populate_existing=True)
    if delivery is None or not _ours(delivery, claimed, ended):
        return None
    delivery.leased_by = delivery.lease_until = None
    if ended.receipt is not None:
        _sent(delivery, ended.receipt, now)
    else:
        _not_sent(session, delivery, claimed, ended, pace, now, chance)
    session.add(delivery)
    session.add(_attempt(delivery, now))
    _health(session, delivery.vendor, ended, pace, now)
    session.flush()
    state = State(delivery.state)
    if ended.receipt is not None:
        effects.sent(session, delivery, ended.receipt, now)
    elif state in (State.FAILED, State.UNKNOWN) and delivery.look_at is None:
        effects.stuck(session, delivery, now)
    return state


def _ours(delivery: Delivery, claimed: Claimed, ended: Ended) -> bool:
    if delivery.leased_by == claimed.worker:
        return True
    return ended.receipt is not None and delivery.state in OPEN


def _sent(delivery: Delivery, receipt: Receipt, now: datetime) -> None:
    delivery.state, delivery.ended_at, delivery.look_at = State.SENT.value, now, None
    delivery.remote_id, delivery.link = receipt.remote_id, receipt.link
    delivery.last_error = None


def _not_sent(
    session: Session,
    delivery: Delivery,
    claimed: Claimed,
    ended: Ended,
    pace: Pace,
    now: datetime,
    chance: float,
) -> None:
    if ended.error is not None:
        delivery.last_error = str(ended.error)[:LONGEST]
    next_ = _next(delivery, claimed, ended, pace, chance)
    if claimed.looking and ended.error is None and not ended.ask:
        delivery.looks = 0 if next_.state is State.PENDING else claimed.looks + 1
    if ended.error is not None and ended.error.reconnect and not claimed.looking:
        delivery.attempts -= 1  # it was not this message's fault
    then = None if next_.wait is None else now + timedelta(seconds=next_.wait)
    delivery.state = next_.state.value
    if next_.state is State.UNKNOWN:  # where it was disconnected meanwhile, nobody can be asked
        connected = session.get(Integration, delivery.vendor) is not None
        delivery.look_at = then if connected else None
    else:
        delivery.look_at = None
    if next_.state is State.PENDING:
        delivery.not_before = then or now
    if next_.state is State.FAILED:
        delivery.ended_at = now


def _next(delivery: Delivery, claimed: Claimed, ended: Ended, pace: Pace, chance: float) -> Next:
    if ended.ask:
        return Next(State.UNKNOWN)
    tries = delivery.attempts
    if ended.again:
        return once_more(pace, tries=tries, chance=chance)
    error = ended.error
    if claimed.looking:
        if error is None:
            return after_look(pace, looks=claimed.looks + 1, tries=tries, chance=chance)
        lost = error.permanent and not error.reconnect
        return Next(State.UNKNOWN, None if lost else max(error.wait or 0, pace.looks[-1]))
    assert error is not None
    if error.reconnect and not error.unsure:
        return Next(State.PENDING, 0)
    return after_failure(
        pace, tries=tries, permanent=error.permanent, unsure=error.unsure,
        wait=error.wait, chance=chance,
    )  # fmt: skip


def _attempt(delivery: Delivery, now: datetime) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=delivery.id or 0, at=now, state=delivery.state, remote_id=delivery.remote_id,
        error=delivery.last_error, payload_hmac=fingerprint(delivery.payload),
    )  # fmt: skip


def _health(session: Session, vendor: str, ended: Ended, pace: Pace, now: datetime) -> None:
    """How the vendor is doing. A success is written once a minute: many workers share the row."""
    state = session.get(Integration, vendor)
    if state is None:
        return
    error = ended.error
    if error is None and ended.receipt is not None:
        rest = ended.receipt.rest
        old = state.last_ok_at is None or now - state.last_ok_at > timedelta(minutes=1)
        if not (old or rest or state.failures or state.last_error):
            return
        session.refresh(state, with_for_update=True)
        state.last_ok_at, state.failures, state.last_error = now, 0, None
        state.closed_until = now + timedelta(seconds=rest) if rest else None
    elif error is not None:
        session.refresh(state, with_for_update=True)
        state.last_error, state.last_error_at = str(error)[:LONGEST], now
        _trouble(session, state, error, pace, now)
    session.add(state)


def refused(session: Session, vendor: str, error: VendorError, now: datetime) -> None:
    """Credentials that are refused when something is read are refused for what is sent, too."""
    state = session.get(Integration, vendor, with_for_update=True)
    if state is None:
        return
    state.last_error, state.last_error_at = str(error)[:LONGEST], now
    _shut_out(session, state, now)
    session.add(state)


def _shut_out(session: Session, state: Integration, now: datetime) -> None:
    if state.broken_at is None:
        state.broken_at = now
        effects.down(session, state, now)


def _trouble(
    session: Session, state: Integration, error: VendorError, pace: Pace, now: datetime
) -> None:
    if error.reconnect:
        _shut_out(session, state, now)
        return
    if error.permanent:  # one message's own fault says nothing about the vendor
        return
    if error.wait and not error.unsure:
        state.closed_until = now + timedelta(seconds=error.wait)
        return
    state.failures += 1
    shut = shut_for(pace, state.failures)
    if shut:
        state.closed_until = now + timedelta(seconds=shut)
        if state.failures == pace.trips:
            effects.down(session, state, now)
