"""Whom do I help next, and why them? One page of cases in their order, and the tabs' counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from services import settings
from services.access import Actor, permitted
from services.domain.periods import Days, Period, named, period
from services.domain.roles import Verb
from services.insights.case_filter import CaseFilter, View
from services.insights.case_pieces import listed, sought
from services.insights.case_rows import CaseRow, Cursor, Order, read, row_of
from services.insights.case_selects import (
    CASE,
    UNRESOLVED,
    conditions,
    in_view,
)
from services.insights.selects import Condition

PAGE = 50
COUNTED = tuple(view for view in View if view not in (View.RESOLVED, View.ANY))
OWN = (View.MINE, View.ESCALATED)
_FIRST = date(1970, 1, 1)


@dataclass(frozen=True)
class QueuePage:
    """Rows `first` to `last` of `total` (both 0 when there are none)."""

    rows: tuple[CaseRow, ...]
    first: int
    total: int
    back: Cursor | None
    on: Cursor | None

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


@permitted(Verb.SEE)
def queue(
    session: Session,
    actor: Actor,
    filter: CaseFilter,
    *,
    now: datetime,
    me: int | None,
    cursor: Cursor | None = None,
    size: int = PAGE,
    known: int | None = None,
) -> QueuePage:
    """The cases of the filter behind `cursor`; the first ones when nothing is behind it.

    `me` is whose tabs these are (the actor's id, named because answers are kept by it); `known`
    how many there are, where it was counted already.
    """
    meant = meant_by(session, actor, filter, now, me)
    piece = sought if filter.text.strip() else partial(listed, known=known)
    found = piece(session, meant, filter, cursor, size)
    if not found.rows and cursor is not None:
        cursor, found = None, piece(session, meant, filter, None, size)
    back = cursor is not None and cursor.back
    rows = found.rows[:size][::-1] if back else found.rows[:size]
    beyond = len(found.rows) > size
    total, before = found.total, found.before
    today = now.astimezone(settings.reporting_zone(session)).date()
    return QueuePage(
        rows=tuple(row_of(row, actor, today) for row in rows),
        first=before + 1 if rows else 0,
        total=total,
        back=Cursor(rows[0].key, rows[0].id, True) if before else None,
        on=Cursor(rows[-1].key, rows[-1].id) if rows and (back or beyond) else None,
    )


@permitted(Verb.SEE)
def view_counts(
    session: Session, actor: Actor, *, now: datetime, me: int | None
) -> dict[View, int]:
    """How many cases each tab of unresolved ones holds."""
    everybodys = desk_counts(session, actor, now=now)
    return everybodys | own_counts(session, actor, now=now, me=me)


@permitted(Verb.SEE)
def desk_counts(session: Session, actor: Actor, *, now: datetime) -> dict[View, int]:
    """The counts of the tabs that are the same for everybody who sees the same units: all open
    cases are looked at, in the queue's index alone, so they are to be asked once for all."""
    day, views = today_of(session, now), [view for view in COUNTED if view not in OWN]
    meant = [in_view(view, me=None, now=now, today=day) for view in views]
    # All are unresolved: asked once for each row, not once for each tab.
    wanted = [[one for one in each if one is not UNRESOLVED] for each in meant]
    counts = counted(session, CASE, wanted, [UNRESOLVED, *within_units(actor)])
    return dict(zip(views, counts, strict=True))


@permitted(Verb.SEE)
def own_counts(session: Session, actor: Actor, *, now: datetime, me: int | None) -> dict[View, int]:
    """The counts of the tabs of the person `me`, each from an index of its own."""
    day, among = today_of(session, now), within_units(actor)
    meant = {view: in_view(view, me=me, now=now, today=day) for view in OWN}
    return {
        view: counted(session, CASE, [[]], [*wanted, *among])[0] for view, wanted in meant.items()
    }


@permitted(Verb.SEE)
def cases_of(
    session: Session,
    actor: Actor,
    *,
    contact_id: int | None = None,
    account_id: int | None = None,
    now: datetime,
    limit: int = PAGE,
) -> tuple[CaseRow, ...]:
    """The cases of a contact or of an account, the newest first."""
    meant: list[Condition] = [CASE.c.status != "merged", *within_units(actor)]
    if contact_id is not None:
        meant.append(CASE.c.contact_id == contact_id)
    if account_id is not None:
        meant.append(CASE.c.account_id == account_id)
    order = Order(View.ANY)
    today = now.astimezone(settings.reporting_zone(session)).date()
    return tuple(row_of(row, actor, today) for row in read(session, meant, order, None, limit - 1))


@permitted(Verb.SEE)
def one(session: Session, actor: Actor, number: int, *, now: datetime) -> CaseRow:
    """The row of a case that the caller has found to be one that may be seen."""
    (row,) = read(session, [CASE.c.number == number], Order(View.ANY), None, 0)
    return row_of(row, actor, now.astimezone(settings.reporting_zone(session)).date())


def within_units(actor: Actor) -> list[Condition]:
    """The cases that the actor may see."""
    return [] if actor.units is None else [CASE.c.unit_id.in_(actor.units)]


def counted(
    session: Session, source: Any, wanted: Sequence[Sequence[Condition]], among: list[Condition]
) -> list[int]:
    """How many rows of `source`, `among` those that are meant, are wanted each time."""
    counts = [sa.func.count().filter(*each) if each else sa.func.count() for each in wanted]
    row = session.connection().execute(sa.select(*counts).select_from(source).where(*among)).one()
    return [int(n) for n in row]


def today_of(session: Session, now: datetime) -> Period:
    """The day of the reporting zone."""
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    return period(Days(today, today), zone)


def opened_in(session: Session, filter: CaseFilter, now: datetime) -> Period | None:
    """The moments that `filter.opened` means; None for all."""
    if not filter.opened:
        return None
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    return period(named(filter.opened, today, Days(_FIRST, today)), zone)


def meant_by(
    session: Session, actor: Actor, filter: CaseFilter, now: datetime, me: int | None,
    *, merged: bool = False,
) -> list[Condition]:  # fmt: skip
    """All that the filter asks of a case, within the units that the actor may see.

    `merged`: where all cases are meant, those that live on in another one, too.
    """
    today = today_of(session, now)
    opened = opened_in(session, filter, now)
    every = merged and filter.view is View.ANY
    return [
        *([] if every else in_view(filter.view, me=me, now=now, today=today)),
        *conditions(session, filter, units=actor.units, now=now, today=today, opened=opened),
    ]
