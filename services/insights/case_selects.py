"""The conditions and columns behind every list and figure of cases: the same on every engine.

The words of `UNRESOLVED` are those of the partial indexes, to the letter.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Case, CaseTag, Contact, Response, Survey, Tag, User
from services.domain.periods import Period
from services.domain.syncing import WAITING, Waits
from services.insights.case_filter import NOBODY, CaseFilter, Loop, Sla, View
from services.insights.case_search import says
from services.insights.play_selects import of_play
from services.insights.selects import Condition

CASE: sa.Table = Case.__table__  # type: ignore[attr-defined]
UNRESOLVED: sa.ColumnElement[Any] = sa.literal_column(
    "(\"case\".status NOT IN ('resolved', 'merged'))"
)
OWNER = sa.orm.aliased(User, name="owner")
JOINED = (
    sa.join(CASE, Response.__table__, CASE.c.response_id == col(Response.id), isouter=True)  # type: ignore[attr-defined]
    .outerjoin(Survey, col(Survey.id) == col(Response.survey_id))
    .outerjoin(Contact, col(Contact.id) == CASE.c.contact_id)
    .outerjoin(Account, col(Account.id) == CASE.c.account_id)
    .outerjoin(OWNER, col(OWNER.id) == CASE.c.assignee_id)
)

# Who left is named as such: what they owned is nobody's until somebody takes it.
OWNER_SHOWN = sa.case(
    (col(OWNER.disabled_at).is_not(None), col(OWNER.name) + " (left)"), else_=col(OWNER.name)
)
LEFT = sa.select(col(User.id)).where(col(User.disabled_at).is_not(None))
_OWNED_BY = sa.func.coalesce(CASE.c.assignee_id, NOBODY)
# An answer that came before its account had a unit is of that unit, as its case is.
_HOME = sa.orm.aliased(Account, name="home")
ANSWER_UNIT = sa.func.coalesce(
    col(Response.unit_id),
    sa.select(col(_HOME.unit_id)).where(col(_HOME.id) == Response.account_id).scalar_subquery(),
).label("answer_unit")


# The tags of a case as one text: no tag holds the character between them.
BETWEEN = "\x1f"
TAGGED: sa.Table = CaseTag.__table__  # type: ignore[attr-defined]
TAGS = (
    sa.select(sa.func.aggregate_strings(col(Tag.name), BETWEEN))
    .join_from(TAGGED, Tag, col(Tag.id) == TAGGED.c.tag_id)
    .where(TAGGED.c.case_id == CASE.c.id)
    .correlate(CASE)
    .scalar_subquery()
    .label("tags")
)


def parted(tags: str | None) -> tuple[str, ...]:
    """The tags of a case that were read as `TAGS`, by name."""
    return tuple(sorted(tags.split(BETWEEN), key=str.casefold)) if tags else ()


def active(now: datetime) -> list[Condition]:
    """Unresolved, not waiting for the customer, not asleep: what has to be done now."""
    asleep = CASE.c.snoozed_until
    return [
        UNRESOLVED,
        CASE.c.status != "waiting",
        sa.or_(asleep.is_(None), asleep <= now),
    ]


def in_view(view: View, *, me: int | None, now: datetime, today: Period) -> list[Condition]:
    """The cases of a tab for the person `me`; `today` is the reporting zone's."""
    case, own = CASE.c, me or -1
    found: dict[View, Callable[[], list[Condition]]] = {
        View.MINE: lambda: [*active(now), case.assignee_id == own],
        View.UNASSIGNED: lambda: [*active(now), unowned()],
        View.TODAY: lambda: [*active(now), case.due_at < today.end],
        View.OPEN: lambda: active(now),
        View.ESCALATED: lambda: [UNRESOLVED, case.escalated_to_id == own],
        View.WAITING: lambda: [UNRESOLVED, case.status == "waiting"],
        View.SNOOZED: lambda: [UNRESOLVED, case.snoozed_until > now],
        View.RESOLVED: lambda: [case.resolved_at.is_not(None), case.status == "resolved"],
        View.ANY: lambda: [case.status != "merged"],
    }
    return found[view]()  # to build them all would take longer than to ask for the one


