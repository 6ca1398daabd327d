"""Surveys: found by name, made on first use; two who make the same one at once make one."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import insert_ignore
from db.models import Survey, metadata
from services.domain.scores import Direction, Metric, Scale, scale_warning

SURVEY: sa.Table = metadata.tables["survey"]


def named(session: Session, name: str) -> Survey | None:
    """The survey of this name."""
    return session.exec(select(Survey).where(Survey.name == name)).first()


def made(
    session: Session,
    name: str,
    metric: Metric,
    scale: Scale,
    direction: Direction,
    *,
    now: datetime,
) -> Survey:
    """The survey of this name, made like this unless somebody made it meanwhile."""
    values = {
        "name": name, "metric": metric.value, "scale": str(scale), "direction": direction.value,
        "question": "", "warning": scale_warning(metric, scale), "created_at": now,
    }  # fmt: skip
    insert_ignore(session, SURVEY, [values])
    return session.exec(select(Survey).where(Survey.name == name)).one()
