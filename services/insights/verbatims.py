"""What did they say? One page of responses, newest first, and how many there are in all."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import CaseResponse, Response
from services.access import Actor, permitted
from services.domain.periods import Days
from services.domain.roles import Verb
from services.domain.scores import Metric
from services.insights.cube import asked_surveys, chosen, where
from services.insights.filters import Filter, State
from services.insights.periods import Span, span
from services.insights.selects import Condition, within
from services.insights.verbatim_rows import ROWS, Exclusion, Verbatim, told

__all__ = [
    "SIZES", "Cursor", "Exclusion", "Page", "Verbatim", "around", "verbatims", "verbatims_of",
]  # fmt: skip

SIZES = (25, 50)


@dataclass(frozen=True)
class Cursor:
    """The response that a page begins behind: with older ones, or with `newer` ones."""

    answered_at: datetime
    id: int
    newer: bool = False

    def __str__(self) -> str:
        return f"{'newer' if self.newer else 'older'}~{self.answered_at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` wrote; None for anything else."""
        try:
            side, moment, number = text.split("~")
            answered_at = datetime.fromisoformat(moment).astimezone(UTC)
            known = {"newer": True, "older": False}[side]
            return cls(answered_at, int(number[:18]), known)
        except (ValueError, KeyError, OverflowError):
            return None


@dataclass(frozen=True)
class Page:
    """Rows `first` to `last` of `total` (both 0 when there are none)."""

    rows: tuple[Verbatim, ...]
    first: int
    total: int
    newer: Cursor | None
    older: Cursor | None
    span: Span

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


@permitted(Verb.SEE)
def verbatims(
    session: Session,
    actor: Actor,
    filter: Filter,
    *,
    now: datetime,
    cursor: Cursor | None = None,
    size: int = SIZES[0],
) -> Page:
    """The responses of the filter behind `cursor`; the newest ones when nothing is behind it."""
    asked = span(session, filter, now, units=actor.units)
    surveys = chosen(asked_surveys(session), filter, filter.metric)
    meant = [*where(session, actor, filter, surveys), *within(asked.current)]
    found = _read(session, meant, cursor, size)
    if not found and cursor is not None:
        cursor, found = None, _read(session, meant, None, size)
    back = cursor is not None and cursor.newer
    rows = found[:size][::-1] if back else found[:size]
    beyond = len(found) > size
    total, before = _count(session, meant, rows[0] if rows else None)
    return Page(
        rows=told(session, actor, rows, filter.text),
        first=before + 1 if rows else 0,
        total=total,
        newer=Cursor(rows[0].answered_at, rows[0].id, True) if before else None,
        older=Cursor(rows[-1].answered_at, rows[-1].id) if rows and (back or beyond) else None,
        span=asked,
    )


@permitted(Verb.SEE)
def verbatims_of(
    session: Session,
    actor: Actor,
    *,
    contact_id: int | None = None,
    account_id: int | None = None,
    case_id: int | None = None,
    limit: int = 50,
) -> tuple[Verbatim, ...]:
    """The newest `limit` responses of a contact, an account or a case, whatever their metric.

    Those that do not count (tests, excluded ones) are among them. TypeError: nothing is named.
    """
    own: dict[str, tuple[int | None, Condition]] = {
        "contact": (contact_id, col(Response.contact_id) == contact_id),
        "account": (account_id, col(Response.account_id) == account_id),
        "case": (case_id, col(Response.id).in_(
            sa.select(col(CaseResponse.response_id)).where(col(CaseResponse.case_id) == case_id)
        )),
    }  # fmt: skip
    meant = [condition for given, condition in own.values() if given is not None]
    if not meant:
        raise TypeError(f"name one of {', '.join(own)}")
    if actor.units is not None:
        meant.append(col(Response.unit_id).in_(actor.units))
    order = (col(Response.answered_at).desc(), col(Response.id).desc())
    query = ROWS.where(*meant).order_by(*order).limit(limit)
    found: list[sa.Row[Any]] = list(session.connection().execute(query))
    return told(session, actor, found)


def around(metric: Metric, answered_at: datetime, response_id: int) -> tuple[Filter, Cursor]:
    """Where the list begins with this answer, counted or not, among those of the days around it."""
    day, one = answered_at.date(), timedelta(days=1)  # it is one of the three in any time zone
    days = str(Days(day - one, day + one))
    return Filter(metric, days, state=State.ALL), Cursor(answered_at, response_id + 1)


def _read(
    session: Session, meant: list[Condition], cursor: Cursor | None, size: int
) -> list[sa.Row[Any]]:
    """Up to `size` + 1 rows behind the cursor, the nearest first."""
    by, id_ = col(Response.answered_at), col(Response.id)
    back = cursor is not None and cursor.newer
    beyond = [] if cursor is None else [_behind(cursor)]
    order = (by, id_) if back else (by.desc(), id_.desc())
    query = ROWS.where(*meant, *beyond).order_by(*order).limit(size + 1)
    return list(session.connection().execute(query))


def _behind(cursor: Cursor) -> Condition:
    """Written so that the index on time is used: at or past the moment, and past the row."""
    by, id_ = col(Response.answered_at), col(Response.id)
    if cursor.newer:
        past = sa.or_(by > cursor.answered_at, id_ > cursor.id)
        return sa.and_(by >= cursor.answered_at, past)
    past = sa.or_(by < cursor.answered_at, id_ < cursor.id)
    return sa.and_(by <= cursor.answered_at, past)


def _count(session: Session, meant: list[Condition], top: sa.Row[Any] | None) -> tuple[int, int]:
    """All rows that are meant, and those newer than the first one shown."""
    ahead: Any = sa.literal(0)
    if top is not None:
        newer = _behind(Cursor(top.answered_at, top.id, newer=True))
        ahead = sa.func.coalesce(sa.func.sum(sa.case((newer, 1), else_=0)), 0)
    query = sa.select(sa.func.count(), ahead).select_from(Response).where(*meant)
    total, before = session.connection().execute(query).one()
    return int(total), int(before)
