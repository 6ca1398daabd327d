"""Which cases a report on closing the loop counts, and the groups that it puts them into."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Team, User
from services import settings
from services.access import Actor
from services.domain import periods
from services.domain.periods import EARLIEST, LATEST, Compare, Days
from services.insights.case_filter import NOBODY, View
from services.insights.case_selects import CASE, conditions, in_view
from services.insights.loop_counts import OPENED, Cohort, Tally
from services.insights.loop_figures import Listed
from services.insights.loop_filter import LoopFilter
from services.insights.periods import Span
from services.insights.selects import Condition

Group = TypeVar("Group")
# Makes the figures of a group: key (None: those without one), name, cases, the lists behind them.
Make = Callable[[int | None, str, Tally, Listed], Group]


def where(session: Session, actor: Actor, asked: LoopFilter, now: datetime) -> list[Condition]:
    """What a case must be to be meant, the day it was opened apart."""
    zone = settings.reporting_zone(session)
    day = now.astimezone(zone).date()
    today, meant = periods.period(Days(day, day), zone), asked.cases()
    return [
        *in_view(View.ANY, me=None, now=now, today=today),
        *conditions(session, meant, units=actor.units, now=now, today=today, opened=None),
    ]


def first_opened(session: Session, actor: Actor) -> datetime | None:
    """When the first case that the actor sees was opened: the first row along the index."""
    query = sa.select(CASE.c.opened_at).where(CASE.c.status != "merged")
    if actor.units is not None:
        query = query.where(CASE.c.unit_id.in_(actor.units))
    return session.connection().execute(query.order_by(CASE.c.opened_at).limit(1)).scalar()


def span(session: Session, asked: LoopFilter, first: datetime | None, now: datetime) -> Span:
    """The range at `now`; "all" begins with the first case."""
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    since = min(max((first or now).astimezone(zone).date(), EARLIEST), LATEST)
    days = periods.named(asked.range, today, Days(min(since, today), today))
    earlier = periods.before(days, asked.range, Compare.PREVIOUS)
    grain = periods.fit(days)
    return Span(
        zone=zone.key, grain=grain, current=periods.period(days, zone),
        previous=periods.period(earlier, zone) if earlier else None,
        buckets=periods.buckets(days, grain, zone), previous_buckets=(),
    )  # fmt: skip


def of_teams(
    session: Session, asked: LoopFilter, found: Cohort, make: Make[Group]
) -> tuple[Group, ...]:
    """Each team; no list can be asked for of the cases without one."""
    names = dict(session.exec(select(Team.id, Team.name)).all())

    def listed(key: int | None) -> Listed:
        return lambda part: asked.cases(part, teams=(key,)) if key is not None else None

    tallies = found.by(found.teams)
    return _made(tallies, {**names, None: "no team"}, listed, make)


def of_people(
    session: Session, asked: LoopFilter, found: Cohort, make: Make[Group]
) -> tuple[Group, ...]:
    """Each person who owns a case now, and nobody."""
    tallies = found.by(found.owners)
    query = select(User.id, User.name).where(col(User.id).in_(tallies.keys() - {None}))
    names = dict(session.exec(query).all())

    def listed(key: int | None) -> Listed:
        return lambda part: asked.cases(part, owners=(NOBODY if key is None else key,))

    return _made(tallies, {**names, None: "nobody"}, listed, make)


def _made(
    tallies: dict[Any, Tally], names: dict[Any, str], listed: Callable[[int | None], Listed],
    make: Make[Group],
) -> tuple[Group, ...]:  # fmt: skip
    """Most cases first, and those without last."""
    order = sorted(tallies, key=lambda key: (key is None, -tallies[key].n(OPENED), names[key]))
    return tuple(make(key, names[key], tallies[key], listed(key)) for key in order)
