"""The steps of one delivery as the ledger has them: what, when, by whom and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from db.models import CaseEvent, Delivery, DeliveryAttempt, Ledger, User
from services.access import Actor, permitted
from services.cases import words
from services.cases.names import zone_of
from services.domain.roles import Verb
from services.insights.delivery_rows import Wanted, meant

SHORT = 12  # characters of the HMAC of what was sent, which tell it from others
TRIED = {"pending": "tried: it did not leave", "unknown": "tried: it may have arrived"}
DECIDED = {
    "sent": "said that it arrived", "pending": "said that it did not arrive: sent again",
    "cancelled": "said that it did not arrive",
}  # fmt: skip
BY = {"cancelled": "cancelled", "replayed": "sent again", "owed": "owed"}


@dataclass(frozen=True)
class Step:
    """One row of the ledger. `why` is the step of the case that it follows from, in words.

    `said` is what the vendor answered: foreign text, which the ledger itself does not hold.
    """

    seq: int
    at: datetime
    kind: str
    state: str
    who: str
    why: str
    said: str | None
    hmac: str


@permitted(Verb.SEE)
def steps(session: Session, actor: Actor, delivery_id: int) -> list[Step]:
    """Every step of a delivery, the first one first; none where it may not be seen."""
    seen = meant(actor, Wanted()).where(Delivery.id == delivery_id)
    query = (
        select(Ledger, DeliveryAttempt.error)
        .outerjoin(DeliveryAttempt, col(DeliveryAttempt.id) == Ledger.attempt_id)
        .where(col(Ledger.delivery_id).in_(seen.with_only_columns(col(Delivery.id))))
        .order_by(col(Ledger.seq))
    )
    found = session.exec(query).all()
    who = _people(session, {row.actor_id for row, _ in found} - {None})
    why = _because(session, actor, {row.why.get("event_id") for row, _ in found} - {None})
    return [
        Step(
            row.seq, row.at, row.kind, row.state, who.get(row.actor_id, ""),
            why.get(row.why.get("event_id"), ""), said, (row.payload_hmac or "")[:SHORT],
        )
        for row, said in found
    ]  # fmt: skip


def stepped(step: Step) -> str:
    """What happened, in words of our own and names of people here."""
    if step.kind == "attempt":
        return TRIED.get(step.state, f"tried: {step.state}")
    if step.kind == "decided":
        return f"{step.who or 'a person'} {DECIDED.get(step.state, step.state)}"
    if step.kind == "changed":
        return f"changed before it left{_since(step)}"
    if step.kind == "taken_over":
        return f"{step.state}, from before there was a ledger"
    if step.kind == "moved":
        return f"now {step.state}"
    by = f" by {step.who}" if step.who and not step.why else ""
    return f"{BY.get(step.kind, step.kind)}{by}{_since(step)}"


def _since(step: Step) -> str:
    return f", because {step.why}" if step.why else ""


def _people(session: Session, ids: set[int | None]) -> Mapping[int | None, str]:
    query = select(User.id, User.name).where(col(User.id).in_(ids))
    return dict(session.exec(query).all())


def _because(session: Session, actor: Actor, ids: set[int | None]) -> Mapping[int | None, str]:
    query = select(CaseEvent).where(col(CaseEvent.id).in_(ids)).order_by(col(CaseEvent.id))
    events = session.exec(query).all()
    if not events:
        return {}
    told = words.sentences(session, events, zone_of(session, actor))
    return {event.id: text.rstrip(".") for event, text in zip(events, told, strict=True)}
