"""Erase a person: words, name, address and messages go, scores, dates, counts and cases stay."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump
from db.forgetting import index_anew
from db.models import Contact, Delivery
from services import audit
from services.access import Actor, Refused, permitted
from services.domain.retrying import State
from services.domain.roles import Verb
from services.erasing import preview, removing
from services.erasing.preview import Preview
from services.erasing.theirs import DELIVERY, NOTHING, Theirs, seen
from services.ledger.noting import said
from services.outbox import effects
from services.retention import holding


@permitted(Verb.ERASE)
def erase(
    session: Session, actor: Actor, contact_id: int, *, now: datetime, last: bool = True
) -> Preview:
    """Remove for good what the desk holds of the person; what was removed, in counts.

    The row stays without a name, so that every figure stays as it is. Whoever comes with the same
    address later is somebody new. Refused while a message to or about them is being sent.
    Whoever erases many has the index of the search forget their words with the `last` one.
    """
    seq = bump(session)  # before any row, as every writer does
    person = seen(session, actor, contact_id, lock=True)
    if why := holding.reason_for(session, person):
        raise Refused(f"They are on hold: {why}. {NOTHING}")
    theirs = Theirs(session, person)
    waiting = _waiting(session, theirs, now)
    found = preview.told(session, theirs)
    for delivery in waiting:
        said(session, delivery, "cancelled", actor_id=actor.id, at=now)
        delivery.state, delivery.ended_at = State.CANCELLED.value, now
        session.add(delivery)
    session.flush()
    removing.everything(session, theirs, seq, now)
    if last:
        index_anew(session)
    _nobody(person, now)
    session.add(person)
    session.flush()
    session.expire_all()  # rows in hand would still say what is gone
    for delivery in waiting:  # whoever wrote it counts on it
        effects.stuck(session, delivery, now)
    audit.record(
        session, actor.id, "contact.erase", now=now, entity="contact", entity_id=contact_id,
        cases=len(found.cases), **found.counts,
    )  # fmt: skip
    return found


def _waiting(session: Session, theirs: Theirs, now: datetime) -> list[Delivery]:
    """What has not left, locked. What a dead worker held may have left: a person decides."""
    ids = sa.select(DELIVERY.c.id).where(theirs.deliveries)
    states = (State.PENDING.value, State.SENDING.value, State.UNKNOWN.value)
    query = select(Delivery).where(col(Delivery.id).in_(ids), col(Delivery.state).in_(states))
    waiting = []
    for delivery in session.exec(query.with_for_update()):
        if delivery.state == State.PENDING:
            waiting.append(delivery)
            continue
        if delivery.state == State.SENDING and delivery.lease_until and delivery.lease_until >= now:
            raise Refused(f"A message is leaving at this moment: try again in a minute. {NOTHING}")
        said(session, delivery, at=now)
        delivery.state, delivery.look_at = State.UNKNOWN.value, None
        delivery.leased_by = None
        session.add(delivery)
    return waiting


def _nobody(person: Contact, now: datetime) -> None:
    """Account, role and population stay: they are what the answers are counted by."""
    person.name = person.email = person.email_norm = None
    person.external_id = person.bounced_email = person.language = None
    person.props, person.erased_at = {}, now
