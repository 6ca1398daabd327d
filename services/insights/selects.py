"""The SELECTs behind the figures, apart from their execution: the same on every engine.

The conditions of `COUNTED` are those of the partial index `ix_response_trend`, to the letter, and
what the figures read stands in that index: so a figure is a walk along a range of it. Buckets are
arms of a UNION ALL, one range each: exact in any time zone, and faster than a join or a CASE on
SQLite, PostgreSQL and DuckDB alike.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from db.models import Response
from services.domain.periods import Period
from services.domain.scores import Band
from services.insights.filters import Filter, State

Condition = ColumnElement[bool]
RESPONSE: sa.Table = Response.__table__  # type: ignore[attr-defined]
# No Boolean type: SQLite would be sent "= 1" after it, and use no partial index.
COUNTED: ColumnElement[Any] = sa.literal_column(
    "(response.excluded_at IS NULL AND NOT response.is_test)"
)
_OUT = "(response.excluded_at IS NOT NULL OR response.is_test)"  # those of ix_response_out
STATES: dict[State, ColumnElement[Any]] = {
    State.COUNTED: COUNTED,
    State.EXCLUDED: sa.literal_column(f"({_OUT} AND response.excluded_at IS NOT NULL)"),
    State.TEST: sa.literal_column(f"({_OUT} AND response.is_test)"),
    State.ALL: sa.literal_column("(1 = 1)"),
}


class _PlainProp(FunctionElement[str]):
    """A property as text, by a key that JSON writes as it is."""

    name, type, inherit_cache = "plain_prop", sa.Text(), True


class _AnyProp(_PlainProp):
    """A property as text, by any key: SQLite's paths compare keys as JSON has escaped them."""

    name, inherit_cache = "any_prop", True


@compiles(_PlainProp)
def _arrow(element: Any, compiler: Any, **kw: Any) -> str:
    props, key, _ = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({props} ->> {key})"


@compiles(_PlainProp, "sqlite")
def _extract(element: Any, compiler: Any, **kw: Any) -> str:
    props, _, path = element.clauses
    inner = f"{compiler.process(props, **kw)}, {compiler.process(path, **kw)}"
    return f"CAST(json_extract({inner}) AS TEXT)"


@compiles(_AnyProp, "sqlite")
def _each(element: Any, compiler: Any, **kw: Any) -> str:
    props, key, _ = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(SELECT CAST(atom AS TEXT) FROM json_each({props}) WHERE key = {key})"


def prop_text(key: str) -> ColumnElement[str]:
    """The property `key` of a response as text; NULL where it has none."""
    plain = key.isascii() and key.isprintable() and not set(key) & set('"\\')
    kind = _PlainProp if plain else _AnyProp
    return kind(RESPONSE.c.props, sa.literal(key, sa.Text), sa.literal(f'$."{key}"', sa.Text))


def column(name: str) -> ColumnElement[Any]:
    """What `by_property` groups by: survey, unit, channel, touchpoint or props.<key>."""
    if name.startswith("props."):
        return prop_text(name.removeprefix("props."))
    columns = {"survey": "survey_id", "unit": "unit_id"}
    known = (*columns, "channel", "touchpoint")
    if name not in known:
        raise ValueError(f"{name!r} is no property: use one of {', '.join(known)} or props.<key>")
    return RESPONSE.c[columns.get(name, name)]


def conditions(
    filter: Filter,
    *,
    units: Sequence[int] | None,
    surveys: Sequence[int],
    text: Condition | None = None,
) -> list[Condition]:
    """What a response must be to be meant, its time apart.

    `units` are those the actor may see (None: all), `surveys` those of the metric, `text` what
    `db.search.matches` made of the query.
    """
    found: list[Condition] = [
        STATES[filter.state],
        RESPONSE.c.survey_id.in_(surveys),
    ]
    if units is not None:
        found.append(RESPONSE.c.unit_id.in_(units))
    listed = {"unit_id": filter.units, "channel": filter.channels, "touchpoint": filter.touchpoints}
    listed |= {"band": filter.bands, "score": filter.scores}
    found += [RESPONSE.c[name].in_(map(_raw, values)) for name, values in listed.items() if values]
    for key in dict(filter.props):
        values = [value for name, value in filter.props if name == key]
        found.append(prop_text(key).in_(values))
    if filter.commented:
        found.append(RESPONSE.c.comment.is_not(None))
    return found if text is None else [*found, text]


def _raw(value: Any) -> Any:
    return int(value) if isinstance(value, Band) else value


def within(period: Period) -> list[Condition]:
    """Answered in the half-open `period`."""
    return [RESPONSE.c.answered_at >= period.start, RESPONSE.c.answered_at < period.end]


# Five bits would do for a score; one number groups faster than three columns on SQLite.
_CODE: ColumnElement[int] = sa.literal_column(
    "(response.survey_id * 16 + response.score) * 4 + response.band + 1", sa.BigInteger
)


def decode(code: int) -> tuple[int, int, Band]:
    """(survey id, score, band) of a `code` that `trend_select` made."""
    rest, band = divmod(code, 4)
    survey_id, score = divmod(rest, 16)
    return survey_id, score, Band(band - 1)


def trend_select(
    periods: Sequence[Period], where: Sequence[Condition]
) -> sa.CompoundSelect[int, int, int]:
    """(number of the period, code, answers): all that scores, trends and distributions need."""
    arms: list[sa.Select[int, int, int]] = [
        sa.select(
            sa.literal_column(str(k), sa.Integer).label("k"), _CODE.label("code"), sa.func.count()
        )
        .where(*where, *within(period))
        .group_by(_CODE)
        for k, period in enumerate(periods)
    ]
    return sa.union_all(*arms)


def searched_trend_select(
    periods: Sequence[Period], where: Sequence[Condition]
) -> sa.Select[int, int, int]:
    """As `trend_select`, as a join: a text condition is worked out once, not once per arm."""
    moment = RESPONSE.c.answered_at.type
    columns = (sa.column("k", sa.Integer), sa.column("starts", moment), sa.column("ends", moment))
    rows = [(k, period.start, period.end) for k, period in enumerate(periods)]
    piece = sa.values(*columns).data(rows).cte("piece")
    answered: ColumnElement[datetime] = RESPONSE.c.answered_at
    inside = sa.and_(answered >= piece.c.starts, answered < piece.c.ends)
    return (
        sa.select(piece.c.k, _CODE.label("code"), sa.func.count())
        .select_from(sa.join(RESPONSE, piece, inside))
        .where(*where)
        .group_by(piece.c.k, _CODE)
    )


def reach_select(period: Period, where: Sequence[Condition]) -> sa.Select[int, int, int]:
    """(answers, answers without a contact, contacts)."""
    contact = RESPONSE.c.contact_id
    return sa.select(
        sa.func.count(), sa.func.count() - sa.func.count(contact), sa.func.count(contact.distinct())
    ).where(*where, *within(period))


def property_select(
    value: ColumnElement[Any], period: Period, where: Sequence[Condition], limit: int
) -> sa.Select[Any]:
    """(value, answers, in the top band, in the bottom band), most answers first."""
    n = sa.func.count()
    top, bottom = (
        sa.func.sum(sa.case((col(Response.band) == band, 1), else_=0)) for band in (1, -1)
    )
    return (
        sa.select(value.label("value"), n.label("n"), top, bottom)
        .where(*where, *within(period))
        .group_by(sa.column("value"))
        .order_by(n.desc(), sa.column("value"))
        .limit(limit)
    )
