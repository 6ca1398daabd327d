"""Promises that were not kept: each is noted once on its case and passed on to the team's lead.

To nobody where no lead can sign in and sees the case's unit: it counts as broken all the same.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from db.engine import bump
from db.models import Case, Team, User
from db.models.cases import UNRESOLVED
from services.access import SHELL, Actor, actor_for
from services.cases.journal import Held, keep, state_of
from services.domain import lifecycle
from services.domain.lifecycle import Move

# In the words of the partial indexes, or they would not be used.
OPEN: sa.ColumnElement[Any] = sa.literal_column(f'("case".{UNRESOLVED})')
MOST = 50  # cases at a time: nobody else writes meanwhile, and the next sweep finds the rest


def sweep(session: Session, now: datetime) -> int:
    """Note every promise that broke since the last sweep; how many.

    Safe in as many processes as wanted: the data version lets one at a time in, and a case whose
    breach is noted is no longer found.
    """
    if not broken(session, now):
        return 0
    seq = bump(session)
    locked = _broken(now).limit(MOST).with_for_update(key_share=True)
    cases = session.exec(locked.execution_options(populate_existing=True)).all()
    leads = _leads(session, {case.team_id for case in cases})
    for case in cases:
        held = Held(case, state_of(case), seq)
        promise = "closing" if case.contacted_at else "contact"
        lead = leads.get(case.team_id)
        asked = lead is not None and lead.sees(case.unit_id) and lead.id != case.assignee_id
        after = lifecycle.breached(held.state, now, lead.id if lead and asked else None)
        keep(session, SHELL, held, after, Move.BREACHED, now=now, promise=promise)
    return len(cases)


def _leads(session: Session, teams: set[int | None]) -> dict[int | None, Actor]:
    """Who leads each of these teams: whoever cannot sign in leads nobody."""
    query = select(Team.id, User).join(User, col(User.id) == Team.lead_id)
    meant = query.where(col(Team.id).in_(teams - {None}), col(User.disabled_at).is_(None))
    return {team_id: actor_for(session, user) for team_id, user in session.exec(meant)}


def broken(session: Session, now: datetime) -> bool:
    """Whether there is a promise that broke and is not noted."""
    return session.exec(_broken(now).limit(1)).first() is not None


def _broken(now: datetime) -> SelectOfScalar[Case]:
    due, noted = col(Case.due_at), col(Case.breached_due)
    return select(Case).where(OPEN, due <= now, or_(noted.is_(None), noted != due)).order_by(due)
