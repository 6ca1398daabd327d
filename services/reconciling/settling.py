"""What people do about a difference: send again what is missing, or leave it as it is."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.engine import turn
from db.models import Case, Delivery, Difference, ExternalRef
from services import audit, deliveries
from services.access import Actor, Refused, permitted
from services.cases import pushing
from services.domain.differences import Gap
from services.domain.retrying import State
from services.domain.roles import Verb
from services.ledger.noting import said
from services.reconciling.runs import NOTHING, leads

GONE = "it is not there any more"


@permitted(Verb.BULK)
def accept(session: Session, actor: Actor, difference_id: int, *, now: datetime) -> None:
    """Leave it as it is: the same difference is not told of again."""
    row = _held(session, actor, difference_id)
    _settle(session, actor, row, "accepted", now)
    _audit(session, actor, "difference.accept", row, now)


@permitted(Verb.BULK)
def send_again(session: Session, actor: Actor, difference_id: int, *, now: datetime) -> None:
    """What is missing there leaves once more: a case as a new push, anything else as it was."""
    row = _held(session, actor, difference_id)
    if row.kind != Gap.MISSING:
        raise Refused(f"It is there: sent again it would be there once more. {NOTHING}")
    delivery = session.get_one(
        Delivery, row.delivery_id, with_for_update=True, populate_existing=True
    )
    if delivery.state != State.SENT:
        raise Refused(f"It is {delivery.state} by now. {NOTHING}")
    said(session, delivery, actor_id=actor.id, at=now)
    delivery.state, delivery.last_error, delivery.ended_at = State.FAILED.value, GONE, now
    session.add(delivery)
    session.flush()
    if delivery.action == pushing.ACTIONS.get(delivery.vendor) and delivery.case_id:
        _push_anew(session, actor, delivery, now)
    else:
        deliveries.replay(session, actor, delivery.id or 0, now=now)
    _settle(session, actor, row, "sent_again", now)
    _audit(session, actor, "difference.send_again", row, now)


def _push_anew(session: Session, actor: Actor, delivery: Delivery, now: datetime) -> None:
    """Under a name of its own: the vendor may remember the old one, and what it is called there
    leads nowhere."""
    refs = select(ExternalRef).where(
        ExternalRef.entity == "case", ExternalRef.entity_id == delivery.case_id,
        ExternalRef.vendor == delivery.vendor,
    )  # fmt: skip
    for ref in session.exec(refs):
        session.delete(ref)
    session.flush()
    number = session.exec(select(Case.number).where(col(Case.id) == delivery.case_id)).one()
    pushing.push(session, actor, number, vendor=delivery.vendor, now=now)


def _held(session: Session, actor: Actor, difference_id: int) -> Difference:
    leads(actor)
    turn(session)
    row = session.get(Difference, difference_id, with_for_update=True, populate_existing=True)
    if row is None or row.settled_at is not None:
        raise Refused(f"Somebody has seen to it already. {NOTHING}")
    return row


def _settle(session: Session, actor: Actor, row: Difference, how: str, now: datetime) -> None:
    row.settled_at, row.settled_by, row.how = now, actor.id, how
    session.add(row)
    session.flush()


def _audit(session: Session, actor: Actor, verb: str, row: Difference, now: datetime) -> None:
    audit.record(session, actor.id, verb, now=now, entity="difference", entity_id=row.id)
