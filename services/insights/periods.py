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
from services.insights.filters import Filter
from services.insights.selects import COUNTED, RESPONSE


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
    """What the filter's range is at `now`; "all" reaches from the first answer of `units` on."""
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    everything = _everything(session, zone, today, units) if filter.range == "all" else None
    days = named(filter.range, today, everything or Days(today, today))
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


def _everything(
    session: Session, zone: ZoneInfo, today: date, units: tuple[int, ...] | None
) -> Days:
    """From the first counted answer to today, or to the last one should it lie ahead."""
    answered = RESPONSE.c.answered_at
    seen = sa.select(answered).where(COUNTED)
    if units is not None:
        seen = seen.where(RESPONSE.c.unit_id.in_(units))
    ends = [
        session.connection().execute(seen.order_by(order).limit(1)).scalar()
        for order in (answered, answered.desc())
    ]
    found = [min(max(end.astimezone(zone).date(), EARLIEST), LATEST) for end in ends if end]
    return Days(min([*found, today]), max([*found, today]))
