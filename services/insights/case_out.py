"""What programs are told of a case: its shape, and the columns that it is made of."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from db.models import Account, Contact, RootCause, Survey, Team, Unit
from services.access import Actor
from services.domain.lifecycle import Move, Outcome, Status
from services.domain.scores import Band, Metric
from services.insights.case_file import Step
from services.insights.case_rows import told
from services.insights.case_selects import ANSWER_UNIT, CASE, JOINED, OWNER
from services.insights.selects import RESPONSE
from services.insights.verbatims import Verbatim


@dataclass(frozen=True)
class Person:
    """Who a case is about."""

    id: int
    external_id: str | None
    name: str | None
    email: str | None


@dataclass(frozen=True)
class Company:
    """Whose person that is."""

    id: int
    external_id: str | None
    name: str


@dataclass(frozen=True)
class Owner:
    """Who works on a case."""

    id: int
    email: str
    name: str


@dataclass(frozen=True)
class CaseOut:
    """A case as programs see it. `comment` and names are customers' own texts, verbatim.

    Score and comment are those of the last answer that belongs to it. `due_at` is the promise that
    runs now; `change_seq` the data version of the last change.
    """

    number: int
    version: int
    status: Status
    reason_key: str
    contact: Person | None
    account: Company | None
    unit_id: int | None
    unit: str | None
    team_id: int | None
    team: str | None
    assignee: Owner | None
    score: int | None
    scale: str | None
    metric: Metric | None
    band: str | None
    comment: str | None
    opened_at: datetime
    first_due: datetime | None
    close_due: datetime | None
    due_at: datetime | None
    contacted_at: datetime | None
    resolved_at: datetime | None
    snoozed_until: datetime | None
    outcome: Outcome | None
    root_cause_id: int | None
    root_cause: str | None
    priority_reasons: list[dict[str, Any]]
    change_seq: int


@dataclass(frozen=True)
class Event:
    """One event of the journal. `said` is the desk's sentence, `body` what somebody typed."""

    event_id: int
    kind: Move
    at: datetime
    actor: str
    said: str
    body: str | None
    undone: bool


@dataclass(frozen=True)
class AnswerOut:
    """An answer that belongs to a case."""

    id: int
    metric: Metric
    score: int
    scale: str
    band: str
    comment: str | None
    survey: str
    channel: str | None
    touchpoint: str | None
    answered_at: datetime
    followup: str
    is_test: bool
    excluded: bool
    properties: dict[str, str]


@dataclass(frozen=True)
class WholeCase(CaseOut):
    """A case with its journal, the first event first, and its answers, the newest first."""

    journal: list[Event]
    answers: list[AnswerOut]


def _names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]


def case_of(row: sa.Row[Any], reader: Actor) -> CaseOut:
    """A row of `ROWS` as a program sees it that acts as `reader`."""
    known = told(row, reader)
    values = {name: known[name] for name in _PLAIN}
    metric = Metric(known["metric"]) if known["metric"] else None
    return CaseOut(
        **values,
        status=Status(row.status),
        outcome=Outcome(row.outcome) if row.outcome else None,
        metric=metric,
        band=None if metric is None else Band(known["band"]).label(metric),
        contact=_part(Person, row, "contact"),
        account=_part(Company, row, "account"),
        assignee=_part(Owner, row, "owner"),
    )


def event_of(step: Step) -> Event:
    """A step of the journal as programs see it."""
    return Event(
        event_id=step.event_id, kind=step.kind, at=step.at, actor=step.who,
        said=f"{step.who} {step.said}", body=step.body, undone=step.undone,
    )  # fmt: skip


def answer_of(answer: Verbatim) -> AnswerOut:
    """An answer as programs see it."""
    values = {name: getattr(answer, name) for name in _ANSWER}
    return AnswerOut(
        **values,
        band=answer.band.label(answer.metric),
        excluded=answer.exclusion is not None,
        properties=dict(answer.props),
    )


def _part(kind: Any, row: sa.Row[Any], name: str) -> Any:
    """The person, company or owner in the columns `name_...`; None where there is none."""
    if getattr(row, f"{name}_id") is None:
        return None
    return kind(*(getattr(row, f"{name}_{part}") for part in _names(kind)))


_OWN = (
    "id", "number", "version", "status", "reason_key", "unit_id", "team_id", "opened_at",
    "first_due", "close_due", "due_at", "contacted_at", "resolved_at", "snoozed_until", "outcome",
    "root_cause_id", "priority_reasons", "change_seq",
)  # fmt: skip
_PLAIN = (
    *(name for name in _OWN if name not in ("id", "status", "outcome")),
    "unit", "team", "root_cause", "score", "scale", "comment",
)  # fmt: skip
_ANSWER = (
    "id", "metric", "score", "scale", "comment", "survey", "channel", "touchpoint", "answered_at",
    "followup", "is_test",
)  # fmt: skip
ROWS = sa.select(
    *(CASE.c[name] for name in _OWN),
    *(col(getattr(Contact, name)).label(f"contact_{name}") for name in _names(Person)),
    *(col(getattr(Account, name)).label(f"account_{name}") for name in _names(Company)),
    *(col(getattr(OWNER, name)).label(f"owner_{name}") for name in _names(Owner)),
    col(Unit.name).label("unit"),
    col(Team.name).label("team"),
    col(RootCause.name).label("root_cause"),
    col(Survey.metric),
    *(RESPONSE.c[name] for name in ("score", "scale", "band", "comment")),
    ANSWER_UNIT,
).select_from(
    JOINED.outerjoin(Unit, col(Unit.id) == CASE.c.unit_id)
    .outerjoin(Team, col(Team.id) == CASE.c.team_id)
    .outerjoin(RootCause, col(RootCause.id) == CASE.c.root_cause_id)
)
