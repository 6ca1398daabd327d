"""Asking customers for favours: whom, how often, and what came of it.

A person is asked for one thing at a time and not soon again. The steps of a play record it
(`services.cases.playing`); nothing is sent from here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from db.models import Ask, Case, Contact, Response, User
from services import settings
from services.access import Actor, Refused, permitted
from services.domain.lifecycle import UNRESOLVED
from services.domain.opening import FOLLOW_UP
from services.domain.plays import Favour, Reply
from services.domain.roles import Verb
from services.insights.people import contact_seen


@dataclass(frozen=True)
class Asked:
    """One asking that stands: for what, when, by whom, and what came of it."""

    id: int
    favour: Favour
    at: datetime
    by: str | None
    reply: Reply | None
    case_id: int | None


@permitted(Verb.SEE)
def of_contact(session: Session, actor: Actor, contact_id: int) -> tuple[Asked, ...]:
    """What a person was asked for, the latest first; nothing of who may not be seen."""
    person = session.get(Contact, contact_id)
    if person is None or not contact_seen(session, actor, person):
        return ()
    query = (
        select(Ask, User.name)
        .outerjoin(User, col(User.id) == Ask.asked_by)
        .where(Ask.contact_id == contact_id, col(Ask.undone_at).is_(None))
        .order_by(col(Ask.at).desc(), col(Ask.id).desc())
    )
    return tuple(_asked(row, name) for row, name in session.exec(query))


def why_not(
    session: Session, contact_id: int | None, favour: Favour, now: datetime, *, seen: Actor,
    besides: int | None = None,
) -> str | None:  # fmt: skip
    """Why the person may not be asked for this now, as a sentence; None where they may.

    `besides` is an asking that is not looked at: one that is about to stand again.
    """
    person = session.get(Contact, contact_id) if contact_id else None
    if person is None:
        return "Nobody knows who answered."
    if person.erased_at or person.do_not_contact:
        return "The person was erased." if person.erased_at else "The person must not be contacted."
    if _declined(session, person.id):
        return "The person declined a follow-up."
    return _unhappy(session, person.id, seen) or _too_soon(session, person.id, favour, now, besides)


def record(
    session: Session, case: Case, favour: Favour, asked_by: int | None, now: datetime
) -> Ask:
    """Keep that the person of the case was asked; the caller has made sure that they may be."""
    ask = Ask(
        contact_id=case.contact_id or 0, case_id=case.id, kind=favour.value, asked_by=asked_by,
        at=now,
    )  # fmt: skip
    session.add(ask)
    session.flush()
    return ask


def standing(session: Session, case_id: int | None, favour: Favour) -> Ask | None:
    """The asking for this that was made on this case and stands."""
    query = select(Ask).where(
        Ask.case_id == case_id, Ask.kind == favour.value, col(Ask.undone_at).is_(None)
    )
    return session.exec(query.order_by(col(Ask.id).desc())).first()


def follow(session: Session, data: dict[str, object], turns: int, now: datetime) -> None:
    """An event of a play is taken back, or (every other turn) put in again: so is its asking."""
    told = data.get("ask")
    ask = session.get(Ask, told["id"]) if isinstance(told, dict) else None
    if ask is None or not isinstance(told, dict):
        return
    side = turns % 2
    if "stands" in told:
        _stand(session, ask, bool(told["stands"][side]), now)
    if "result" in told:
        ask.result = told["result"][side]
        ask.result_at = now if ask.result else None
    session.add(ask)


def _stand(session: Session, ask: Ask, stands: bool, now: datetime) -> None:
    if stands:
        refused = _too_soon(session, ask.contact_id, Favour(ask.kind), now, ask.id)
        if refused is not None:
            raise Refused(f"{refused} Nothing was changed.")
    ask.undone_at = None if stands else now


def _declined(session: Session, contact_id: int | None) -> bool:
    """What their last answer says holds."""
    query = select(Response.followup).where(Response.contact_id == contact_id)
    order = col(Response.answered_at).desc(), col(Response.id).desc()
    return session.exec(query.order_by(*order).limit(1)).first() == "declined"


def _unhappy(session: Session, contact_id: int | None, seen: Actor) -> str | None:
    query = select(Case).where(
        Case.contact_id == contact_id, Case.reason_key != FOLLOW_UP,
        col(Case.status).in_(UNRESOLVED),
    )  # fmt: skip
    case = session.exec(query).first()
    if case is None:
        return None
    which = f"Case {case.number}" if seen.sees(case.unit_id) else "A case in another unit"
    return f"{which} about a low answer of this person is open: solve that first."


def _too_soon(
    session: Session, contact_id: int | None, favour: Favour, now: datetime, besides: int | None
) -> str | None:
    """The cap: one favour of any kind in a while, the same one in a longer while."""
    anything = timedelta(days=int(settings.get(session, "ask_any_days")))
    same = timedelta(days=int(settings.get(session, "ask_same_days")))
    query = select(Ask).where(
        Ask.contact_id == contact_id, col(Ask.undone_at).is_(None), Ask.id != besides,
        Ask.at > now - max(anything, same),
    )  # fmt: skip
    made = [
        (ask.at + (max(anything, same) if ask.kind == favour else anything), ask)
        for ask in session.exec(query)
    ]
    until, last = max(made, key=lambda pair: pair[0], default=(now, None))
    if last is None or until <= now:
        return None
    zone = settings.reporting_zone(session)
    asked, free = last.at.astimezone(zone), until.astimezone(zone)
    what = Favour(last.kind).label
    return f"They were asked for a {what} on {asked:%d %b %Y}; again from {free:%d %b %Y} on."


def _asked(row: Ask, name: str | None) -> Asked:
    return Asked(
        row.id or 0, Favour(row.kind), row.at, name, Reply(row.result) if row.result else None,
        row.case_id,
    )  # fmt: skip
