"""What a rule writes to a customer: a template, filled in, as mail that says it is automatic."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.models import Ask, Contact, Delivery, Message, RuleFiring, Template
from services import integrations, settings, templates
from services.access import Actor
from services.domain import merge
from services.domain.rules.actions import Action
from services.domain.rules.facts import Facts
from services.mail import compose
from services.outbox.owing import owe, public_key


def write(
    session: Session, actor: Actor, firing: RuleFiring, action: Action, facts: Facts,
    now: datetime,
) -> Message | None:  # fmt: skip
    """Owe the message, and keep that a favour was asked for. None: the template cannot be filled
    in for this answer, so nothing is sent. Once an answer, whatever happens."""
    contact = session.get_one(Contact, facts.contact_id)
    template = merge.of_language(shared(session, action.template), contact.language)
    if template is None:
        return None
    desk = Actor(None, str(settings.get(session, "desk_name")), actor.role)
    about = (facts.response_id, facts.contact_id, facts.account_id)
    values = templates.values_of(session, desk, *about)
    subject, text = (merge.merged(one, values) for one in (template.subject, template.body))
    if subject.missing or text.missing:
        return None
    message = Message(
        response_id=facts.response_id, case_id=firing.case_id, kind="auto", way="email",
        contact_id=contact.id, template_id=template.id, body=text.text, created_at=now,
        subject=" ".join(subject.text.split()) or f"Your feedback to {desk.name}",
    )  # fmt: skip
    session.add(message)
    session.flush()
    _owe(session, message, contact, desk.name, now)
    if action.favour is not None:
        session.add(Ask(contact_id=contact.id or 0, case_id=firing.case_id,
                        kind=action.favour.value, at=now))  # fmt: skip
    session.flush()
    return message


def shared(session: Session, name: str) -> Sequence[Template]:
    """The template of this name in the languages that there are; of everybody's."""
    query = select(Template).where(
        Template.name == name, col(Template.retired_at).is_(None), col(Template.shared)
    )
    return session.exec(query.order_by(col(Template.id))).all()


def _owe(
    session: Session, message: Message, contact: Contact, name: str, now: datetime
) -> Delivery:
    config = integrations.connected(session)["email"].config
    domain = compose.domain(str(config.get("from_address", "")))
    message.message_id = f"<{public_key(f'message {message.id}')}@{domain}>"
    body: dict[str, Any] = {
        "to": {"name": contact.name or "", "address": contact.email}, "from_name": name,
        "subject": message.subject, "text": message.body, "message_id": message.message_id,
        "in_reply_to": None, "references": [],
    }  # fmt: skip
    return owe(
        session, key=f"auto:{message.response_id}", vendor="email", action="auto", body=body,
        now=now, case_id=message.case_id, message_id=message.id,
    )  # fmt: skip