def unowned() -> Condition:
    """Nobody's, or of somebody who works here no more.

    One look at the owner: for two SQLite reads their cases one by one and sorts all of them.
    """
    return _OWNED_BY.in_(sa.union_all(sa.select(sa.literal_column(str(NOBODY))), LEFT))


def conditions(
    session: Session,
    filter: CaseFilter,
    *,
    units: Sequence[int] | None,
    now: datetime,
    today: Period,
    opened: Period | None,
) -> list[Condition]:
    """What the filter asks for, its tab apart; for use with `JOINED`."""
    found: list[Condition] = [] if units is None else [CASE.c.unit_id.in_(units)]
    listed = {
        CASE.c.team_id: filter.teams, CASE.c.unit_id: filter.units,
        CASE.c.outcome: filter.outcomes, CASE.c.root_cause_id: filter.causes,
        col(Response.score): filter.scores,
        col(Survey.metric): tuple(metric.value for metric in filter.metrics),
    }  # fmt: skip
    found += [column.in_(values) for column, values in listed.items() if values]
    if units is not None and (filter.scores or filter.metrics):
        found.append(ANSWER_UNIT.element.in_(units))  # others' answers are not told by a filter
    if filter.owners:
        found.append(_owned(filter.owners))
    if filter.tags:
        tagged = sa.select(TAGGED.c.case_id).where(TAGGED.c.tag_id.in_(filter.tags))
        found.append(CASE.c.id.in_(tagged))
    if filter.sla:
        found.append(sa.or_(*(_stands(sla, now, today) for sla in filter.sla)))
    if opened is not None:
        found += [CASE.c.opened_at >= opened.start, CASE.c.opened_at < opened.end]
    found += [became(loop, now) for loop in filter.loop]
    found += of_play(filter.plays, filter.ends, filter.asks)
    if filter.waits:
        found.append(_waits(filter.waits))
    if filter.text.strip():
        found.append(says(session, filter.text.strip(), units))
    return found


def became(loop: Loop, now: datetime) -> Condition:
    """The cases that a loop figure counts. A promise is missed once its time is over."""
    case = CASE.c
    contacted, resolved = case.contacted_at.is_not(None), case.status == "resolved"
    closed = sa.and_(contacted, resolved)
    # What waits for the customer runs no promise; what is resolved without a contact broke it when
    # its time was over before that.
    until = sa.func.coalesce(case.resolved_at, case.paused_at, sa.literal(now, case.due_at.type))
    uncalled = sa.and_(case.contacted_at.is_(None), case.first_due < until)
    found: dict[Loop, Callable[[], Condition]] = {
        Loop.CONTACTED: lambda: contacted,
        Loop.NOT_CONTACTED: lambda: case.contacted_at.is_(None),
        Loop.RESOLVED: lambda: resolved,
        Loop.CLOSED: lambda: closed,
        Loop.NOT_CLOSED: lambda: sa.not_(closed),
        Loop.CONTACT_KEPT: lambda: sa.and_(contacted, case.contacted_at <= case.first_due),
        Loop.CONTACT_MISSED: lambda: sa.or_(case.contacted_at > case.first_due, uncalled),
        Loop.CLOSE_KEPT: lambda: sa.and_(resolved, case.resolved_at <= case.close_due),
        Loop.CLOSE_MISSED: lambda: case.close_due < until,
        Loop.ASKED: lambda: case.asked,
        Loop.ESCALATED: lambda: case.breached_due.is_not(None),
    }
    return found[loop]()


def _owned(owners: Sequence[int]) -> Condition:
    return (_OWNED_BY if NOBODY in owners else CASE.c.assignee_id).in_(owners)


def _waits(wanted: Sequence[Waits]) -> Condition:
    return CASE.c.two_sides.in_([said for said in WAITING if {*said.split()} & {*wanted}])


def _stands(sla: Sla, now: datetime, today: Period) -> Condition:
    due = CASE.c.due_at
    if sla is Sla.OVERDUE:
        return due <= now
    return sa.and_(due > now, due < today.end) if sla is Sla.TODAY else due >= today.end
