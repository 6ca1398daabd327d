"""What comes back to a case: the customer's answer, a bounce, a notice of absence."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Case, Contact, Delivery, Message
from services.access import Actor
from services.cases.journal import LONGEST, Held, keep, state_of
from services.cases.lineage import root_of
from services.cases.opening_ruled import open_about
from services.cases.verbs import promise
from services.domain import replies
from services.domain.lifecycle import UNRESOLVED, Illegal, Move, Status
from services.domain.retrying import State
from services.domain.roles import Role
from services.person_fields import norm
from services.vendors.base import Update

MAIL = Actor(None, "E-mail", Role.SUPPORT)


def take(session: Session, update: Update, now: datetime) -> str:
    """Put what came in where it belongs, once; in a word what it was.

    `answer` (it is on the case now), `bounce`, `away` (noted, nothing changes), `known` (it was
    here before), `stranger` (it answers nothing of ours).
    """
    if _known(session, update):
        return "known"
    ours = _ours(session, update)
    if ours is None:
        return "stranger"
    seq = bump(session)
    if ours.case_id is None and update.kind != "answer":
        return _of_no_case(session, ours, update, now)
    case = case_for(session, _written_on(session, ours, now))
    if update.kind == "bounce":
        return _bounced(session, case, ours, update, seq, now)
    if update.kind == "answer":
        return _answered(session, case, ours, update, seq, now)
    _message(session, case, ours, update, now)
    return "away"


def _known(session: Session, update: Update) -> bool:
    query = select(Message.id).where(Message.message_id == update.key)
    return session.exec(query).first() is not None


def _ours(session: Session, update: Update) -> Message | None:
    """The message of ours that it answers: the nearest one of its thread."""
    for key in update.thread:
        query = select(Message).where(Message.message_id == key)
        found = session.exec(query).first()
        if found is not None:
            return found
    return None


def _written_on(session: Session, ours: Message, now: datetime) -> Case:
    """The case of the message. One that a rule wrote may have none: now there is work with it."""
    if ours.case_id is None:
        number = open_about(session, MAIL, ours.response_id or 0, at=now)
        ours.case_id = session.exec(select(Case.id).where(Case.number == number)).one()
        session.add(ours)
        session.flush()
    return session.get_one(Case, ours.case_id)


def _of_no_case(session: Session, ours: Message, update: Update, now: datetime) -> str:
    """Mail of a rule came back, or found somebody away: there is no case to tell."""
    if update.kind == "bounce":
        _undelivered(session, ours, update, now)
    return update.kind


def case_for(session: Session, written_on: Case) -> Case:
    """The case itself, or the one that it was merged into. Where that is done and the same person
    (or whom that one is about) has another one open for the same reason, that one: there is one
    open case for both."""
    root = root_of(session, written_on)
    mine = select(Case).where(Case.id == root.id).with_for_update(key_share=True)
    case = session.exec(mine.execution_options(populate_existing=True)).one()
    if case.status in UNRESOLVED:
        return case
    found = (_open_like(session, one) for one in (written_on, case))
    return next((other for other in found if other is not None), case)


def _open_like(session: Session, case: Case) -> Case | None:
    """The open case of the same person for the same reason."""
    if case.contact_id is None:
        return None
    query = select(Case).where(
        Case.contact_id == case.contact_id, Case.reason_key == case.reason_key,
        col(Case.status).in_(UNRESOLVED),
    )  # fmt: skip
    return session.exec(query.with_for_update(key_share=True)).first()


def _answered(
    session: Session, case: Case, ours: Message, update: Update, seq: int, now: datetime
) -> str:
    message = _message(session, case, ours, update, now)
    held = Held(case, state_of(case), seq)
    try:
        after = replies.answered(held.state, now, promise(session, case.team_id))
    except Illegal:  # merged into another: the text is kept where it was written
        return "answer"
    keep(
        session, MAIL, held, after, Move.ANSWERED, now=now, message_id=message.id, way="email",
        reopened=held.state.status is Status.RESOLVED,
    )  # fmt: skip
    return "answer"


def _bounced(
    session: Session, case: Case, ours: Message, update: Update, seq: int, now: datetime
) -> str:
    """The mail did not arrive, and the case is told of it."""
    message = _message(session, case, ours, update, now)
    _undelivered(session, ours, update, now)
    held = Held(case, state_of(case), seq)
    try:
        after = replies.bounced(held.state, now, promise(session, case.team_id), hard=update.hard)
    except Illegal:
        return "bounce"
    keep(session, MAIL, held, after, Move.BOUNCED, now=now, message_id=message.id, hard=update.hard)
    return "bounce"


def _undelivered(session: Session, ours: Message, update: Update, now: datetime) -> None:
    """The delivery says so, and the address is not written to again."""
    contact = session.get(Contact, ours.contact_id) if ours.contact_id else None
    if update.hard and contact is not None:
        contact.bounced_email = _written_to(session, ours) or contact.email_norm
        session.add(contact)
    query = select(Delivery).where(Delivery.message_id == ours.id).with_for_update()
    for delivery in session.exec(query):
        if update.hard and delivery.state in (State.SENDING, State.SENT, State.UNKNOWN):
            delivery.state, delivery.look_at = State.FAILED.value, None
            delivery.leased_by, delivery.ended_at = None, now  # who sends it finds it decided
            delivery.last_error = "the mail came back: the address does not take it"
            session.add(delivery)


def _written_to(session: Session, ours: Message) -> str:
    """The address that the mail went to: the person may have another one by now."""
    query = select(Delivery.payload).where(Delivery.message_id == ours.id)
    sent = session.exec(query).first() or {}
    return norm(str((sent.get("to") or {}).get("address") or ""))


def _message(session: Session, case: Case, ours: Message, update: Update, now: datetime) -> Message:
    made = Message(
        case_id=case.id or 0, kind="inbound", way="email", contact_id=ours.contact_id,
        subject=update.subject[:200] or None, body=update.text[:LONGEST] or None,
        message_id=update.key, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made
