"""The days that a filter means right now: its period, the one before, and both cut in buckets."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from services import settings
from services.access import Actor, permitted
from services.domain.periods import (
    EARLIEST,
    LATEST,
    Bucket,
    Days,
    Grain,
    Period,
    before,
    buckets,
    days_label,
    fit,
    named,
    period,
)
from services.domain.roles import Verb
from services.insights.filters import Filter, State
from services.insights.selects import RESPONSE, STATES


@dataclass(frozen=True)
class Span:
    """A filter's range in the reporting zone. `previous` is None where nothing comes before."""

    zone: str
    grain: Grain
    current: Period
    previous: Period | None
    buckets: tuple[Bucket, ...]
    previous_buckets: tuple[Bucket, ...]

    @property
    def text(self) -> str:
        """The range as it stands beside each figure: days and zone."""
        return f"{days_label(self.current.days)} ({self.zone})"

    @property
    def previous_text(self) -> str:
        return days_label(self.previous.days) if self.previous else ""


def span(session: Session, filter: Filter, now: datetime, *, units: tuple[int, ...] | None) -> Span:
    """What the filter's range is at `now`; "all" reaches over its state's answers in `units`."""
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    ends = _ends(session, filter.state, units) if filter.range == "all" else []
    days = named(filter.range, today, _everything(ends, zone, today))
    grain = fit(days, filter.grain)
    earlier = before(days, filter.range, filter.compare)
    return Span(
        zone=zone.key,
        grain=grain,
        current=period(days, zone),
        previous=period(earlier, zone) if earlier else None,
        buckets=buckets(days, grain, zone),
        previous_buckets=buckets(earlier, grain, zone) if earlier else (),
    )


@permitted(Verb.SEE)
def days_of(session: Session, actor: Actor, filter: Filter, *, now: datetime) -> Span:
    """The days that the filter means at `now`."""
    return span(session, filter, now, units=actor.units)


def _ends(session: Session, state: State, units: tuple[int, ...] | None) -> list[datetime]:
    """When the first and the last answer of `state` were given; of ALL, by each of the others.

    So each end is the first row of a walk along one of the two indexes on time.
    """
    parts = (State.COUNTED, State.EXCLUDED, State.TEST) if state is State.ALL else (state,)
    answered = RESPONSE.c.answered_at
    own = [] if units is None else [RESPONSE.c.unit_id.in_(units)]
    ends = [
        session.connection().execute(query.order_by(order).limit(1)).scalar()
        for query in (sa.select(answered).where(STATES[one], *own) for one in parts)
        for order in (answered, answered.desc())
    ]
    return [end for end in ends if end]


def _everything(ends: list[datetime], zone: ZoneInfo, today: date) -> Days:
    """From the first of `ends` to today, or to the last one should it lie ahead."""
    found = [min(max(end.astimezone(zone).date(), EARLIEST), LATEST) for end in ends]
    return Days(min([*found, today]), max([*found, today]))
