"""What people here know better than the file that a contact came from: may we write, and where."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from db.engine import bump
from db.models import Contact
from services import audit
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.insights.people import contact_seen
from services.person_fields import address, norm

NOTHING = "Nothing was changed."


@permitted(Verb.WORK_CASES)
def leave_alone(
    session: Session, actor: Actor, contact_id: int, *, on: bool, now: datetime
) -> None:
    """Whether the person must not be contacted. What is on its way to them is stopped."""
    person = _locked(session, actor, contact_id)
    person.do_not_contact = on
    session.add(person)
    audit.record(
        session, actor.id, "contact.leave_alone" if on else "contact.may_contact", now=now,
        entity="contact", entity_id=contact_id,
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def move(session: Session, actor: Actor, contact_id: int, *, email: str, now: datetime) -> None:
    """The person's address from now on; that mail to the old one came back is over with it."""
    person = _locked(session, actor, contact_id)
    given = address(session, email)
    person.email, person.email_norm, person.bounced_email = given, norm(given), None
    session.add(person)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        raise Refused(f"Somebody else has this address. {NOTHING}") from None
    audit.record(
        session, actor.id, "contact.address", now=now, entity="contact", entity_id=contact_id
    )


def _locked(session: Session, actor: Actor, contact_id: int) -> Contact:
    bump(session)  # before the row, as every writer does
    person = session.get(Contact, contact_id, with_for_update=True, populate_existing=True)
    if person is None or not contact_seen(session, actor, person):
        raise Refused(f"There is no such person here. {NOTHING}")
    if person.erased_at:
        raise Refused(f"The person was erased. {NOTHING}")
    return person
