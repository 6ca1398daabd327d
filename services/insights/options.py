"""What a filter bar offers: only what was ever seen, and to an actor of units what theirs hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import is_sqlite
from db.models import PropertyValue, Unit
from services import facets
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.cube import Asked, asked_surveys
from services.insights.filters import Filter
from services.insights.selects import RESPONSE, Condition


@dataclass(frozen=True)
class Options:
    """The values on offer. `empty` when the desk holds no response that the actor may see.

    `props` maps a property's name to its values, at most 200 each; all of it is customer text.
    """

    surveys: tuple[Asked, ...]
    units: tuple[tuple[int, str], ...]
    channels: tuple[str, ...]
    touchpoints: tuple[str, ...]
    props: dict[str, tuple[str, ...]]
    empty: bool

    @property
    def properties(self) -> tuple[str, ...]:
        """The names that `by_property` takes and that tell something here."""
        own = {
            "channel": len(self.channels),
            "touchpoint": len(self.touchpoints),
            "unit": len(self.units),
            "survey": len(self.surveys),
        }
        named = [f"props.{key}" for key in self.props]
        return (*(name for name, n in own.items() if n > 1), *named)


@permitted(Verb.SEE)
def options(session: Session, actor: Actor) -> Options:
    """What may be filtered by."""
    query: sa.Select[Any, Any] = _noted() if actor.units is None else _seen(session, actor.units)
    values: dict[str, list[str]] = {}
    for name, value in session.connection().execute(query):
        values.setdefault(name, []).append(value)
    props = {name.removeprefix("props."): v for name, v in values.items() if name[:6] == "props."}
    return Options(
        surveys=_surveys(session, actor),
        units=_units(session, actor),
        channels=tuple(values.get("channel", ())),
        touchpoints=tuple(values.get("touchpoint", ())),
        props={name: tuple(props[name]) for name in sorted(props)},
        empty=_empty(session, actor),
    )


def fitting(filter: Filter, offered: Options) -> tuple[Filter, list[str]]:
    """The filter without surveys and units that are not on offer, and a notice for each kind."""
    surveys, units = {survey.id for survey in offered.surveys}, {unit for unit, _ in offered.units}
    known = filter.narrowed(
        surveys=tuple(surveys.intersection(filter.surveys)),
        units=tuple(units.intersection(filter.units)),
    )
    notices = [
        f"The address names a {kind} that is not there (any more), so it was left out."
        for kind, kept, given in (
            ("survey", known.surveys, filter.surveys),
            ("unit", known.units, filter.units),
        )
        if kept != given
    ]
    return known, notices


def _noted() -> sa.Select[str, str]:
    """Every (name, value) that was noted as answers came in."""
    name, value = col(PropertyValue.name), col(PropertyValue.value)
    return sa.select(name, value).order_by(value)


def _seen(session: Session, units: Sequence[int]) -> sa.Select[Any, Any]:
    """As `_noted`, but what occurs in the answers of `units`: nothing is told of the others'."""
    own = RESPONSE.c.unit_id.in_(units)
    columns = [
        sa.select(sa.literal(name).label("name"), RESPONSE.c[name].label("value")).where(own)
        for name in ("channel", "touchpoint")
    ]
    pair = sa.union(*columns, _properties(session, own)).subquery("pair")
    name, value = pair.c.name, pair.c.value
    place = sa.func.row_number().over(partition_by=name, order_by=value).label("place")
    short = sa.func.length(value).between(1, facets.LONGEST)
    ranked = sa.select(name, value, place).where(short).subquery("ranked")
    within = ranked.c.place <= facets.MOST
    return sa.select(ranked.c.name, ranked.c.value).where(within).order_by(ranked.c.value)


def _properties(session: Session, own: Condition) -> sa.Select[Any, Any]:
    """The properties that are texts; alike ones are put together before they are taken apart."""
    segment = sa.select(RESPONSE.c.props).where(own).distinct().subquery("segment")
    value: sa.ColumnElement[Any]
    if is_sqlite(session):
        each = sa.func.json_each(segment.c.props).table_valued("key", "type", "atom", name="each")
        text, value = each.c.type == "text", each.c.atom
    else:
        each = sa.func.jsonb_each(segment.c.props).table_valued("key", "value")
        each = each.render_derived("each")
        text = sa.func.jsonb_typeof(each.c.value) == "string"
        value = each.c.value.op("#>>")(sa.literal_column("'{}'"))
    name = sa.literal("props.").concat(sa.type_coerce(each.c.key, sa.Text))
    joined = segment.join(each, sa.true())
    return sa.select(name.label("name"), value.label("value")).select_from(joined).where(text)


def _surveys(session: Session, actor: Actor) -> tuple[Asked, ...]:
    surveys = asked_surveys(session)
    if actor.units is None:
        return surveys
    query = sa.select(RESPONSE.c.survey_id).where(RESPONSE.c.unit_id.in_(actor.units)).distinct()
    own = set(session.connection().execute(query).scalars())
    return tuple(survey for survey in surveys if survey.id in own)


def _units(session: Session, actor: Actor) -> tuple[tuple[int, str], ...]:
    query = select(Unit).order_by(col(Unit.name))
    if actor.units is not None:
        query = query.where(col(Unit.id).in_(actor.units))
    return tuple((unit.id or 0, unit.name) for unit in session.exec(query))


def _empty(session: Session, actor: Actor) -> bool:
    query = sa.select(RESPONSE.c.id).limit(1)
    if actor.units is not None:
        query = query.where(RESPONSE.c.unit_id.in_(actor.units))
    return session.connection().execute(query).first() is None
