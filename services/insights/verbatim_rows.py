"""Responses as people read them: who said what, where, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Account, Case, CaseResponse, Contact, Response, Survey, Unit, User
from db.search import highlights
from services.access import Actor
from services.domain.lifecycle import UNRESOLVED, Status
from services.domain.scores import Band, Metric
from services.insights.case_selects import TAGS, parted


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
    answer time. `account_id` is None where the account may not be seen, and `case_number` (with
    `case_status`) where there is no case that may be; `case_elsewhere`: there is one, in a unit
    that the reader does not see. `erased`: the person's data was removed.
    """

    id: int
    metric: Metric
    score: int
    scale: str
    band: Band
    comment: str | None
    marks: tuple[tuple[int, int], ...]
    contact_id: int | None
    name: str | None
    email: str | None
    erased: bool
    account_id: int | None
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
    case_number: int | None
    case_status: Status | None
    case_elsewhere: bool
    case_tags: tuple[str, ...] = ()


class _Case(NamedTuple):
    number: int
    status: Status
    unit_id: int | None
    tags: str | None


ROWS = (
    sa.select(
        *(col(getattr(Response, name)) for name in (
            "id", "score", "scale", "band", "comment", "channel", "touchpoint", "answered_at",
            "followup", "anonymous", "is_test", "excluded_at", "excluded_reason", "props",
            "contact_id", "account_id",
        )),
        col(Survey.metric), col(Survey.name).label("survey"), col(Contact.name),
        col(Contact.email), col(Contact.erased_at), col(Account.name).label("account"),
        col(Account.unit_id).label("account_unit_id"), col(Unit.name).label("unit"),
        col(User.name).label("excluded_by"),
    )
    .select_from(Response)
    .join(Survey, col(Survey.id) == Response.survey_id)
    .outerjoin(Contact, col(Contact.id) == Response.contact_id)
    .outerjoin(Account, col(Account.id) == Response.account_id)
    .outerjoin(Unit, col(Unit.id) == Response.unit_id)
    .outerjoin(User, col(User.id) == Response.excluded_by)
)  # fmt: skip


def told(
    session: Session, actor: Actor, rows: Sequence[sa.Row[Any]], text: str = ""
) -> tuple[Verbatim, ...]:
    """Rows of `ROWS` as verbatims, with their cases; the words of the query `text` are marked."""
    cases = _cases(session, actor, [row.id for row in rows])
    return tuple(_verbatim(row, actor, cases, text) for row in rows)


def _cases(session: Session, actor: Actor, responses: list[int]) -> dict[int, _Case]:
    """The case of each of these responses: one that the actor sees before others, an unresolved one
    before the rest, else the last.
    """
    if not responses:
        return {}
    query = (
        sa.select(
            col(CaseResponse.response_id),
            col(Case.number),
            col(Case.status),
            col(Case.unit_id),
            TAGS,
        )
        .join(Case, col(Case.id) == CaseResponse.case_id)
        .where(col(CaseResponse.response_id).in_(responses))
    )
    rows = session.connection().execute(query)
    found = [
        (row.response_id, _Case(row.number, Status(row.status), row.unit_id, row.tags))
        for row in rows
    ]

    def place(pair: tuple[int, _Case]) -> tuple[bool, bool, int]:
        case = pair[1]
        return actor.sees(case.unit_id), case.status in UNRESOLVED, case.number

    return dict(sorted(found, key=place))


def _verbatim(row: sa.Row[Any], actor: Actor, cases: Mapping[int, _Case], text: str) -> Verbatim:
    out, case = row.excluded_at is not None, cases.get(row.id)
    seen = case if case and actor.sees(case.unit_id) else None
    return Verbatim(
        id=row.id,
        metric=Metric(row.metric),
        score=row.score,
        scale=row.scale,
        band=Band(row.band),
        comment=row.comment,
        marks=tuple(highlights(row.comment or "", text)) if text else (),
        contact_id=row.contact_id,
        name=row.name,
        email=row.email,
        erased=row.erased_at is not None,
        account_id=row.account_id if actor.sees(row.account_unit_id) else None,
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
        case_number=seen and seen.number,
        case_status=seen and seen.status,
        case_elsewhere=seen is not case,
        case_tags=parted(seen and seen.tags),
    )
