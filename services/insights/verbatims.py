"""What did they say? One page of responses, newest first, and how many there are in all."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Contact, Response, Survey, Unit, User
from db.search import highlights
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.domain.scores import Band, Metric
from services.insights.cube import asked_surveys, chosen, where
from services.insights.filters import Filter
from services.insights.periods import Span, span
from services.insights.selects import Condition, within

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
class Exclusion:
    """When, by whom and why a response was taken out of the figures."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Verbatim:
    """One response as people read it. All texts are customers' own: show them as text only.

    `marks` are the (start, end) of the searched words in `comment`. `props` is the segment at
    answer time.
    """

    id: int
    metric: Metric
    score: int
    scale: str
    band: Band
    comment: str | None
    marks: tuple[tuple[int, int], ...]
    name: str | None
    email: str | None
    account: str | None
    survey: str
    channel: str | None
    touchpoint: str | None
    unit: str | None
    answered_at: datetime
    followup: str
    anonymous: bool
    is_test: bool
    exclusion: Exclusion | None
    props: tuple[tuple[str, str], ...]


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
        rows=tuple(_verbatim(row, filter.text) for row in rows),
        first=before + 1 if rows else 0,
        total=total,
        newer=Cursor(rows[0].answered_at, rows[0].id, True) if before else None,
        older=Cursor(rows[-1].answered_at, rows[-1].id) if rows and (back or beyond) else None,
        span=asked,
    )


def _read(
    session: Session, meant: list[Condition], cursor: Cursor | None, size: int
) -> list[sa.Row[Any]]:
    """Up to `size` + 1 rows behind the cursor, the nearest first."""
    by, id_ = col(Response.answered_at), col(Response.id)
    back = cursor is not None and cursor.newer
    beyond = [] if cursor is None else [_behind(cursor)]
    order = (by, id_) if back else (by.desc(), id_.desc())
    query = _ROWS.where(*meant, *beyond).order_by(*order).limit(size + 1)
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


_ROWS = (
    sa.select(
        *(col(getattr(Response, name)) for name in (
            "id", "score", "scale", "band", "comment", "channel", "touchpoint", "answered_at",
            "followup", "anonymous", "is_test", "excluded_at", "excluded_reason", "props",
        )),
        col(Survey.metric), col(Survey.name).label("survey"), col(Contact.name),
        col(Contact.email), col(Account.name).label("account"), col(Unit.name).label("unit"),
        col(User.name).label("excluded_by"),
    )
    .select_from(Response)
    .join(Survey, col(Survey.id) == Response.survey_id)
    .outerjoin(Contact, col(Contact.id) == Response.contact_id)
    .outerjoin(Account, col(Account.id) == Response.account_id)
    .outerjoin(Unit, col(Unit.id) == Response.unit_id)
    .outerjoin(User, col(User.id) == Response.excluded_by)
)  # fmt: skip


def _verbatim(row: sa.Row[Any], text: str) -> Verbatim:
    out = row.excluded_at is not None
    return Verbatim(
        id=row.id,
        metric=Metric(row.metric),
        score=row.score,
        scale=row.scale,
        band=Band(row.band),
        comment=row.comment,
        marks=tuple(highlights(row.comment or "", text)),
        name=row.name,
        email=row.email,
        account=row.account,
        survey=row.survey,
        channel=row.channel,
        touchpoint=row.touchpoint,
        unit=row.unit,
        answered_at=row.answered_at,
        followup=row.followup,
        anonymous=row.anonymous,
        is_test=row.is_test,
        exclusion=Exclusion(row.excluded_at, row.excluded_by or "the desk", row.excluded_reason)
        if out
        else None,
        props=tuple(sorted((key, str(value)) for key, value in row.props.items())),
    )
