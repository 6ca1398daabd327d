"""The end of the chain: a broken promise that nobody takes up goes on to the manager.

The owner and the lead were told when it broke (`breaches`). "Nobody takes it up" means that the
journal has had nothing but the desk's own findings for `escalate_hours` of the team's open time.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from db.engine import bump
from db.models import Case, CaseEvent, Team, User
from db.models.cases import UNHEARD
from services import calendars, settings
from services.access import SHELL, Actor, actor_for
from services.cases.breaches import MOST, OPEN
from services.cases.journal import Held, keep, state_of
from services.domain import escalating
from services.domain.lifecycle import Move
from services.domain.roles import Role

# In the words of the partial index.
_UNHEARD: sa.ColumnElement[Any] = sa.literal_column(f'("case".{UNHEARD})')
_FINDINGS = (Move.BREACHED, Move.ESCALATED, Move.RETURNED)
TeamId = int | None


def ignored(session: Session, now: datetime) -> bool:
    """Whether there is a broken promise that the manager has to hear of."""
    return session.exec(_ignored(session, now).limit(1)).first() is not None


def escalate(session: Session, now: datetime) -> int:
    """Pass on every broken promise that nobody took up; how many. Safe in many processes, as
    `breaches.sweep` is."""
    if not ignored(session, now):
        return 0
    seq = bump(session)
    locked = _ignored(session, now).limit(MOST).with_for_update(key_share=True)
    cases = session.exec(locked.execution_options(populate_existing=True)).all()
    whom = _Managers(session, now)
    for case in cases:
        held = Held(case, state_of(case), seq)
        to = whom.of(case)
        after = escalating.escalated(held.state, now, to)
        keep(session, SHELL, held, after, Move.ESCALATED, now=now, to=to)
    return len(cases)


class _Managers:
    """Who is told: the manager that the team names, else any, those who are here first."""

    def __init__(self, session: Session, now: datetime) -> None:
        present = or_(col(User.absent_until).is_(None), col(User.absent_until) <= now)
        order = (sa.not_(present), col(User.id))
        query = select(User).where(col(User.disabled_at).is_(None)).order_by(*order)
        for role in (Role.MANAGER, Role.ADMIN):  # a desk without managers has its admins
            self._any = [
                actor_for(session, one) for one in session.exec(query.where(User.role == role))
            ]
            if self._any:
                break
        named = select(Team.id, User).join(User, col(User.id) == Team.manager_id)
        self._of = {
            team_id: actor_for(session, user)
            for team_id, user in session.exec(named.where(col(User.disabled_at).is_(None)))
        }

    def of(self, case: Case) -> int | None:
        """Nobody hears of their own case, nor of one that was passed on to them as its lead."""
        known = {case.assignee_id, case.escalated_to_id if case.escalation else None}
        named: list[Actor] = [self._of[case.team_id]] if case.team_id in self._of else []
        fit = (one.id for one in [*named, *self._any] if one.sees(case.unit_id))
        return next((one for one in fit if one not in known), None)


def _ignored(session: Session, now: datetime) -> SelectOfScalar[Case]:
    due = col(Case.due_at)
    late = (OPEN, _UNHEARD, due <= now, col(Case.breached_due) == due)
    untouched = [_untouched(*one) for one in _since(session, now)]
    return select(Case).where(*late, or_(sa.false(), *untouched)).order_by(due)


def _since(session: Session, now: datetime) -> list[tuple[datetime, list[TeamId]]]:
    """Since when nothing may have happened, with the teams for which that is so."""
    hours = int(settings.get(session, "escalate_hours"))
    found = defaultdict[Any, list[TeamId]](list)
    for team_id in (None, *session.exec(select(Team.id))):
        calendar = calendars.calendar_of(session, team_id)
        found[calendar].append(team_id)
    moments = ((escalating.ago(now, hours, calendar), teams) for calendar, teams in found.items())
    return [(moment, teams) for moment, teams in moments if moment is not None]


def _untouched(since: datetime, teams: list[TeamId]) -> sa.ColumnElement[bool]:
    """Nothing has happened to a case of these teams since then; a snooze is something, too."""
    kind = col(CaseEvent.kind)
    given_in_turn = sa.and_(kind == Move.ASSIGNED, col(CaseEvent.actor_id).is_(None))
    done = sa.exists().where(
        col(CaseEvent.case_id) == Case.id, col(CaseEvent.at) > since, kind.not_in(_FINDINGS),
        sa.not_(given_in_turn),
    )  # fmt: skip
    return sa.and_(
        # not by an index on the team: the oldest promise comes first
        sa.func.coalesce(col(Case.team_id), 0).in_([one or 0 for one in teams]),
        *(
            or_(moment.is_(None), moment <= since)
            for moment in (col(Case.breached_due), col(Case.escalated_at), col(Case.snoozed_until))
        ),
        ~done,
    )
