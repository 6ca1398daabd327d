"""What a filter bar offers: only what was ever seen, and only the actor's own units."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import PropertyValue, Unit
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.cube import Asked, asked_surveys
from services.insights.filters import Filter
from services.insights.selects import RESPONSE


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
    values: dict[str, list[str]] = {}
    for row in session.exec(select(PropertyValue).order_by(col(PropertyValue.value))):
        values.setdefault(row.name, []).append(row.value)
    props = {name.removeprefix("props."): v for name, v in values.items() if name[:6] == "props."}
    return Options(
        surveys=asked_surveys(session),
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
