"""What the shell asks, as a filter: `--start`, `--end` and `--where name=value`."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, select

from db.models import Survey, Unit
from services import settings
from services.access import Actor, Refused, permitted
from services.domain.periods import EARLIEST, Days
from services.domain.roles import Verb
from services.domain.scores import Metric
from services.insights.filters import Filter, State
from services.insights.selects import RESPONSE, prop_text

COLUMNS = ("survey", "unit", "channel", "touchpoint")


@permitted(Verb.SEE)
def asked(
    session: Session,
    actor: Actor,
    *,
    where: Sequence[tuple[str, str]] = (),
    start: date | None = None,
    end: date | None = None,
    metric: Metric = Metric.NPS,
    state: State = State.COUNTED,
    now: datetime,
) -> Filter:
    """The filter of whole days (both included) and of values; of one name they are alternatives.

    Names are survey, unit (by name or id), channel, touchpoint and any property. A survey, unit or
    property that no answer has is Refused: a slip of the pen should not read as "no answers".
    """
    found: dict[str, list[str]] = {}
    for name, value in where:
        found.setdefault(name.removeprefix("props."), []).append(value)
    props = {name: values for name, values in found.items() if name not in COLUMNS}
    for name in props:
        _known(session, name)
    return Filter(
        metric=metric,
        range=_range(session, start, end, now),
        surveys=tuple(_id(session, Survey, text) for text in found.get("survey", ())),
        units=tuple(_id(session, Unit, text) for text in found.get("unit", ())),
        channels=tuple(found.get("channel", ())),
        touchpoints=tuple(found.get("touchpoint", ())),
        props=tuple((name, value) for name, values in props.items() for value in values),
        state=state,
    )


def _range(session: Session, start: date | None, end: date | None, now: datetime) -> str:
    if start is None and end is None:
        return "all"
    today = now.astimezone(settings.reporting_zone(session)).date()
    try:
        return str(Days(start or EARLIEST, end or max(today, start or today)))
    except ValueError as error:
        raise Refused(f"{error}.") from None


def _id(session: Session, kind: type[Survey] | type[Unit], text: str) -> int:
    for row_id, name in session.exec(select(kind.id, kind.name)):
        if text in (name, str(row_id)):
            return row_id or 0
    raise Refused(f"There is no {kind.__name__.lower()} {text!r}.")


def _known(session: Session, name: str) -> None:
    query = sa.select(RESPONSE.c.id).where(prop_text(name).is_not(None)).limit(1)
    if session.connection().execute(query).first() is None:
        listed = ", ".join(COLUMNS)
        raise Refused(f"No answer has a property {name!r}; use {listed} or a property's name.")
