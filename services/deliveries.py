"""What a person can do about what was sent, was not, or may have been."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlmodel import Session, col, func, select

from db.engine import turn
from db.models import Case, CaseEvent, Contact, Delivery, DeliveryAttempt, Message
from services import audit, config
from services.access import Actor, Refused, permitted
from services.cases import pushing
from services.cases.undo import undo
from services.domain.lifecycle import Move
from services.domain.retrying import State
from services.domain.roles import Grant, Verb, grant
from services.insights.delivery_rows import View, Wanted, meant
from services.keyed import fingerprint
from services.ledger.noting import said
from services.outbox import effects
from services.outbox.owing import ERASED, thread_of
from services.vendors.base import Receipt

HOLDS = ("update", "status", "close")  # say how the case stands, so the last one holds
MOST = 1000  # deliveries that one act by filter takes
NOTHING = "Nothing was changed."
Act = Callable[[Session, Actor, Delivery, datetime], None]


@permitted(Verb.WORK_CASES)
def replay(session: Session, actor: Actor, delivery_id: int, *, now: datetime) -> None:
    """Send what was given up or cancelled once more, under its name."""
    turn(session)
    _replay(session, actor, _one(session, actor, delivery_id, lock=True), now)
    _audit(session, actor, "delivery.replay", delivery_id, now)


@permitted(Verb.WORK_CASES)
def cancel(session: Session, actor: Actor, delivery_id: int, *, now: datetime) -> None:
    """Do not send what has not left. A reply is taken back with what it did to its case, unless
    that has moved on since."""
    turn(session)
    delivery = _one(session, actor, delivery_id, lock=True)
    if delivery.state != State.PENDING:
        raise Refused(f"It is {delivery.state}: only what is pending can be cancelled. {NOTHING}")
    _cancel(session, actor, delivery, now)
    _audit(session, actor, "delivery.cancel", delivery_id, now)


@permitted(Verb.WORK_CASES)
def decide(
    session: Session, actor: Actor, delivery_id: int, *, arrived: bool, now: datetime
) -> None:
    """Say of a delivery of which nobody knows whether it arrived: it did, or it did not.

    It did: it counts as sent. It did not: it is sent again.
    """
    turn(session)
    _DECIDE[arrived](session, actor, _one(session, actor, delivery_id, lock=True), now)
    _audit(session, actor, "delivery.decide", delivery_id, now, arrived=arrived)


def _arrived(session: Session, actor: Actor, delivery: Delivery, now: datetime) -> None:
    left = _last_try(session, delivery.id or 0) or now
    _decided(session, actor, delivery, State.SENT, now)
    thread = thread_of(session, delivery.vendor, delivery.case_id)
    effects.sent(session, delivery, Receipt(delivery.remote_id or "", thread), now, left)


def _lost(session: Session, actor: Actor, delivery: Delivery, now: datetime) -> None:
    gone = delivery.payload == ERASED  # there is nothing left that could be sent again
    _decided(session, actor, delivery, State.CANCELLED if gone else State.PENDING, now)


_DECIDE: Mapping[bool, Act] = {True: _arrived, False: _lost}


def _decided(
    session: Session, actor: Actor, delivery: Delivery, state: State, now: datetime
) -> None:
    if delivery.state != State.UNKNOWN:
        raise Refused(f"It is {delivery.state}: there is nothing to decide. {NOTHING}")
    said(session, delivery, "decided", actor_id=actor.id, at=now)
    delivery.look_at, delivery.leased_by = None, None
    delivery.state, delivery.not_before = state.value, now
    delivery.ended_at = None if state is State.PENDING else now
    verdict = "arrived" if state is State.SENT else "did not arrive"
    session.add_all((delivery, _attempt(delivery, now, f"a person says that it {verdict}")))
    session.flush()


def _last_try(session: Session, delivery_id: int) -> datetime | None:
    """When it was tried last: if it arrived, then."""
    query = select(func.max(DeliveryAttempt.at)).where(
        DeliveryAttempt.delivery_id == delivery_id, DeliveryAttempt.state == State.UNKNOWN
    )
    return session.exec(query).one()


@permitted(Verb.BULK)
def replay_all(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> tuple[int, int]:
    """Replay every delivery that is meant and was given up: how many, and how many could not be."""
    every = Wanted((State.FAILED,), wanted.vendor, wanted.case)
    return _each(session, actor, every, _replay, "delivery.replay", now)


@permitted(Verb.BULK)
def cancel_all(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> tuple[int, int]:
    """Cancel every pending delivery that is meant, replies as `cancel` does."""
    every = Wanted((State.PENDING,), wanted.vendor, wanted.case)
    return _each(session, actor, every, _cancel, "delivery.cancel", now)


@permitted(Verb.BULK)
def decide_all(
    session: Session, actor: Actor, wanted: Wanted, *, arrived: bool, now: datetime
) -> tuple[int, int]:
    """Decide as `decide` does about every delivery that is meant and waits for a person."""
    every = Wanted((State.UNKNOWN,), wanted.vendor, wanted.case, View.PERSON)
    return _each(session, actor, every, _DECIDE[arrived], "delivery.decide", now, arrived=arrived)


def _each(
    session: Session, actor: Actor, every: Wanted, act: Act, verb: str, now: datetime,
    **data: object,
) -> tuple[int, int]:  # fmt: skip
    if grant(actor.role, Verb.BULK) is not Grant.YES:
        raise Refused(f"Many at once are for managers and admins. {NOTHING}")
    turn(session)
    query = meant(actor, every).order_by(col(Delivery.id)).limit(MOST)
    done = refused = 0
    for delivery in session.exec(query.with_for_update(of=Delivery)).all():
        try:
            act(session, actor, delivery, now)
            done += 1
        except Refused:
            refused += 1
    _audit(session, actor, verb, None, now, deliveries=done, **data)
    return done, refused


def _replay(session: Session, actor: Actor, delivery: Delivery, now: datetime) -> None:
    if delivery.state not in (State.FAILED, State.CANCELLED):
        raise Refused(f"It is {delivery.state}: only what failed can be replayed. {NOTHING}")
    if why := _over(session, delivery):
        raise Refused(f"{why} {NOTHING}")
    said(session, delivery, "replayed", actor_id=actor.id, at=now)
    delivery.state, delivery.not_before = State.PENDING.value, now
    delivery.attempts, delivery.looks, delivery.ended_at = 0, 0, None
    session.add(delivery)
    session.flush()


def _over(session: Session, delivery: Delivery) -> str | None:
    """Why it must not be sent again as it was: the vendor would have the case, or the customer
    the message, in spite of what has happened since."""
    if config.load().loopdesk_demo:
        return "A demo sends nothing."
    if delivery.payload == ERASED:
        return "What it said is gone: the person was erased, or it was too old to keep."
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


def _cancel(session: Session, actor: Actor, delivery: Delivery, now: datetime) -> None:
    if not _taken_back(session, actor, delivery, now):
        said(session, delivery, "cancelled", actor_id=actor.id, at=now)
        delivery.state, delivery.ended_at = State.CANCELLED.value, now
        delivery.last_error = "cancelled by a person"
        session.add(delivery)
        session.flush()
    if delivery.actor_id != actor.id:  # whoever wrote it counts on it
        effects.stuck(session, delivery, now)


def _taken_back(session: Session, actor: Actor, delivery: Delivery, now: datetime) -> bool:
    """Whether the reply was taken back as a step of its case, and is a draft again."""
    query = (
        select(CaseEvent, Case.number).join(Case, col(Case.id) == CaseEvent.case_id)
        .where(CaseEvent.case_id == delivery.case_id, CaseEvent.kind == Move.REPLIED)
    )  # fmt: skip
    for event, number in session.exec(query).all():
        if event.data.get("delivery_id") == delivery.id:
            try:
                undo(session, actor, number, event.id or 0, now=now)
            except Refused:  # the case has moved on: the message alone is stopped
                return False
            return True
    return False


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
