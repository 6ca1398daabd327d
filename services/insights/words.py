"""What the figures say in one sentence, so that every page says it the same way."""

from datetime import datetime, timedelta

from services.domain.periods import Compare
from services.domain.scores import Estimate, Metric, show
from services.insights.filters import Filter
from services.insights.scores import Figure, Headline, Point

_BEFORE = {
    "12m": "the 12 months before",
    "month": "the same days of the month before",
    "last-month": "the month before",
    "quarter": "the same days of the quarter before",
    "last-quarter": "the quarter before",
    "year": "the same days of the year before",
}
_STEPS = (
    (timedelta(minutes=1), "just now"),
    (timedelta(hours=1), "{minutes} min ago"),
    (timedelta(days=1), "{hours} h ago"),
    (timedelta(days=60), "{days} d ago"),
)


def earlier(filter: Filter) -> str:
    """What the filter's range is compared with."""
    if filter.compare is Compare.YEAR:
        return "a year earlier"
    if filter.range in _BEFORE:
        return _BEFORE[filter.range]
    return f"the {filter.range[:-1]} days before" if filter.range[-1] == "d" else "the days before"


def unit(metric: Metric) -> str:
    """What follows the value: CSAT and CES are shares."""
    return "" if metric is Metric.NPS else "\N{NO-BREAK SPACE}%"


def value(metric: Metric, number: float) -> str:
    """A figure with its unit, rounded by the one rule."""
    return f"{show(number)}{unit(metric)}"


def margin(one: Estimate) -> str:
    """Half the interval's width; never rounded to nothing, since no figure is that sure."""
    half = one.margin or 0
    return f"\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}{show(half, 0 if half >= 1 else 1)}"


def amount(points: float) -> str:
    """ "1 point", "11 points", "0.4 points"."""
    size = show(abs(points), 0 if abs(points) >= 1 else 1)
    return f"{size} point" if size == "1" else f"{size} points"


def finding(filter: Filter, head: Headline) -> str:
    """The headline: what the filter's metric does, and no more than the evidence says."""
    figure, name = head.main, head.main.metric.upper()
    if figure.now.value is None:
        return f"No {name} answers in this period"
    if figure.now.too_few:
        return f"Too few {name} answers to say"
    stands = value(figure.metric, figure.now.value)
    if figure.change is None or figure.before is None:
        return f"{name} stands at {stands}"
    if figure.before.value is None or figure.before.too_few:
        return f"{name} stands at {stands}; too few answers before to compare"
    if figure.change.changed and figure.change.delta:
        side = "up" if figure.change.delta > 0 else "down"
        return f"{name} is {side} {amount(figure.change.delta)} on {earlier(filter)}"
    before = value(figure.metric, figure.before.value)
    return f"No evidence that {name} changed: {stands} now, {before} before"


def move(figure: Figure) -> tuple[str, str]:
    """(up, down, same or none; the words) of a figure against the period before."""
    if figure.now.value is None:
        return "none", "no answers in this period"
    if figure.change is None or figure.before is None:
        return "none", "not compared"
    if figure.before.value is None or figure.before.too_few or figure.now.too_few:
        return "none", "too few to compare"
    was = f"{value(figure.metric, figure.before.value)} before"
    if not figure.change.changed or not figure.change.delta:
        return "same", f"no evidence of change, {was}"
    side = "up" if figure.change.delta > 0 else "down"
    return side, f"{side} {amount(figure.change.delta)}, {was}"


def step(point: Point) -> str:
    """What a bucket says of the one before it: only a change that is one is called so."""
    if point.estimate.value is None:
        return "no answers"
    if point.estimate.too_few:
        return "too few to say"
    if point.change is None or point.change.delta is None or not point.change.changed:
        return "no evidence of change" if point.change else ""
    return f"{'up' if point.change.delta > 0 else 'down'} {amount(point.change.delta)}"


def ago(moment: datetime, now: datetime) -> str:
    """ "3 d ago"; from two months on, how many months."""
    age = now - moment
    minutes = max(0, int(age.total_seconds() // 60))
    parts = {"minutes": minutes, "hours": minutes // 60, "days": minutes // 1440}
    for limit, words in _STEPS:
        if age < limit:
            return words.format(**parts)
    return f"{round(parts['days'] * 12 / 365)} months ago"
