"""Why a case stands where it does: what moves it, by how many hours, and how that adds up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from db.models import Case
from services import settings
from services.access import Actor, permitted
from services.cases.journal import seen
from services.domain import priority
from services.domain.roles import Verb
from services.insights.case_filter import View
from services.insights.case_rows import Order, read, told
from services.insights.case_selects import CASE, active
from services.insights.queue import within_units


@dataclass(frozen=True)
class WhyHere:
    """A case's place: the due time that it is reckoned from, and the hours that move it.

    `factors` are (in words, hours forward), the strongest first; `hours` is what they come to
    within the bounds, `together` without. `unvalued`: no ARR is known, which moves nothing.
    `hidden`: hours of an answer in another unit, which is not told. `ahead` of `open` cases come
    before it; None where it does not stand in the queue.
    """

    due: datetime
    contacted: bool
    factors: tuple[tuple[str, float], ...]
    together: float
    hours: float
    unvalued: bool
    hidden: float
    rank_at: datetime
    ahead: int | None
    open: int


@permitted(Verb.SEE)
def why_here(session: Session, actor: Actor, number: int, *, now: datetime) -> WhyHere:
    """Why the case stands where it does; Refused where there is none that the actor may see."""
    case = seen(session, actor, number)
    (row,) = read(session, [CASE.c.number == number], Order(View.ANY), None, 0)
    today = now.astimezone(settings.reporting_zone(session)).date()
    reasons = told(row, actor)["priority_reasons"] or ()
    factors = tuple((priority.words(one, today), float(one["hours"])) for one in reasons)
    together = sum(float(one["hours"]) for one in case.priority_reasons)
    hours = priority.shift(case.priority_reasons)
    rank_at = case.rank_at or case.opened_at
    ahead, among = _ahead(session, actor, case, rank_at, now)
    return WhyHere(
        due=rank_at + timedelta(hours=hours), contacted=case.contacted_at is not None,
        factors=factors, together=round(together, 1), hours=hours, unvalued=not row.arr,
        hidden=round(together - sum(one for _, one in factors), 1), rank_at=rank_at,
        ahead=ahead, open=among,
    )  # fmt: skip


def _ahead(
    session: Session, actor: Actor, case: Case, rank_at: datetime, now: datetime
) -> tuple[int | None, int]:
    """How many cases of the queue come before this one, if it is one of them, and of how many."""
    place = sa.tuple_(CASE.c.rank_at, CASE.c.id)
    before = place < sa.tuple_(sa.literal(rank_at, CASE.c.rank_at.type), sa.literal(case.id))
    count = sa.func.count()
    query = sa.select(
        count, count.filter(before), count.filter(CASE.c.id == case.id)
    ).where(*active(now), *within_units(actor))  # fmt: skip
    among, ahead, there = session.connection().execute(query).one()
    return (int(ahead) if there else None), int(among)
