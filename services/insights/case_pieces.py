"""A page's rows and how many there are in all: of a list by its index, of a search in one go."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from services.insights.case_filter import CaseFilter
from services.insights.case_rows import Cursor, Order, read
from services.insights.case_selects import CASE, JOINED
from services.insights.selects import Condition


@dataclass(frozen=True)
class Piece:
    """Up to one row more than wanted, the nearest to the cursor first; `before` are ahead of them.

    Those of a cursor that looks up are ahead of the page's last rows, not of the one row more.
    """

    rows: list[sa.Row[Any]]
    total: int
    before: int


def listed(
    session: Session, meant: list[Condition], filter: CaseFilter, cursor: Cursor | None, size: int,
    *, known: int | None = None,
) -> Piece:  # fmt: skip
    """The rows by their index, then how many there are: to find all at once would cost more.

    Of the first rows only, where the total is `known`.
    """
    order = Order(filter.view)
    rows = read(session, meant, order, cursor, size)
    if known is not None and cursor is None:
        short = len(rows) <= size  # all of them are there
        return Piece(rows, len(rows) if short else max(known, len(rows)), 0)
    ahead: Any = sa.literal(0)
    if rows and cursor is not None:
        top = rows[:size][-1] if cursor.back else rows[0]
        above = order.behind(Cursor(top.key, top.id, back=True))
        ahead = sa.func.coalesce(sa.func.sum(sa.case((above, 1), else_=0)), 0)
    query = sa.select(sa.func.count(), ahead).select_from(_source(filter)).where(*meant)
    total, before = session.connection().execute(query).one()
    return Piece(rows, int(total), int(before))


def sought(
    session: Session, meant: list[Condition], filter: CaseFilter, cursor: Cursor | None, size: int
) -> Piece:
    """What a search finds is found once, then counted and cut: finding it is what costs."""
    own = Order(filter.view)
    wide = sa.select(CASE.c.id, own.key.label("key")).select_from(_source(filter)).where(*meant)
    found = wide.cte("hits").prefix_with("MATERIALIZED")
    order, back = Order(filter.view, found), cursor is not None and cursor.back
    beyond = [] if cursor is None else [order.behind(cursor)]
    total = sa.select(sa.func.count()).select_from(found).scalar_subquery()
    ahead: Any = sa.literal(0)
    if cursor is not None:
        past = order.behind(cursor) if back else sa.not_(order.behind(cursor))
        ahead = sa.select(sa.func.count()).select_from(found).where(past).scalar_subquery()
    query = sa.select(order.id, total, ahead).where(*beyond).order_by(*order.by(back))
    ids = session.connection().execute(query.limit(size + 1)).all()
    if not ids:
        return Piece([], 0, 0)
    nearest: list[Condition] = [CASE.c.id.in_([row[0] for row in ids])]
    rows = {row.id: row for row in read(session, nearest, own, None, size)}
    before = ids[0][2] - (len(ids[:size]) if back else 0)
    return Piece([rows[row[0]] for row in ids], ids[0][1], before)


def _source(filter: CaseFilter) -> Any:
    """What the conditions of the filter look at."""
    return JOINED if filter.scores or filter.metrics else CASE
