"""The audit trail: who did what to which row. Ids and counts only, never texts or addresses."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.models import Audit, User
from services.access import Actor, permitted
from services.domain.roles import Verb


def record(
    session: Session,
    actor_id: int | None,
    verb: str,
    *,
    now: datetime,
    entity: str = "",
    entity_id: int | None = None,
    **data: Any,
) -> None:
    """Add one line to the trail, in the caller's transaction."""
    session.add(
        Audit(at=now, actor_id=actor_id, verb=verb, entity=entity, entity_id=entity_id, data=data)
    )
    session.flush()


@permitted(Verb.READ_AUDIT)
def entries(
    session: Session, actor: Actor, *, before_id: int | None = None, limit: int = 100
) -> list[tuple[Audit, str]]:
    """The newest entries before `before_id`, each with the name of who did it."""
    query = select(Audit, User.name).outerjoin(User, col(User.id) == Audit.actor_id)
    if before_id is not None:
        query = query.where(col(Audit.id) < before_id)
    rows = session.exec(query.order_by(col(Audit.id).desc()).limit(limit)).all()
    return [(entry, name or "the desk") for entry, name in rows]
