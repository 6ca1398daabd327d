"""Good news: who scored us low and is happy with us now, the latest first, and what lay between.

An answer is good news when the same person's answer before it (to the same metric, of those that
count and that the reader sees) was in the bottom band and this one is not. A page looks back over
`BUDGET` answers at most, so that it is quick however rare good news is; the next one goes on there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Response, Survey
from services.access import Actor, permitted
from services.domain.lifecycle import Outcome, Status
from services.domain.roles import Verb
from services.domain.scores import Band
from services.insights.case_selects import CASE, OWNER, OWNER_SHOWN
from services.insights.good_news_selects import (
    METRIC,
    NewsFilter,
    counts,
    end,
    looked_at,
    seen,
    turned,
)  # fmt: skip
from services.insights.selects import RESPONSE
from services.insights.verbatim_rows import ROWS, Verbatim, told
from services.insights.verbatims import Cursor

SIZE, FIRST, BUDGET = 25, 1_000, 10_000


@dataclass(frozen=True)
class Between:
    """The case that was worked on between the two answers."""

    number: int
    status: Status
    outcome: Outcome | None
    owner: str | None


@dataclass(frozen=True)
class GoodNews:
    """One answer, what the one before it was, and how it came about.

    `lows`: how many low answers in a row came before it. `first`: it is the person's first in the
    top band.
    """

    answer: Verbatim
    was: int
    was_scale: str
    was_at: datetime
    lows: int
    first: bool
    between: Between | None


@dataclass(frozen=True)
class NewsPage:
    """Some good news; `older` is where to go on, and `since` how far this page looked back."""

    rows: tuple[GoodNews, ...]
    older: Cursor | None
    since: datetime | None


@permitted(Verb.SEE)
def good_news(
    session: Session, actor: Actor, filter: NewsFilter, *, cursor: Cursor | None = None,
    size: int = SIZE, budget: int = BUDGET,
) -> NewsPage:  # fmt: skip
    """The good news behind `cursor`."""
    found, end_at = list[Any](), cursor
    for most in _steps(budget):
        looked = looked_at(end_at, most)
        query = turned(looked, filter, actor, size + 1 - len(found))
        found += session.connection().execute(query).all()
        last = session.connection().execute(end(looked, most)).first()
        end_at = Cursor(last.answered_at, last.id) if last else None
        if len(found) > size or end_at is None:
            break
    more = len(found) > size
    on = Cursor(found[size - 1].answered_at, found[size - 1].id) if more else end_at
    return NewsPage(
        rows=_rows(session, actor, [row.id for row in found[:size]]),
        older=on,
        since=None if more or on is None else on.answered_at,
    )


def _steps(budget: int) -> Iterator[int]:
    """How many answers to look at, and then how many more: mostly the first ones are enough."""
    step = FIRST
    while budget > 0:
        yield min(step, budget)
        budget, step = budget - step, 2 * step


def _rows(session: Session, actor: Actor, ids: Sequence[int]) -> tuple[GoodNews, ...]:
    if not ids:
        return ()
    query = ROWS.where(col(Response.id).in_(ids))
    order = (col(Response.answered_at).desc(), col(Response.id).desc())
    rows: list[sa.Row[Any]] = list(session.connection().execute(query.order_by(*order)))
    found = told(session, actor, rows)
    contacts = sorted({one.contact_id for one in found if one.contact_id})
    history, cases = _history(session, actor, contacts), _cases(session, actor, contacts)
    return tuple(_news(one, history, cases) for one in found)


def _history(
    session: Session, actor: Actor, contacts: list[int]
) -> Mapping[Any, list[sa.Row[Any]]]:
    """What these people answered, by person and metric, the latest first."""
    p = RESPONSE.alias("p")
    query = (
        sa.select(
            p.c.id, p.c.contact_id, p.c.answered_at, p.c.score, p.c.scale, p.c.band, METRIC
        )  # fmt: skip
        .join(Survey, col(Survey.id) == p.c.survey_id)
        .where(p.c.contact_id.in_(contacts), counts(p), *seen(p, actor))
        .order_by(p.c.answered_at.desc(), p.c.id.desc())
    )
    return _by(session.connection().execute(query), lambda row: (row.contact_id, row.metric))


def _cases(session: Session, actor: Actor, contacts: list[int]) -> Mapping[Any, list[sa.Row[Any]]]:
    """The cases of these people that the reader sees, the latest first."""
    query = (
        sa.select(
            CASE.c.number,
            CASE.c.status,
            CASE.c.outcome,
            CASE.c.contact_id,
            CASE.c.opened_at,
            CASE.c.resolved_at,
            OWNER_SHOWN.label("owner"),
        )  # fmt: skip
        .outerjoin(OWNER, col(OWNER.id) == CASE.c.assignee_id)
        .where(CASE.c.contact_id.in_(contacts), CASE.c.status != Status.MERGED)
        .order_by(CASE.c.opened_at.desc(), CASE.c.id.desc())
    )
    if actor.units is not None:
        query = query.where(CASE.c.unit_id.in_(actor.units))
    return _by(session.connection().execute(query), lambda row: row.contact_id)


def _by(rows: Iterable[sa.Row[Any]], key: Any) -> Mapping[Any, list[sa.Row[Any]]]:
    found: dict[Any, list[sa.Row[Any]]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _news(one: Verbatim, history: Mapping[Any, Any], cases: Mapping[Any, Any]) -> GoodNews:
    before = [
        row for row in history[one.contact_id, one.metric.value]
        if (row.answered_at, row.id) < (one.answered_at, one.id)
    ]  # fmt: skip
    was, lows = before[0], 0
    while lows < len(before) and before[lows].band == Band.DETRACTOR:
        lows += 1
    first = one.band is Band.PROMOTER and all(row.band != Band.PROMOTER for row in before)
    worked = (
        case for case in cases.get(one.contact_id, ())
        if case.opened_at <= one.answered_at
        and (case.resolved_at is None or case.resolved_at >= was.answered_at)
    )  # fmt: skip
    case = next(worked, None)
    between = None
    if case is not None:
        outcome = Outcome(case.outcome) if case.outcome else None
        between = Between(case.number, Status(case.status), outcome, case.owner)
    return GoodNews(one, was.score, was.scale, was.answered_at, lows, first, between)
