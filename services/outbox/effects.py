"""What follows from a delivery that ended: the case learns of it, and whoever waits for it."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.engine import turn
from db.models import Case, Delivery, ExternalRef, Integration, User
from services import calendars, notices
from services.access import Actor, actor_for
from services.cases import journal
from services.cases.lineage import root_of
from services.domain import lifecycle
from services.domain.lifecycle import Move
from services.domain.roles import Role
from services.vendors import title
from services.vendors.base import Receipt

# What reaches the customer, and so is a contact.
CONTACTS = {("email", "reply"), ("zendesk", "reply"), ("intercom", "reply")}


def before(session: Session, vendor: str, action: str) -> None:
    """Where the case will change, take the data version before any row, as every writer does."""
    if (vendor, action) in CONTACTS:
        turn(session)


def sent(
    session: Session, delivery: Delivery, receipt: Receipt, now: datetime,
    left: datetime | None = None,
) -> None:  # fmt: skip
    """Keep what the vendor calls the case; a reply that left is a contact with the customer, made
    when it `left`."""
    if receipt.thread and delivery.case_id:
        _called(session, delivery, receipt.thread)
    if (delivery.vendor, delivery.action) in CONTACTS and delivery.case_id:
        _contacted(session, delivery, now, left or now)


def stuck(session: Session, delivery: Delivery, now: datetime) -> None:
    """It was given up, or nobody knows: whoever caused it hears of it."""
    if delivery.actor_id and delivery.action != "notice":
        notices.tell(
            session, delivery.actor_id, "failed", now=now, case_id=delivery.case_id,
            about=f"delivery {delivery.id} {delivery.state} {delivery.attempts}",
            vendor=delivery.vendor, state=delivery.state,
        )  # fmt: skip


def down(session: Session, vendor: Integration, now: datetime) -> None:
    """The admins hear that a vendor does not take messages."""
    query = select(User.id).where(User.role == Role.ADMIN, col(User.disabled_at).is_(None))
    for admin in session.exec(query):
        notices.tell(
            session, admin or 0, "vendor", now=now, vendor=vendor.name,
            about=f"vendor {vendor.name} {admin} {now:%Y-%m-%dT%H}", broken=bool(vendor.broken_at),
        )  # fmt: skip


def _called(session: Session, delivery: Delivery, thread: str) -> None:
    same = select(ExternalRef).where(
        ExternalRef.entity == "case", ExternalRef.vendor == delivery.vendor,
        ExternalRef.remote_id == thread,
    )  # fmt: skip
    if session.exec(same).first() is None:
        session.add(
            ExternalRef(
                entity="case", entity_id=delivery.case_id or 0, vendor=delivery.vendor,
                remote_id=thread,
            )
        )  # fmt: skip
        session.flush()


def _contacted(session: Session, delivery: Delivery, now: datetime, left: datetime) -> None:
    written_on = session.get_one(Case, delivery.case_id)
    case = root_of(session, written_on)
    if case.contact_id != written_on.contact_id:  # merged meanwhile: it is about somebody else now
        return
    held = journal.held(session, _author(session, delivery), case.number, None)
    calendar = calendars.calendar_of(session, held.state.team_id)
    after = lifecycle.contacted(held.state, left, calendar)
    journal.keep(
        session, _author(session, delivery), held, after, Move.CONTACTED, now=now,
        way=delivery.vendor, reached=left.isoformat(), delivery_id=delivery.id,
        message_id=delivery.message_id,
    )  # fmt: skip


def _author(session: Session, delivery: Delivery) -> Actor:
    """Who wrote it; what was theirs to write they may see the end of, whatever they see now."""
    user = session.get(User, delivery.actor_id) if delivery.actor_id else None
    if user is None:
        return Actor(None, title(delivery.vendor), Role.SUPPORT)
    return Actor(user.id, user.name, actor_for(session, user).role, None, user.team_id)
