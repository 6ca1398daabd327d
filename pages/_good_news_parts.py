"""The good news as cards: what the score was, what was done between, and what can be done now."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import ask
from pages._look import shown
from pages._url import CURSOR, only, query_of, several, write
from services.domain.scores import Metric
from services.insights.desk_people import desk
from services.insights.good_news import Between, GoodNews
from services.insights.good_news_selects import KEYS, NewsFilter, Now

METRICS = {metric: metric.upper() for metric in Metric}
NOW = {Now.PROMOTER: "promoter, satisfied or low effort", Now.PASSIVE: "passive or neutral"}


def put(filter: NewsFilter, **others: str | None) -> None:
    """Write the filter to the URL; another one begins with the latest."""
    write(filter, (*KEYS, CURSOR), **others)


def rewrite(change: Callable[[Any], Any]) -> None:
    """For controls: the filter in the URL, changed."""
    put(change(NewsFilter.from_query(query_of())[0]))


def bar(now: NewsFilter) -> None:
    """Which news, and what is in force in plain text."""
    units = ask(desk).units
    box = st.popover("Filters", key="f_more", on_change="rerun")
    if box.open:
        with box:
            several("metrics", "Metric", now.metrics, METRICS, rewrite)
            several("units", "Unit", now.units, units, rewrite)
            several("now", "They are now", now.now, NOW, rewrite)
    told = [METRICS[one] for one in now.metrics]
    told += [f"unit {units.get(one, one)}" for one in now.units]
    only(told + [f"now {NOW[one]}" for one in now.now], put, NewsFilter())


def aside(news: GoodNews, zone: ZoneInfo) -> dict[str, Any]:
    """What turned, and who is to be thanked for it."""
    parts = [f"Was {news.was} on {news.was_at.astimezone(zone):%d %b %Y}"]
    if news.lows > 1:
        parts.append(f"after {news.lows} low answers in a row")
    if news.first:
        parts.append("their first answer in the top band")
    case = news.between
    done = f"Thanks to {case.owner}." if case and case.owner else ""
    line = f"{', '.join(parts)}. {done if case else 'No case lay between.'}"
    return {"note": shown(line.strip()), "before": case and _case(case)}


def _case(case: Between) -> dict[str, str]:
    how = case.outcome.label.lower() if case.outcome else case.status.value
    return {"text": f"Case {case.number}: {how}", "href": f"case?number={case.number}"}


def turn(older: str | None) -> None:
    """Further back, and to the latest again; the place is part of the address."""
    with st.container(horizontal=True, vertical_alignment="center", key="turn"):
        for label, at in (("Latest", None), ("Older", older)):
            off = older is None if label == "Older" else CURSOR not in st.query_params
            st.button(
                label, key=f"turn_{label.lower()}", disabled=off, on_click=_go, args=(at,)
            )  # fmt: skip


def _go(at: str | None) -> None:
    put(NewsFilter.from_query(query_of())[0], **{CURSOR: at})
