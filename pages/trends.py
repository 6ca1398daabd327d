"""Trends: are we better? A figure, how sure it is, and the way to the people behind it."""

import streamlit as st

from pages._ask import ask, failing_gently, moment
from pages._filters import bar, in_force
from pages._live import announce, drawn
from pages._look import styles
from pages._parts import empty_desk, nothing_found, tiles, travel, watch_scheme
from pages._trends_parts import by_segment, footnotes, reached, scores_chart, trend_chart, warned
from pages._url import Chosen, chosen
from services import insights
from services.insights.words import finding


def show(now: Chosen) -> None:
    """The whole answer for one filter, the figures first and what is counted apart last."""
    report = ask(insights.report, now.filter, now=moment())
    head = report.headline
    st.title(finding(now.filter, head), anchor=False)
    range_line = st.container()
    if not any(figure.now.n for figure in head.figures):
        nothing_found(now, head.span.text)
        return
    tiles(head)
    warned(head)
    trend_chart(now.filter, report.trend)
    left, right = st.columns([5, 7], gap="large")
    with left:
        for found in report.distributions:
            scores_chart(now.filter, found, head.span)
    footnotes(head)
    with right:
        by_segment(now)
    with range_line:
        reached(now.filter, head.span)


styles()
with failing_gently():
    since = drawn()
    asked = chosen()
    if asked.options.empty:
        st.title("Trends", anchor=False)
        empty_desk()
    else:
        bar(asked)
        in_force(asked)
        show(asked)
        travel()
        watch_scheme()
        announce(since, asked.filter, figure=True)
