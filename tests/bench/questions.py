"""What the pages ask the database, with filters as people set them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from services import insights
from services.access import SHELL
from services.domain.periods import Days, Grain
from services.domain.scores import Band, Metric
from services.insights import Filter
from tests.bench.data import COMMON, RARE

Ask = Callable[[Session], Any]
PLAIN = Filter()
PRO = Filter(props=(("plan", "pro"),))
PAGE = 20
# For DuckDB a statement of many arms is slow to plan; one would not write it so there.
OWN_WAY = ("Trends: 12 months", "Trends: 399 days by day")


def questions(now: datetime, session: Session) -> dict[str, Ask]:
    """Each question by name; `session` is for finding the cursor of a page further down."""
    today = now.date()
    two_years = str(Days(today - timedelta(days=729), today))
    daily = str(Days(today - timedelta(days=398), today))
    by_day = Filter(range=daily, grain=Grain.DAY)
    filters = {
        "12 months": PLAIN,
        "12 months, one property": PRO,
        "12 months, channel and two properties": Filter(
            channels=("email",), props=(*PRO.props, ("region", "EMEA"))
        ),
        "two years by week": Filter(range=two_years, grain=Grain.DAY),  # a chart has 400 points
        "399 days by day": by_day,
        "CSAT, no answers": Filter(metric=Metric.CSAT),
        "CES, no answers": Filter(metric=Metric.CES),
        "12 months, a common word": Filter(text=COMMON),
        "12 months, a rare word": Filter(text=RARE),
    }
    found: dict[str, Ask] = {f"Trends: {name}": _report(f, now) for name, f in filters.items()}
    found["Trends: by channel"] = _by("channel", PLAIN, now)
    found["Trends: by a property"] = _by("props.region", PLAIN, now)
    found["Trends: reach"] = lambda s: insights.reach(s, SHELL, PLAIN, now=now)
    found["Filter bar: options"] = lambda s: insights.options(s, SHELL)
    return found | _verbatims(now, session)


def _report(filter: Filter, now: datetime) -> Ask:
    return lambda session: insights.report(session, SHELL, filter, now=now)


def _by(name: str, filter: Filter, now: datetime) -> Ask:
    return lambda session: insights.by_property(session, SHELL, filter, name, now=now)


def _verbatims(now: datetime, session: Session) -> dict[str, Ask]:
    filters = {
        "first page": PLAIN,
        "detractors": Filter(bands=(Band.DETRACTOR,)),
        "one property": PRO,
        "a common word": Filter(text=COMMON),
        "a rare word": Filter(text=RARE),
    }

    def page(filter: Filter, cursor: Any = None) -> Ask:
        return lambda s: insights.verbatims(s, SHELL, filter, now=now, cursor=cursor)

    cursor = None
    for _ in range(PAGE - 1):
        cursor = page(PLAIN, cursor)(session).older or cursor
    pages = {f"Verbatims: {name}": page(filter) for name, filter in filters.items()}
    return pages | {f"Verbatims: page {PAGE}": page(PLAIN, cursor)}
