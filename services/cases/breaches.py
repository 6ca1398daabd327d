"""Promises that were not kept: each is noted once on its case and passed on to the team's lead."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from db.engine import bump
from db.models import Case, Team
from db.models.cases import UNRESOLVED
from services.access import SHELL
from services.cases.journal import Held, keep, state_of
from services.domain import lifecycle
from services.domain.lifecycle import Move

# In the words of the partial index on due times, or it would not be used.
_UNRESOLVED: sa.ColumnElement[Any] = sa.literal_column(f'("case".{UNRESOLVED})')
MOST = 500  # cases a sweep: what is left is found by the next one


def sweep(session: Session, now: datetime) -> int:
    """Note every promise that broke since the last sweep; how many.

    Safe in as many processes as wanted: the data version lets one at a time in, and a case whose
    breach is noted is no longer found.
    """
    if not broken(session, now):
        return 0
    seq = bump(session)
    cases = session.exec(_broken(now).limit(MOST).with_for_update()).all()
    leads = dict(session.exec(select(Team.id, Team.lead_id)).all())
    for case in cases:
        held = Held(case, state_of(case), seq)
        promise = "closing" if case.contacted_at else "contact"
        lead = leads.get(case.team_id)
        after = lifecycle.breached(held.state, now, lead if lead != case.assignee_id else None)
        keep(session, SHELL, held, after, Move.BREACHED, now=now, promise=promise)
    return len(cases)


def broken(session: Session, now: datetime) -> bool:
    """Whether there is a promise that broke and is not noted."""
    return session.exec(_broken(now).limit(1)).first() is not None


def _broken(now: datetime) -> SelectOfScalar[Case]:
    due, noted = col(Case.due_at), col(Case.breached_due)
    return (
        select(Case)
        .where(_UNRESOLVED, due <= now, or_(noted.is_(None), noted != due))
        .order_by(due)
    )
