"""Hand a case to a vendor: on its way from now on, and seen on the case until it is there."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from db.models import Case, Contact, Delivery, Integration
from services import integrations, settings
from services.access import Actor, Refused, permitted
from services.cases.card import card
from services.cases.journal import NOTHING, Done, held, keep, legal, seen
from services.cases.replying import why_silent
from services.domain import replies
from services.domain.lifecycle import Move
from services.domain.retrying import State
from services.domain.roles import Verb
from services.outbox.owing import lane, owe, public_key, still_open, thread_of
from services.vendors import title
from services.vendors.base import Message, VendorError

ACTIONS = {
    "zendesk": "ticket", "intercom": "conversation", "salesforce": "case", "slack": "post",
    "webhook": "event",
}  # fmt: skip
PRIORITIES = ((96, "urgent"), (48, "high"), (1, "normal"))  # hours of the case's reasons, at least


@permitted(Verb.WORK_CASES)
def push(session: Session, actor: Actor, number: int, *, vendor: str, now: datetime) -> Done:
    """Owe the case to this vendor; refused where it has the case or will have it."""
    case = held(session, actor, number, None)
    _refuse(session, case.case, vendor)
    with legal():
        after = replies.pushed(case.state)
    delivery = owe(
        session, key=_key(session, case.case, vendor), vendor=vendor, action=ACTIONS[vendor],
        body=_body(session, case.case, vendor, now), now=now, case_id=case.case.id,
        lane=lane(vendor, case.case.id or 0), actor_id=actor.id,
    )  # fmt: skip
    return keep(
        session, actor, case, after, Move.PUSHED, now=now, vendor=vendor, delivery_id=delivery.id
    )


@permitted(Verb.WORK_CASES)
def preview(
    session: Session, actor: Actor, number: int, *, vendor: str, now: datetime
) -> dict[str, Any]:
    """Exactly what a push sends there, also where the vendor has the case; Refused says why
    nothing can be shown."""
    case = seen(session, actor, number)
    if vendor not in ACTIONS or vendor not in integrations.connected(session):
        _refuse(session, case, vendor)
    message = Message(
        public_key(_key(session, case, vendor)), ACTIONS[vendor],
        _body(session, case, vendor, now),
    )  # fmt: skip
    try:
        return integrations.built(session, vendor).payload(message)
    except VendorError as error:
        raise Refused(f"{title(vendor)} cannot take it: {error}.") from None


@permitted(Verb.WORK_CASES)
def choices(session: Session, actor: Actor, number: int) -> list[tuple[str, str]]:
    """Where the case may go now: name and title of the vendors that are connected and lack it."""
    case = seen(session, actor, number)
    found = [name for name in ACTIONS if name in integrations.connected(session)]
    return [(name, title(name)) for name in found if why_not(session, case, name) is None]


def _refuse(session: Session, case: Case, vendor: str) -> None:
    if vendor not in ACTIONS:
        raise Refused(f"Cases do not go to {title(vendor)}. {NOTHING}")
    if why := why_not(session, case, vendor):
        raise Refused(f"{why} {NOTHING}")


def why_not(session: Session, case: Case, vendor: str) -> str | None:
    """Why the case does not go to this vendor now, if it does not."""
    if session.get(Integration, vendor) is None:
        return f"{title(vendor)} is not connected: an admin can do that."
    if vendor == "intercom" and (silent := _silent(session, case)):
        return f"{silent} They could read a conversation in Intercom."
    if thread_of(session, vendor, case.id):
        return f"{title(vendor)} has the case already."
    pushes = select(Delivery.id).where(
        Delivery.lane == lane(vendor, case.id or 0), Delivery.action == ACTIONS[vendor]
    )
    if session.exec(pushes.where(still_open(Delivery.state))).first() is not None:
        return f"It is on its way to {title(vendor)} already."
    # A person says that it arrived, and nobody knows under which name: twice would be worse.
    sent = pushes.where(Delivery.state == State.SENT)
    if vendor == "intercom" and session.exec(sent).first() is not None:
        return f"{title(vendor)} has the case already."
    return None


def _silent(session: Session, case: Case) -> str | None:
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    return why_silent(session, case.response_id, contact) if contact else None


def _key(session: Session, case: Case, vendor: str) -> str:
    """The n-th push of a case to a vendor: a further one only after the last came to nothing."""
    query = select(func.count()).where(
        Delivery.case_id == case.id, Delivery.vendor == vendor, Delivery.action == ACTIONS[vendor],
        col(Delivery.state).in_((State.SENT, State.CANCELLED, State.FAILED)),
    )  # fmt: skip
    return f"{vendor}:{ACTIONS[vendor]}:{case.id}:{session.exec(query).one() + 1}"


def _body(session: Session, case: Case, vendor: str, now: datetime) -> dict[str, Any]:
    told = card(session, case, now.astimezone(settings.reporting_zone(session)).date())
    body: dict[str, Any] = {"card": told}
    if vendor == "webhook":
        return body | {"type": "case.pushed", "at": now.isoformat()}
    if vendor == "slack":
        return body
    if vendor == "intercom":  # the customer reads it: their own words, and nothing of ours
        return body | {"text": told["comment"] or ""}
    who = (told["contact"] or {}).get("name") or (told["account"] or {}).get("name") or "a customer"
    text = _text(told)
    priority = next((word for least, word in PRIORITIES if case.priority >= least), "low")
    subject = f"Feedback of {who}: {told['score']}"
    tags = ["loopdesk", *(["detractor"] if told["band"] == "detractor" else [])]
    return body | {"subject": subject, "text": text, "tags": tags, "priority": priority}


def _text(told: dict[str, Any]) -> str:
    """What the customer said, and where the case stands, for people who read it there."""
    said = told["comment"] or "(without a comment)"
    score = f"{(told['metric'] or '').upper()} {told['score']} (scale {told.get('scale')})"
    why = "; ".join(told["reasons"])
    lines = [said, "", score, f"Case {told['number']}: {told['link']}", why and f"Why now: {why}"]
    return "\n".join(line for line in lines if line is not None).rstrip()
