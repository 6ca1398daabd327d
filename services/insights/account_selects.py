"""The SELECTs behind an account's file, for both engines.

Scores are those of answers given for the account; what is said of its people is said by those who
belong to it now.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Contact, Response, Survey
from services.domain.periods import Period
from services.domain.scores import Band, Direction, Metric
from services.insights.score_lines import ScorePoint
from services.insights.selects import COUNTED, Condition, within

Query = sa.Select[*tuple[Any, ...]]

_METRIC, _BAND, _AT = col(Survey.metric), col(Response.band), col(Response.answered_at)
_CONTACT = col(Response.contact_id)
_SURVEY = (Survey, col(Survey.id) == Response.survey_id)


def _all(period: Period) -> Condition:
    return sa.and_(*within(period))


def counts_select(account_id: int, year: Period, own: Sequence[Condition]) -> Query:
    """(metric, band, answers within `year`, answers ever)."""
    inside = sa.func.sum(sa.case((_all(year), 1), else_=0))
    return (
        sa.select(_METRIC, _BAND, inside.label("year"), sa.func.count().label("ever"))
        .select_from(Response)
        .join(*_SURVEY)
        .where(COUNTED, col(Response.account_id) == account_id, *own)
        .group_by(_METRIC, _BAND)
    )


def contacts_select(account_id: int, year: Period, own: Sequence[Condition]) -> Query:
    """(metric, contacts who answered within `year`)."""
    return (
        sa.select(_METRIC, sa.func.count(_CONTACT.distinct()).label("n"))
        .select_from(Response)
        .join(*_SURVEY)
        .where(COUNTED, col(Response.account_id) == account_id, *within(year), *own)
        .group_by(_METRIC)
    )


def reach_select(account_id: int, _year: Period, own: Sequence[Condition]) -> Query:
    """(answers ever, contacts who gave them)."""
    return sa.select(sa.func.count(), sa.func.count(_CONTACT.distinct())).where(
        COUNTED, col(Response.account_id) == account_id, *own
    )


def known(session: Session, account_id: int) -> int:
    """How many contacts belong to the account."""
    query = sa.select(sa.func.count()).select_from(Contact)
    query = query.where(col(Contact.account_id) == account_id)
    return int(session.connection().execute(query).scalar_one())


def heard_select(account_id: int, year: Period, own: Sequence[Condition]) -> Query:
    """(contacts of the account who answered within `year`)."""
    people = sa.select(col(Contact.id)).where(col(Contact.account_id) == account_id)
    return sa.select(sa.func.count(_CONTACT.distinct())).where(
        COUNTED, _CONTACT.in_(people), *within(year), *own
    )


def flips_select(account_id: int, year: Period, own: Sequence[Condition]) -> Query:
    """(contacts whose NPS answer within `year` is a detractor's, right after a promoter's)."""
    before = sa.func.lag(_BAND).over(partition_by=_CONTACT, order_by=(_AT, col(Response.id)))
    told = (
        _of_people(account_id, own, _CONTACT, _BAND, _AT, before.label("before"))
        .where(_METRIC.in_([Metric.NPS.value]))
        .subquery()
    )
    return sa.select(sa.func.count(told.c.contact_id.distinct())).where(
        told.c.band == int(Band.DETRACTOR), told.c.before == int(Band.PROMOTER),
        told.c.answered_at >= year.start, told.c.answered_at < year.end,
    )  # fmt: skip


def people_select(account_id: int, own: Sequence[Condition]) -> Query:
    """The account's contacts with their last answer and the score before it of the same metric.

    The worst band first, in it the lowest score, then the newest; who never answered comes last.
    """
    told = _last(account_id, own)
    bad = told.c.direction == Direction.HIGH_IS_BAD.value
    person = (Contact.id, Contact.name, Contact.email, Contact.erased_at, Contact.role,
              Contact.do_not_contact)  # fmt: skip
    answer = [column for column in told.c if column.name not in ("contact_id", "place")]
    return (
        sa.select(*map(col, person), *answer)
        .select_from(Contact)
        .outerjoin(told, sa.and_(told.c.contact_id == col(Contact.id), told.c.place == 1))
        .where(col(Contact.account_id) == account_id)
        .order_by(
            told.c.band.is_(None), told.c.band,
            sa.case((bad, -told.c.score), else_=told.c.score),
            told.c.answered_at.desc(), col(Contact.id),
        )
    )  # fmt: skip


def last_point(row: Any) -> ScorePoint | None:
    """The last answer in a row of `people_select`; it stands alone, so it has no height."""
    if row.response_id is None:
        return None
    return ScorePoint(
        response_id=row.response_id, metric=Metric(row.metric), score=row.score, scale=row.scale,
        band=Band(row.band), answered_at=row.answered_at, height=0,
    )  # fmt: skip


def _last(account_id: int, own: Sequence[Condition]) -> sa.Subquery:
    newest = (_AT.desc(), col(Response.id).desc())
    by_metric: Any = {"partition_by": (_CONTACT, _METRIC), "order_by": (_AT, col(Response.id))}
    return _of_people(
        account_id, own,
        _CONTACT, col(Response.id).label("response_id"), _METRIC, col(Survey.direction),
        col(Response.score), col(Response.scale), _BAND, _AT,
        sa.func.row_number().over(partition_by=_CONTACT, order_by=newest).label("place"),
        sa.func.lag(col(Response.score)).over(**by_metric).label("was"),
        sa.func.lag(_BAND).over(**by_metric).label("was_band"),
    ).subquery()  # fmt: skip


def _of_people(account_id: int, own: Sequence[Condition], *columns: Any) -> Query:
    """Columns of the counted answers of those who belong to the account now."""
    return (
        sa.select(*columns)
        .select_from(Response)
        .join(*_SURVEY)
        .join(Contact, col(Contact.id) == _CONTACT)
        .where(COUNTED, col(Contact.account_id) == account_id, *own)
    )
