"""Cases go back to their team when their owner is away, has left, or does nothing.

Away: what is to be done now, unless it was given to them by hand after they had said that they are
away. Left: all of it. Idle: nobody worked on it for the `idle_hours` of the team's open time. Where
the team shares its cases out, the next one in turn gets it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from db.engine import bump, slices
from db.models import Case, CaseEvent, Team, User
from services import calendars
from services.access import SHELL
from services.cases.breaches import MOST, OPEN
from services.cases.giving import Giver
from services.cases.journal import Held, keep, state_of
from services.domain import escalating, lifecycle
from services.domain.escalating import Why
from services.domain.lifecycle import Move, Status

Condition = sa.ColumnElement[bool]
Query = SelectOfScalar[Case]
# In the words of the partial index on idle cases.
_OWNED: Condition = sa.literal_column('("case".assignee_id IS NOT NULL)')


def left_lying(session: Session, now: datetime) -> bool:
    """Whether there is a case that has to go back to its team."""
    return any(session.exec(query.limit(1)).first() for _, query in _lying(session, now))


def give_back(session: Session, now: datetime) -> int:
    """Take every case that lies with nobody from its owner; how many. Safe in many processes."""
    if not left_lying(session, now):
        return 0
    seq, giver, n = bump(session), Giver(session, now), 0
    for why, query in _lying(session, now):
        locked = query.limit(MOST - n).with_for_update(key_share=True)
        for case in session.exec(locked.execution_options(populate_existing=True)).all():
            _give_back(session, Held(case, state_of(case), seq), why, giver, now)
            n += 1
    giver.done()
    return n


def _give_back(session: Session, held: Held, why: Why, giver: Giver, now: datetime) -> None:
    case, owner = held.case, held.case.assignee_id
    to = giver.turn(case.team_id, case.unit_id, but=[owner or 0])
    full = to is None and giver.shares(case.team_id)
    told: dict[str, Any] = {"owner": owner, "why": why.value} | ({"no_room": True} if full else {})
    after = escalating.returned(held.state)
    keep(session, SHELL, held, after, Move.RETURNED, now=now, **told)
    if to is not None:
        after = lifecycle.assigned(held.state, to, case.team_id)
        keep(session, SHELL, held, after, Move.ASSIGNED, now=now, by="turn")


def _lying(session: Session, now: datetime) -> list[tuple[Why, Query]]:
    """The cases to take, by the reason: asked of the few people and teams that it is about."""
    left = _people(session, col(User.disabled_at).is_not(None))
    away = _people(session, col(User.absent_until) > now, col(User.disabled_at).is_(None))
    watched = select(Team.id, Team.idle_hours).where(col(Team.idle_hours).is_not(None))
    return [
        *((Why.LEFT, _of(ids)) for ids in slices(left)),
        *((Why.AWAY, _of(ids).where(*awake(now), ~_given_knowingly())) for ids in slices(away)),
        *(
            (Why.IDLE, _idle(since, team_id or 0).where(*awake(now)))
            for team_id, hours in session.exec(watched).all()
            if (since := _since(session, team_id, hours or 0, now)) is not None
        ),
    ]


def _people(session: Session, *which: Condition) -> list[int]:
    return [id_ or 0 for id_ in session.exec(select(User.id).where(*which))]


def _of(people: Sequence[int]) -> Query:
    """The unresolved cases of these people, in the words of the index by owner."""
    return select(Case).where(OPEN, col(Case.assignee_id).in_(people))


def awake(now: datetime) -> tuple[Condition, Condition]:
    until = col(Case.snoozed_until)
    return col(Case.status) != Status.WAITING, or_(until.is_(None), until <= now)


def _given_knowingly() -> Condition:
    """Somebody gave it to them after it was known that they are away."""
    return (
        sa.exists(CaseEvent)
        .where(
            col(CaseEvent.case_id) == Case.id, col(CaseEvent.kind) == Move.ASSIGNED,
            col(User.id) == Case.assignee_id, col(CaseEvent.at) >= col(User.absent_since),
        )
        .correlate(Case)
    )  # fmt: skip


def _since(session: Session, team_id: int | None, hours: int, now: datetime) -> datetime | None:
    return escalating.ago(now, hours, calendars.calendar_of(session, team_id))


def _idle(since: datetime, team_id: int) -> Query:
    """What nobody of the team has worked on since then, nor woken up since."""
    until = col(Case.snoozed_until)
    return select(Case).where(
        OPEN, _OWNED, col(Case.team_id) == team_id, col(Case.idle_since) <= since,
        or_(until.is_(None), until <= since),
    )  # fmt: skip
