"""The rows of every list of cases: what they show, their order, and where a page begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Contact, Response, Survey
from services.access import Actor
from services.domain import priority
from services.domain.lifecycle import Outcome, Status
from services.domain.scores import Band, Metric
from services.insights.case_filter import View
from services.insights.case_selects import ANSWER_UNIT, CASE, JOINED, OWNER_SHOWN, TAGS, parted
from services.insights.selects import RESPONSE, Condition

SAID = 240  # characters of the answer in a list
ELSEWHERE = "An answer in another unit"


@dataclass(frozen=True)
class Cursor:
    """The row that a page begins behind, by what the list is ordered by; `back` looks up."""

    at: datetime
    id: int
    back: bool = False

    def __str__(self) -> str:
        return f"{'up' if self.back else 'down'}~{self.at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what `str` wrote; None for anything else."""
        try:
            side, moment, number = text.split("~")
            at = datetime.fromisoformat(moment).astimezone(UTC)
            return cls(at, int(number[:18]), {"up": True, "down": False}[side])
        except (ValueError, KeyError, OverflowError):
            return None


@dataclass(frozen=True)
class CaseRow:
    """A case as lists show it. Names and `said` are customers' own texts.

    `why` are the reasons for its place, in words, the strongest first. `flipped`: the answer before
    was in the top band, which is an alarm whatever the promise says. `elsewhere`: the answer that
    it is about belongs to a unit that the reader does not see, and nothing of it is told.
    """

    id: int
    number: int
    version: int
    status: Status
    reason_key: str
    opened_at: datetime
    due_at: datetime | None
    first_due: datetime | None
    close_due: datetime | None
    contacted_at: datetime | None
    paused_at: datetime | None
    snoozed_until: datetime | None
    resolved_at: datetime | None
    outcome: Outcome | None
    owner_id: int | None
    owner: str | None
    team_id: int | None
    contact_id: int | None
    contact: str | None
    email: str | None
    account_id: int | None
    account: str | None
    arr: Decimal | None
    currency: str | None
    renewal_on: date | None
    metric: Metric | None
    score: int | None
    scale: str | None
    band: Band | None
    said: str
    elsewhere: bool
    tags: tuple[str, ...]
    why: tuple[str, ...]
    flipped: bool
    key: datetime


class Order:
    """What a list is ordered by: the queue by rank, what is done by when, the newest first."""

    def __init__(self, view: View, found: sa.CTE | None = None) -> None:
        self.down = view in (View.RESOLVED, View.ANY)
        name = {View.RESOLVED: "resolved_at", View.ANY: "opened_at"}.get(view, "rank_at")
        self.key: sa.ColumnElement[Any] = CASE.c[name] if found is None else found.c.key
        self.id: sa.ColumnElement[Any] = CASE.c.id if found is None else found.c.id

    def by(self, back: bool = False) -> tuple[Any, ...]:
        if self.down != back:
            return self.key.desc(), self.id.desc()
        return self.key, self.id

    def behind(self, cursor: Cursor) -> Condition:
        """Written so that an index is used: at or past the key, and past the row."""
        key, id_ = self.key, self.id
        if self.down != cursor.back:
            past = sa.or_(key < cursor.at, id_ < cursor.id)
            return sa.and_(key <= cursor.at, past)
        past = sa.or_(key > cursor.at, id_ > cursor.id)
        return sa.and_(key >= cursor.at, past)


def read(
    session: Session, meant: list[Condition], order: Order, cursor: Cursor | None, size: int
) -> list[sa.Row[Any]]:
    """Up to `size` + 1 rows behind the cursor, the nearest first."""
    beyond = [] if cursor is None else [order.behind(cursor)]
    query = (
        _ROWS.add_columns(order.key.label("key"))
        .where(*meant, *beyond)
        .order_by(*order.by(cursor is not None and cursor.back))
        .limit(size + 1)
    )
    return list(session.connection().execute(query))


def row_of(row: sa.Row[Any], reader: Actor, today: date) -> CaseRow:
    """A row of `read` as the reader may read it on the day `today`."""
    values = told(row, reader)
    reasons: Sequence[priority.Reason] = values.pop("priority_reasons") or ()
    values["status"] = Status(values["status"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    values["metric"] = Metric(values["metric"]) if values["metric"] else None
    values["band"] = None if values["band"] is None else Band(values["band"])
    values["tags"] = parted(values["tags"])
    values["said"] = ELSEWHERE if values["elsewhere"] else values["said"] or ""
    why = tuple(priority.words(reason, today) for reason in priority.ahead(reasons))
    return CaseRow(**values, why=why, flipped=priority.alarming(reasons))


def told(row: sa.Row[Any], reader: Actor) -> dict[str, Any]:
    """The values of a row that has `ANSWER_UNIT`, without what an answer of a unit says that the
    reader does not see; `elsewhere` then.
    """
    values = dict(row._mapping)
    unit_id, answered = values.pop("answer_unit"), values["band"] is not None
    values["elsewhere"] = answered and not reader.sees(unit_id)
    if values["elsewhere"]:
        values |= {name: None for name in _OF_THE_ANSWER if name in values}
        reasons = values["priority_reasons"] or ()
        values["priority_reasons"] = [r for r in reasons if r["code"] not in priority.OF_SCORES]
    return values


_OF_THE_ANSWER = ("metric", "score", "scale", "band", "said", "comment")
_OWN = (
    "id", "number", "version", "status", "reason_key", "opened_at", "due_at", "first_due",
    "close_due", "contacted_at", "paused_at", "snoozed_until", "resolved_at", "outcome",
    "priority_reasons", "team_id", "contact_id", "account_id",
)  # fmt: skip
_ROWS = sa.select(
    *(CASE.c[name] for name in _OWN),
    CASE.c.assignee_id.label("owner_id"),
    OWNER_SHOWN.label("owner"),
    col(Contact.name).label("contact"),
    col(Contact.email).label("email"),
    col(Account.name).label("account"),
    col(Account.arr),
    col(Account.currency),
    col(Account.renewal_on),
    col(Survey.metric),
    RESPONSE.c.score,
    RESPONSE.c.scale,
    RESPONSE.c.band,
    sa.func.substr(col(Response.comment), 1, SAID).label("said"),
    ANSWER_UNIT,
    TAGS,
).select_from(JOINED)
