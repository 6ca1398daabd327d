"""What somebody is typing on a case: kept as they type, until it is sent or thrown away."""

from datetime import datetime

from sqlmodel import Session, select

from db.models import Draft
from services.access import Actor, permitted
from services.cases.journal import LONGEST, seen
from services.domain.roles import Verb

KINDS = ("note", "contact")


@permitted(Verb.WORK_CASES)
def save(
    session: Session, actor: Actor, number: int, *, kind: str, body: str, now: datetime
) -> None:
    """Keep what was typed so far; nothing typed, nothing kept.

    No page shows another person's draft, so the data version stays.
    """
    case = seen(session, actor, number)
    if actor.id is None or kind not in KINDS:
        return
    key = {"user_id": actor.id, "case_id": case.id or 0, "kind": kind}
    row = session.get(Draft, key)
    if not body.strip():
        if row is not None:
            session.delete(row)
        return
    row = row or Draft(user_id=actor.id, case_id=case.id or 0, kind=kind, body="", updated_at=now)
    row.body, row.updated_at = body.replace("\0", "")[: LONGEST * 2], now
    session.add(row)
    session.flush()


@permitted(Verb.WORK_CASES)
def mine(session: Session, actor: Actor, number: int) -> dict[str, str]:
    """One's own drafts on a case, by kind."""
    case = seen(session, actor, number)
    query = select(Draft.kind, Draft.body).where(
        Draft.user_id == actor.id, Draft.case_id == case.id
    )
    return dict(session.exec(query).all())


def drop(session: Session, actor: Actor, case_id: int, kind: str) -> None:
    """What was typed is sent."""
    row = actor.id and session.get(Draft, {"user_id": actor.id, "case_id": case_id, "kind": kind})
    if row:
        session.delete(row)
