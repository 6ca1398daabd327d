"""What a person can do about what was sent, was not, or may have been."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session, col, func, select

from db.engine import turn
from db.models import Case, Contact, Delivery, DeliveryAttempt, Message
from services import audit, config
from services.access import Actor, Refused, permitted
from services.cases import pushing
from services.domain.retrying import State
from services.domain.roles import Grant, Verb, grant
from services.insights.delivery_rows import Wanted, meant
from services.outbox import effects
from services.outbox.owing import fingerprint, thread_of
from services.vendors.base import Receipt

HOLDS = ("update", "status", "close")  # say how the case stands, so the last one holds
MOST = 1000  # deliveries that one act by filter takes
NOTHING = "Nothing was changed."
Act = Callable[[Session, Delivery, datetime], None]


@permitted(Verb.WORK_CASES)
def replay(session: Session, actor: Actor, delivery_id: int, *, now: datetime) -> None:
    """Send what was given up or cancelled once more, under its name."""
    turn(session)
    _replay(session, _one(session, actor, delivery_id, lock=True), now)
    _audit(session, actor, "delivery.replay", delivery_id, now)


@permitted(Verb.WORK_CASES)
def cancel(session: Session, actor: Actor, delivery_id: int, *, now: datetime) -> None:
    """Do not send what has not left."""
    turn(session)
    delivery = _one(session, actor, delivery_id, lock=True)
    if delivery.state != State.PENDING:
        raise Refused(f"It is {delivery.state}: only what is pending can be cancelled. {NOTHING}")
    _cancel(session, delivery, now)
    if delivery.actor_id != actor.id:  # whoever wrote it counts on it
        effects.stuck(session, delivery, now)
    _audit(session, actor, "delivery.cancel", delivery_id, now)


@permitted(Verb.WORK_CASES)
def decide(
    session: Session, actor: Actor, delivery_id: int, *, arrived: bool, now: datetime
) -> None:
    """Say of a delivery of which nobody knows whether it arrived: it did, or it did not.

    It did: it counts as sent. It did not: it is sent again.
    """
    turn(session)
    delivery = _one(session, actor, delivery_id, lock=True)
    if delivery.state != State.UNKNOWN:
        raise Refused(f"It is {delivery.state}: there is nothing to decide. {NOTHING}")
    delivery.look_at, delivery.leased_by = None, None
    left = _last_try(session, delivery_id) or now
    state = State.SENT if arrived else State.PENDING
    delivery.state, delivery.not_before = state.value, now
    delivery.ended_at = now if arrived else None
    session.add_all((delivery, _attempt(delivery, now, "a person says that it arrived" if arrived
                                        else "a person says that it did not arrive")))  # fmt: skip
    session.flush()
    if arrived:
        thread = thread_of(session, delivery.vendor, delivery.case_id)
        effects.sent(session, delivery, Receipt(delivery.remote_id or "", thread), now, left)
    _audit(session, actor, "delivery.decide", delivery_id, now, arrived=arrived)


def _last_try(session: Session, delivery_id: int) -> datetime | None:
    """When it was tried last: if it arrived, then."""
    query = select(func.max(DeliveryAttempt.at)).where(
        DeliveryAttempt.delivery_id == delivery_id, DeliveryAttempt.state == State.UNKNOWN
    )
    return session.exec(query).one()


@permitted(Verb.BULK)
def replay_all(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> tuple[int, int]:
    """Replay every delivery that is meant and was given up: how many, and how many could not be."""
    return _each(session, actor, wanted, State.FAILED, _replay, now)


@permitted(Verb.BULK)
def cancel_all(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> tuple[int, int]:
    """Cancel every pending delivery that is meant."""
    return _each(session, actor, wanted, State.PENDING, _cancel, now)


def _each(
    session: Session, actor: Actor, wanted: Wanted, state: State, act: Act, now: datetime
) -> tuple[int, int]:
    if grant(actor.role, Verb.BULK) is not Grant.YES:
        raise Refused(f"Many at once are for managers and admins. {NOTHING}")
    turn(session)
    only = Wanted((state,), wanted.vendor, wanted.case)
    query = meant(actor, only).order_by(col(Delivery.id)).limit(MOST)
    done = refused = 0
    for delivery in session.exec(query.with_for_update(of=Delivery)).all():
        try:
            act(session, delivery, now)
            done += 1
        except Refused:
            refused += 1
    verb = "delivery.replay" if state is State.FAILED else "delivery.cancel"
    _audit(session, actor, verb, None, now, deliveries=done)
    return done, refused


def _replay(session: Session, delivery: Delivery, now: datetime) -> None:
    if delivery.state not in (State.FAILED, State.CANCELLED):
        raise Refused(f"It is {delivery.state}: only what failed can be replayed. {NOTHING}")
    if why := _over(session, delivery):
        raise Refused(f"{why} {NOTHING}")
    delivery.state, delivery.not_before = State.PENDING.value, now
    delivery.attempts, delivery.looks, delivery.ended_at = 0, 0, None
    session.add(delivery)
    session.flush()


def _over(session: Session, delivery: Delivery) -> str | None:
    """Why it must not be sent again as it was: the vendor would have the case, or the customer
    the message, in spite of what has happened since."""
    if config.load().loopdesk_demo:
        return "A demo sends nothing."
    case = session.get(Case, delivery.case_id) if delivery.case_id else None
    if case and delivery.action == pushing.ACTIONS.get(delivery.vendor):
        return pushing.why_not(session, case, delivery.vendor)
    if case and delivery.action in HOLDS and _outdone(session, delivery):
        return "A later one says how the case stands now."
    message = session.get(Message, delivery.message_id) if delivery.message_id else None
    if message is None or message.kind != "reply":
        return None
    if message.undone_at:
        return "It was taken back by who wrote it: write a new reply."
    contact = session.get(Contact, message.contact_id) if message.contact_id else None
    to = str((delivery.payload.get("to") or {}).get("address") or "").casefold()
    if contact and to and to in (contact.bounced_email or "",):
        return "Mail to this address came back: write a new reply to another one."
    return None


def _outdone(session: Session, delivery: Delivery) -> bool:
    query = select(Delivery.id).where(
        Delivery.case_id == delivery.case_id, Delivery.vendor == delivery.vendor,
        Delivery.action == delivery.action, col(Delivery.id) > delivery.id,
        Delivery.state != State.CANCELLED,
    )  # fmt: skip
    return session.exec(query).first() is not None


def _cancel(session: Session, delivery: Delivery, now: datetime) -> None:
    delivery.state, delivery.ended_at = State.CANCELLED.value, now
    delivery.last_error = "cancelled by a person"
    session.add(delivery)
    session.flush()


def _one(session: Session, actor: Actor, delivery_id: int, *, lock: bool = False) -> Delivery:
    query = meant(actor, Wanted()).where(Delivery.id == delivery_id)
    if lock:
        query = query.with_for_update(of=Delivery).execution_options(populate_existing=True)
    found = session.exec(query).one_or_none()
    if found is None:
        raise Refused(f"There is no such delivery here. {NOTHING}")
    return found


def _attempt(delivery: Delivery, now: datetime, said: str) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=delivery.id or 0, at=now, state=delivery.state, error=said,
        payload_hmac=fingerprint(delivery.payload),
    )  # fmt: skip


def _audit(
    session: Session, actor: Actor, verb: str, id_: int | None, now: datetime, **data: object
) -> None:
    audit.record(session, actor.id, verb, now=now, entity="delivery", entity_id=id_, **data)
