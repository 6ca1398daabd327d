"""Which cases a filter means, by their numbers: for an act on all of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.case_filter import CaseFilter
from services.insights.case_rows import Order
from services.insights.case_selects import CASE, JOINED
from services.insights.queue import meant_by


@permitted(Verb.SEE)
def matching(
    session: Session, actor: Actor, filter: CaseFilter, *, now: datetime, me: int | None, most: int
) -> tuple[int, ...]:
    """The numbers of the first `most` cases of the filter, in the order of its list."""
    meant = meant_by(session, actor, filter, now, me)
    query = sa.select(CASE.c.number).select_from(JOINED).where(*meant)
    query = query.order_by(*Order(filter.view).by()).limit(most)
    return tuple(session.connection().execute(query).scalars())
