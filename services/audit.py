"""The audit trail: who did what to which row. Ids and counts only, never texts or addresses."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from db.models import Audit


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
