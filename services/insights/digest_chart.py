"""The chart of a digest: the NPS of the last weeks, and the finding that stands above it."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from services import settings
from services.access import Actor
from services.domain.periods import DAY, Days, Grain
from services.domain.scores import Metric
from services.insights.filters import Filter
from services.insights.scores import Point, Report, report
from services.insights.words import finding, margin, move, value

WEEKS = 12


def weeks(session: Session, actor: Actor, now: datetime) -> Report:
    """The NPS of the last weeks, by week, as the actor sees it."""
    zone = settings.reporting_zone(session)
    today = now.astimezone(zone).date()
    monday = today - DAY * today.weekday()
    span = Days(monday - DAY * 7 * (WEEKS - 1), today)
    filter = Filter(range=str(span), grain=Grain.WEEK)
    return report(session, actor, filter, now=now)


def title(found: Report) -> str:
    """The finding of the chart: the figure with its margin, n, and what it did."""
    figure = found.headline.main
    if figure.now.value is None or figure.now.too_few:
        return finding(Filter(), found.headline)
    stands = f"NPS {value(figure.metric, figure.now.value)} {margin(figure.now)}"
    return f"{stands} (n {figure.now.n:,}): {move(figure)[1]}"


def drawn(found: Report) -> dict[str, Any]:
    """The chart as plain values, which a delivery can hold: `picture` makes the same of it."""
    return {"title": title(found), "points": [_point(one) for one in found.trend.points]}


def _point(point: Point) -> dict[str, Any]:
    one, first = point.estimate, point.bucket.days.first
    known = one.value is not None and not one.too_few
    return {
        "label": f"{first.day} {first:%b}", "n": one.n, "known": known, "value": one.value,
        "low": one.low if known else None, "high": one.high if known else None,
        "said": f"{value(Metric.NPS, one.value or 0)} {margin(one)}" if known else "",
    }  # fmt: skip
