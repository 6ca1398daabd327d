"""Which answers are good news: the filter in a URL, and the SELECTs, the same on every engine."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from db.models import Contact, Survey
from services.access import Actor
from services.domain.scores import Band, Metric
from services.insights.selects import RESPONSE, Condition
from services.insights.spelling import BIGGEST_ID, Field, Spelt, listed, many, whole
from services.insights.verbatims import Cursor

# The words of the partial index, for any alias: SQLite takes it for no others.
_COUNTS = "({0}.excluded_at IS NULL AND NOT {0}.is_test)"
_LOOKED = ("id", "answered_at", "survey_id", "contact_id", "band", "unit_id")
METRIC: sa.Column[Any] = Survey.__table__.c.metric  # type: ignore[attr-defined]


class Now(StrEnum):
    """What they are now."""

    PROMOTER = "promoter"
    PASSIVE = "passive"


@dataclass(frozen=True)
class NewsFilter(Spelt):
    """Which good news; empty fields mean all."""

    metrics: tuple[Metric, ...] = ()
    units: tuple[int, ...] = ()
    now: tuple[Now, ...] = ()


_FIELDS: tuple[Field, ...] = (
    ("metric", "metrics", listed, many("metric", Metric)),
    ("unit", "units", listed, many("unit", whole(1, BIGGEST_ID))),
    ("now", "now", listed, many("now", Now)),
)
KEYS = tuple(key for key, *_ in _FIELDS)
NewsFilter.SPELT = _FIELDS


def looked_at(cursor: Cursor | None, most: int) -> sa.Subquery:
    """The latest answers that count, of all: along the index, so that `most` bounds what is read
    however few of them are meant."""
    r = RESPONSE.alias("r")
    query = sa.select(*(r.c[name] for name in _LOOKED)).where(counts(r))
    if cursor is not None:
        past = sa.or_(r.c.answered_at < cursor.answered_at, r.c.id < cursor.id)
        query = query.where(r.c.answered_at <= cursor.answered_at, past)
    return query.order_by(r.c.answered_at.desc(), r.c.id.desc()).limit(most).subquery("looked")


def turned(looked: sa.Subquery, filter: NewsFilter, reader: Actor, most: int) -> sa.Select[Any]:
    """Those of known people that are not low, and whose answer before was."""
    asked = _survey("asked")
    who = col(Contact.id) == looked.c.contact_id
    return (
        sa.select(looked.c.id, looked.c.answered_at)
        .join(asked, asked.c.id == looked.c.survey_id)
        .join(Contact, sa.and_(who, col(Contact.erased_at).is_(None)))
        .where(*_meant(looked, asked, filter, reader))
        .where(_before(looked, asked, reader) == int(Band.DETRACTOR))
        .order_by(looked.c.answered_at.desc(), looked.c.id.desc())
        .limit(most)
    )


def _meant(looked: Any, asked: Any, filter: NewsFilter, reader: Actor) -> list[Condition]:
    bands = [Band.PROMOTER if one is Now.PROMOTER else Band.PASSIVE for one in filter.now]
    found = [
        looked.c.band.in_([int(band) for band in bands or (Band.PASSIVE, Band.PROMOTER)]),
        *seen(looked, reader),
    ]
    if filter.units:
        found.append(looked.c.unit_id.in_(filter.units))
    if filter.metrics:
        found.append(asked.c.metric.in_(filter.metrics))
    return found


def _before(looked: Any, asked: Any, reader: Actor) -> sa.ScalarSelect[Any]:
    """The band of the answer before, to the same metric. Its metric is looked up row by row: a join
    would begin with the surveys."""
    p, of = RESPONSE.alias("p"), _survey("of")
    metric = sa.select(of.c.metric).where(of.c.id == p.c.survey_id).scalar_subquery()
    earlier = sa.or_(
        p.c.answered_at < looked.c.answered_at,
        sa.and_(p.c.answered_at == looked.c.answered_at, p.c.id < looked.c.id),
    )
    own = p.c.contact_id == looked.c.contact_id
    query = sa.select(p.c.band).where(own, metric == asked.c.metric, earlier, counts(p))
    order = (p.c.answered_at.desc(), p.c.id.desc())
    last = query.where(*seen(p, reader)).order_by(*order).limit(1)
    return last.correlate(looked, asked).scalar_subquery()


def end(looked: sa.Subquery, most: int) -> sa.Select[Any]:
    """The last answer that was looked at, where there may be more behind it."""
    order = (looked.c.answered_at.desc(), looked.c.id.desc())
    return sa.select(looked.c.answered_at, looked.c.id).order_by(*order).offset(most - 1).limit(1)


def counts(alias: Any) -> sa.ColumnElement[Any]:
    return sa.literal_column(_COUNTS.format(alias.name))


def seen(alias: Any, reader: Actor) -> list[Condition]:
    return [] if reader.units is None else [alias.c.unit_id.in_(reader.units)]


def _survey(name: str) -> Any:
    return Survey.__table__.alias(name)  # type: ignore[attr-defined]
