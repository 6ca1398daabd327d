"""Which other cases might be the same matter: open ones of the same person or company."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from services import settings
from services.access import Actor, permitted
from services.cases.journal import seen
from services.domain.roles import Verb
from services.insights.case_filter import View
from services.insights.case_rows import CaseRow, Order, read, row_of
from services.insights.case_selects import CASE, UNRESOLVED
from services.insights.queue import within_units
from services.insights.selects import Condition

MOST = 8  # cases that are offered


@permitted(Verb.SEE)
def alike(session: Session, actor: Actor, number: int, *, now: datetime) -> tuple[CaseRow, ...]:
    """The open cases that this one could be merged with: the same person's first, then those of the
    company, each in the order of the queue. Of one's own units, and of the unit of the case."""
    case = seen(session, actor, number)
    same: list[Condition] = []
    if case.contact_id is not None:
        same.append(CASE.c.contact_id == case.contact_id)
    if case.account_id is not None:
        same.append(CASE.c.account_id == case.account_id)
    if not same:
        return ()
    meant = [
        UNRESOLVED, sa.or_(*same), CASE.c.id != case.id, *within_units(actor),
        CASE.c.unit_id.is_not_distinct_from(case.unit_id),
    ]  # fmt: skip
    today = now.astimezone(settings.reporting_zone(session)).date()
    found = read(session, meant, Order(View.OPEN), None, MOST - 1)
    rows = [row_of(row, actor, today) for row in found]
    return tuple(sorted(rows, key=lambda row: row.contact_id != case.contact_id))
