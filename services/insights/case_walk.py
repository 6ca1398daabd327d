"""Ways from one case to another: the next one, one by its number, what a search finds elsewhere."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.case_filter import CaseFilter, View
from services.insights.case_rows import Cursor, Order
from services.insights.case_search import number_in
from services.insights.case_selects import CASE, JOINED, active, conditions, in_view, unowned
from services.insights.queue import counted, opened_in, today_of, within_units
from services.insights.selects import Condition


@permitted(Verb.SEE)
def next_after(
    session: Session, actor: Actor, number: int, *, now: datetime, me: int | None,
    back: bool = False,
) -> int | None:  # fmt: skip
    """The number of the case to do after this one (`back`: before it); None at the end.

    One's own cases in the queue's order, then nobody's: going on and on comes to each once. A
    case of somebody else stands where it would among one's own; no case (0): the very first.
    """
    case = CASE.c
    query = sa.select(case.rank_at, case.id, unowned()).where(case.number == number)
    here = session.connection().execute(query.where(*within_units(actor))).first()
    groups: list[Condition] = [case.assignee_id == (me or -1), unowned()]
    at = int(bool(here and here[2]))  # in which of them this case is
    steps = groups[at::-1] if back else groups[at:]
    for n, owner in enumerate(steps):
        cursor = Cursor(here[0], here[1], back) if here and n == 0 else None
        found = _first(session, actor, [*active(now), owner], cursor, back)
        if found is not None:
            return found
    return None


@permitted(Verb.SEE)
def numbered(session: Session, actor: Actor, text: str) -> int | None:
    """The case that a search names by its number, in whatever tab; None where there is none."""
    number = number_in(text)
    if number is None:
        return None
    query = sa.select(CASE.c.number).where(CASE.c.number == number, *within_units(actor))
    return session.connection().execute(query).scalar()


@permitted(Verb.SEE)
def elsewhere(
    session: Session, actor: Actor, filter: CaseFilter, *, now: datetime, me: int | None
) -> dict[View, int]:
    """How many cases every other tab holds of what the filter asks for; tabs without are left out.

    `View.ANY` is all of them together.
    """
    today = today_of(session, now)
    views = [view for view in View if view is not filter.view]
    meant = conditions(
        session, filter, units=actor.units, now=now, today=today,
        opened=opened_in(session, filter, now),
    )  # fmt: skip
    wanted = [in_view(view, me=me, now=now, today=today) for view in views]
    counts = counted(session, JOINED, wanted, meant)
    return {view: n for view, n in zip(views, counts, strict=True) if n}


def _first(
    session: Session, actor: Actor, meant: list[Condition], cursor: Cursor | None, back: bool
) -> int | None:
    order = Order(View.OPEN)
    beyond = [] if cursor is None else [order.behind(cursor)]
    query = sa.select(CASE.c.number).where(*meant, *beyond, *within_units(actor))
    return session.connection().execute(query.order_by(*order.by(back)).limit(1)).scalar()
