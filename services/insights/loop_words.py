"""What the loop says in words, so that page, chart and table say it the same way."""

from services.domain.scores import Estimate, show
from services.domain.waits import Waits
from services.insights.loop_figures import Point, Report
from services.insights.words import amount

SMALL = 20  # cases; below this people are counted one by one
HOUR = 3600
PARTS = (*((n, 10) for n in range(1, 10)), (1, 4), (3, 4), (1, 3), (2, 3))  # that people say
NEAR = 0.02  # how far from them it may be
DASH = "\N{EM DASH}"


def long(seconds: float, kind: str = "") -> str:
    """ "35 min", "6.2 h", "31 h"; with `kind` "business": "6.2 business hours"."""
    if seconds < HOUR:
        number, unit, word = show(seconds / 60), "min", "minute"
    else:
        hours = seconds / HOUR
        number = show(hours, 1 if hours < 9.95 else 0).removesuffix(".0")
        unit, word = "h", "hour"
    if not kind:
        return f"{number}\N{NO-BREAK SPACE}{unit}"
    return f"{number} {kind} {word}" if number == "1" else f"{number} {kind} {word}s"


def of_ten(one: Estimate) -> str:
    """ "9 of 10", "3 of 4", or "85 % of" where no such words come close; few are counted one by
    one, and neither all nor none is said of most or few."""
    hits = one.counts.promoters if one.counts else 0
    if hits == one.n:
        return f"All {one.n:,}"
    if one.n < SMALL or not hits:
        return f"{hits or 'None'} of the {one.n:,}"
    part = hits / one.n
    if not 0.05 <= part < 0.95:
        return "More than 9 of 10" if part > 0.5 else "Fewer than 1 of 10"
    few, of = min(PARTS, key=lambda each: abs(part - each[0] / each[1]))
    if abs(part - few / of) > NEAR:
        return f"{show(100 * part)}\N{NO-BREAK SPACE}% of"
    return f"{few} of {of}"


def finding(found: Report) -> str:
    """The headline: who heard from us, how soon, and how many loops are closed."""
    if not found.opened.n:
        return "No cases were opened in this period"
    if found.closed.now.too_few:
        return f"Too few cases to say: {_cases(found.opened.n)} opened"
    heard = f"{of_ten(found.contacted.now)} customers with a case heard from us"
    middle = found.contact.waits.median
    if middle is not None and not found.contact.waits.too_few:
        heard += f", half of those within {long(middle, 'business')}"
    closed = _lower(of_ten(found.closed.now))
    return f"{heard}; {closed} loops {'is' if closed.startswith('1 of') else 'are'} closed"


def told(points: tuple[Point, ...], grain: str) -> str:
    """What the trend of the closed loops says: only a change that is one is called so."""
    changed = [point for point in points if point.change and point.change.changed]
    if not changed:
        return f"No {grain} stands out from the one before"
    return f"Loop closed by {grain}: {step(changed[-1])} in {changed[-1].bucket.label}"


def step(point: Point) -> str:
    """What a bucket says of the one before it."""
    if not point.opened.n:
        return "no cases"
    if point.closed.now.too_few:
        return "too few to say"
    if not point.done:
        return f"{point.running:,} still running"
    if point.change is None or point.change.delta is None or not point.change.changed:
        return "no evidence of change" if point.change else ""
    return f"{'up' if point.change.delta > 0 else 'down'} {amount(point.change.delta)}"


def share(one: Estimate) -> str:
    """A share with its unit, or what it is of where that is too few."""
    if one.value is None:
        return DASH
    hits = one.counts.promoters if one.counts else 0
    return f"{hits} of {one.n}" if one.too_few else f"{show(one.value)}\N{NO-BREAK SPACE}%"


def interval(one: Estimate) -> str:
    """ "74 to 82", or why there is none."""
    if one.low is None or one.high is None:
        return ""
    return "too few to say" if one.too_few else f"{show(one.low)} to {show(one.high)}"


def middle(one: Waits) -> str:
    """The middle of waiting times; with too few of them nothing is said."""
    if one.median is None:
        return DASH
    return "too few to say" if one.too_few else long(one.median)


def _cases(n: int) -> str:
    return "1 case was" if n == 1 else f"{n:,} cases were"


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]
