"""Reply to the customer: written on the case, on its way from now on, and ours to take back
until it leaves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.models import Case, CaseEvent, Contact, Delivery, Integration, Message, Response
from services import calendars, integrations, settings
from services.access import Actor, Refused, permitted
from services.cases import drafts, sending, verbs
from services.cases.journal import NOTHING, Done, Held, held, keep, legal, seen
from services.domain import lifecycle, merge, replies
from services.domain.lifecycle import Move, State
from services.domain.roles import Verb
from services.mail import compose
from services.outbox.owing import lane, owe, public_key, thread_of, withdraw
from services.vendors import title

WAYS = ("email", "zendesk", "intercom")
THEN = {"": "Send", "wait": "Send and wait", "resolve": "Send and resolve"}
LONGEST_SUBJECT = 200  # characters


@dataclass(frozen=True)
class Way:
    """A way on which the customer can be reached from this case; `why_not` where they cannot."""

    name: str
    title: str
    to: str
    why_not: str | None


@permitted(Verb.WORK_CASES)
def ways(session: Session, actor: Actor, number: int) -> list[Way]:
    """The ways of replying: those that are open, and why the others are not."""
    case = seen(session, actor, number)
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    return [_way(session, case, contact, name) for name in WAYS]


@permitted(Verb.WORK_CASES)
def reply(
    session: Session, actor: Actor, number: int, *, way: str, body: str, now: datetime,
    subject: str = "", then: str = "", outcome: str = "", root_cause_id: int | None = None,
    template_id: int | None = None, once: str | None = None,
) -> Done:  # fmt: skip
    """Send `body` to the customer, after the time in which it can be taken back.

    `then` is "", "wait" (the clock stops until they answer) or "resolve" (with an outcome and a
    root cause): it happens now, with the reply as one step, and is taken back with it.
    Refused where the person may not or cannot be contacted: nothing is sent, nothing changes.
    """
    text = verbs.text_of(body, "A reply says something.")
    if (done := sending.before(session, actor, number, Move.REPLIED, once)) is not None:
        return done
    _refuse_unfilled(f"{subject}\n{text}")
    case = held(session, actor, number, None)
    contact = _reachable(session, case.case, way)
    after, data = _after(session, case, then, now, outcome, root_cause_id)
    message = _message(session, actor, case.case, contact, text, now)
    message.way, message.template_id, message.subject = way, template_id, _line(subject)
    body_out = _body(session, actor, case.case, contact, message)
    session.add(message)
    hold = timedelta(seconds=int(settings.get(session, "undo_seconds")))
    delivery = owe(
        session, key=f"{way}:reply:{message.id}", vendor=way, action="reply", body=body_out,
        now=now, hold=hold, case_id=case.case.id, message_id=message.id, actor_id=actor.id,
        lane=None if way == "email" else lane(way, case.case.id or 0),
    )  # fmt: skip
    drafts.drop(session, actor, case.case.id or 0, "reply")
    data |= {"message_id": message.id, "way": way, "delivery_id": delivery.id}
    data |= sending.told(once)
    return keep(session, actor, case, after, Move.REPLIED, now=now, **data)


def why_silent(session: Session, response_id: int | None, contact: Contact | None) -> str | None:
    """Why nobody may write to this person about this answer."""
    if contact is None:
        return "Nobody knows who answered: there is no person to write to."
    if contact.erased_at:
        return "The person was erased."
    if contact.do_not_contact:
        return "The person must not be contacted."
    query = select(Response.followup).where(Response.id == response_id)
    if session.exec(query).first() == "declined":
        return "The person declined a follow-up."
    return None


def _way(session: Session, case: Case, contact: Contact | None, name: str) -> Way:
    why = why_silent(session, case.response_id, contact)
    to = (contact and contact.email) or ""
    if name != "email":
        to = thread_of(session, name, case.id) or ""
    if why is None:
        why = _cannot(session, contact, name, to)
    return Way(name, title(name), to, why)


def _cannot(session: Session, contact: Contact | None, name: str, to: str) -> str | None:
    if session.get(Integration, name) is None:
        return f"{title(name)} is not connected: an admin can do that."
    if name != "email":
        return None if to else f"Push the case to {title(name)} first."
    if not to:
        return "The person left no address."
    if contact and contact.bounced_email and contact.bounced_email == contact.email_norm:
        return "Mail to this address came back: ask for another one."
    return None


def _reachable(session: Session, case: Case, way: str) -> Contact:
    if way not in WAYS:
        raise Refused(f"A reply goes by {', '.join(map(title, WAYS))}. {NOTHING}")
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    found = _way(session, case, contact, way)
    if found.why_not or contact is None:
        raise Refused(f"{found.why_not} Nothing was sent. {NOTHING}")
    return contact


def _refuse_unfilled(text: str) -> None:
    """A customer does not read our merge fields."""
    left = [name for name in merge.fields(text) if name in merge.FIELDS]
    if left:
        raise Refused(f"{{{{{left[0]}}}}} still stands in it: write what belongs there. {NOTHING}")


def _after(
    session: Session, case: Held, then: str, now: datetime, outcome: str, cause_id: int | None
) -> tuple[State, dict[str, Any]]:
    """The state that the reply leaves behind, and what the journal says of it."""
    with legal():
        state = replies.replied(case.state)
        if then == "wait":
            return lifecycle.waited(state, now), {"then": then}
        if then == "resolve":
            ended = verbs.ending(session, outcome, cause_id)
            calendar = calendars.calendar_of(session, state.team_id)
            return lifecycle.resolved(
                state, now, calendar, outcome=ended, root_cause_id=cause_id or 0
            ), {"then": then}  # fmt: skip
    if then:
        raise Refused(f"After a reply a case waits or is resolved. {NOTHING}")
    return state, {}


def _message(
    session: Session, actor: Actor, case: Case, contact: Contact, text: str, now: datetime
) -> Message:
    made = Message(
        case_id=case.id or 0, kind="reply", author_id=actor.id, contact_id=contact.id, body=text,
        created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _line(subject: str) -> str | None:
    return " ".join(subject.replace("\0", "").split())[:LONGEST_SUBJECT] or None


def _body(
    session: Session, actor: Actor, case: Case, contact: Contact, message: Message
) -> dict[str, Any]:
    if message.way != "email":
        return {"text": message.body}
    before = _earlier(session, case, contact)
    row = integrations.connected(session)["email"]
    domain = compose.domain(str(row.config.get("from_address", "")))
    message.message_id = f"<{public_key(f'message {message.id}')}@{domain}>"
    return {
        "to": {"name": contact.name or "", "address": contact.email},
        "from_name": actor.name, "subject": message.subject or subject_of(case.number),
        "text": message.body,
        "message_id": message.message_id, "in_reply_to": before[-1] if before else None,
        "references": before,
    }  # fmt: skip


def subject_of(number: int) -> str:
    """What a mail is called to which nobody gave a subject."""
    return f"Your feedback (case {number})"


def _earlier(session: Session, case: Case, contact: Contact) -> list[str]:
    """The ids of the mails of this conversation, the first one first (RFC 5322, References)."""
    query = (
        select(Message.message_id)
        .where(
            Message.case_id == case.id,
            Message.contact_id == contact.id,
            col(Message.message_id).is_not(None),
            col(Message.undone_at).is_(None),
        )
        .order_by(col(Message.id))
    )
    return [found for found in session.exec(query) if found][-20:]


def take_back(session: Session, event: CaseEvent, now: datetime, by: int | None) -> None:
    """The reply of this event does not leave. Refused where it has left."""
    delivery = session.get(Delivery, event.data["delivery_id"])
    if delivery is None or not withdraw(session, delivery, "taken back", now, by):
        raise Refused(f"It has left: what was sent cannot be taken back. {NOTHING}")
