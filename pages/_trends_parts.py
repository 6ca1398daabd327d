"""The parts of Trends: its charts, their tables, segments and footnotes."""

from typing import Any

import streamlit as st

from pages._ask import ask, moment
from pages._charts import STILL, distribution_figure, trend_figure
from pages._look import shown
from pages._parts import people_of, scheme, split, table, travel_to
from pages._url import Chosen, control
from services import insights
from services.domain.periods import Grain
from services.domain.scores import Estimate, Metric, show
from services.insights import Distribution, Filter, Headline, Segment, Segments, Span, Trend
from services.insights.words import earlier, step, value

OWN = {"channel": "channel", "touchpoint": "touchpoint", "unit": "unit", "survey": "survey"}
END = {"align": "end", "css": "tight"}
AUTO = "auto"


def reached(filter: Filter, span: Span) -> None:
    """The range, and how many responses came from how many contacts."""
    reach = ask(insights.reach, filter, now=moment())
    people = f"{reach.responses:,} responses from {reach.contacts:,} contacts"
    alone = f", {reach.nameless:,} of them without a contact" if reach.nameless else ""
    st.caption(f"{span.text}: {people}{alone}")


def warned(head: Headline) -> None:
    """What a survey must be read with; its name is customer text."""
    for name, warning in head.warnings:
        with st.container(border=True):
            st.text(shown(f"{name}: {warning}"))


def trend_chart(filter: Filter, trend: Trend) -> None:
    """The trend as a chart or as a table; a point or a row leads to its responses."""
    key = f"trend_{scheme()}"
    with st.container(horizontal=True, vertical_alignment="center", key="trend_head"):
        st.header(_told(trend), anchor=False, width="stretch")
        _grain(filter, trend)
        as_table = st.toggle("As a table", key="as_table", persist_state="session")
    if as_table:
        _trend_table(filter, trend)
        return

    def picked() -> None:
        for point in st.session_state[key].selection.points:
            travel_to(filter.narrowed(trend.points[point["point_index"]].bucket.days))

    words = f"{_told(trend)}. Every value stands in the table: switch on As a table."
    st.plotly_chart(
        trend_figure(trend, earlier(filter) if trend.previous else ""), key=key,
        config=STILL, on_select=picked, selection_mode="points", alt=words,
    )  # fmt: skip


def _grain(filter: Filter, trend: Trend) -> None:
    fitting = f"By {trend.span.grain.value}"

    def name(one: str) -> str:
        return (
            f"By {one}" if one != AUTO else f"{fitting} (fits)" if not filter.grain else "As fits"
        )

    control(
        st.selectbox, "grain", "Points", filter.grain.value if filter.grain else AUTO,
        lambda old, one: old.narrowed(grain=None if one == AUTO else Grain(one)),
        options=[AUTO, *(grain.value for grain in Grain)], format_func=name, width=160,
    )  # fmt: skip


def _told(trend: Trend) -> str:
    grain = trend.span.grain.value
    if not trend.flagged:
        return f"No {grain} stands out from the one before"
    last = trend.flagged[-1]
    return f"{trend.metric.upper()} by {grain}: {step(last)} in {last.bucket.label}"


def _trend_table(filter: Filter, trend: Trend) -> None:
    columns = [
        {"label": trend.span.grain.value.capitalize(), "link": True, "css": "tight",
         "spoken": "Read the responses of %"},
        {"label": "Responses", **END}, {"label": trend.metric.upper(), **END},
        {"label": "95 % interval", **END},
        {"label": "Against the one before", "css": "verdict"},
    ]  # fmt: skip
    rows = []
    for point in trend.points:
        part = "" if point.bucket.whole else " (part)"
        cells = [
            f"{point.bucket.label}{part}",
            *_figures(point.estimate, trend.metric),
            step(point),
        ]
        tone = "few" if point.estimate.too_few else "changed" if point in trend.flagged else ""
        href = people_of(filter.narrowed(point.bucket.days)) if point.estimate.n else None
        rows.append({"tone": tone, "cells": cells, "href": href})
    table("trend_table", f"{_told(trend)}, {trend.span.text}", columns, rows)


def _figures(one: Estimate, metric: Metric) -> list[str]:
    """n, value and interval in words."""
    if one.value is None or one.low is None or one.high is None:
        return [f"{one.n:,}", "\N{EM DASH}", ""]
    interval = "too few to say" if one.too_few else f"{show(one.low)} to {show(one.high)}"
    return [f"{one.n:,}", value(metric, one.value), interval]


def scores_chart(filter: Filter, found: Distribution, span: Span) -> None:
    """Answers per score and band; a bar leads to those who gave it."""
    key = f"scores_{found.scale}_{scheme()}"

    def picked() -> None:
        for point in st.session_state[key].selection.points:
            score = found.bars[point["point_index"]].score
            travel_to(filter.narrowed(span.current.days, scores=(score,)))

    ends = f"{found.scale.low} to {found.scale.high}"
    st.header(f"Scores from {ends}", anchor=False)
    told = ", ".join(f"{bar.score}: {bar.n:,}" for bar in found.bars)
    st.plotly_chart(
        distribution_figure(found), key=key, config=STILL, on_select=picked,
        selection_mode="points", alt=f"{found.n:,} answers by score. {told}",
    )  # fmt: skip
    split(found, filter)


@st.fragment
def by_segment(now: Chosen) -> None:
    """The metric by one property, chosen here; each value against all others."""
    names = now.options.properties
    picked = st.session_state.get("by")
    if not names:
        return
    name = picked if picked in names else names[0]
    found = ask(insights.by_property, now.filter, name, now=moment())
    if not found.rows:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="segment_head"):
        st.header(f"{now.filter.metric.upper()} by", anchor=False, width="content")
        st.selectbox(
            "Property to compare", names, key="by", label_visibility="collapsed", width=200,
            format_func=lambda one: OWN.get(one) or shown(one.removeprefix("props.")),
            persist_state="session",
        )  # fmt: skip
    _segment_table(now.filter, found)
    if found.more:
        st.caption(f"The {len(found.rows)} values with the most responses; there are more.")


def _segment_table(filter: Filter, found: Segments) -> None:
    columns = [
        {"label": "Value", "link": True, "css": "name", "spoken": "Read the responses of %"},
        {"label": "Responses", **END}, {"label": found.metric.upper(), **END},
        {"label": "95 % interval", "css": "wide"},
        {"label": "Against the rest", "css": "verdict"},
    ]  # fmt: skip
    known = [row.estimate for row in found.rows if not row.estimate.too_few] + [found.total]
    ends = [end for one in known for end in (one.low, one.high) if end is not None] or [0, 100]
    rows = []
    for row in found.rows:
        n, figure, _ = _figures(row.estimate, found.metric)
        drawn = _drawn(row.estimate, found.total, min(ends), max(ends))
        cells = [shown(row.label), n, figure, drawn, row.verdict]
        href = people_of(filter.with_value(found.name, row.value)) if row.value else None
        rows.append({"tone": _tone(row), "cells": cells, "href": href})
    table("segments", f"{found.metric.upper()} by value, {found.span.text}", columns, rows)


def _drawn(one: Estimate, total: Estimate, low: float, high: float) -> dict[str, Any] | None:
    """What the table draws: the value in its interval, and a line where all answers stand."""
    if one.too_few or one.value is None:
        return None
    ends = {"low": one.low, "value": one.value, "high": one.high}
    return {**ends, "rest": total.value, "from": low, "to": max(high, low + 1)}


def _tone(row: Segment) -> str:
    if row.estimate.too_few:
        return "few"
    return "changed" if row.change and row.change.changed else ""


def footnotes(head: Headline) -> None:
    """How each figure is made."""
    against = f", compared with {head.span.previous_text}" if head.span.previous else ""
    with st.expander("How these figures are made"):
        for figure in head.figures:
            for one in (figure.now, figure.mean):
                if one is not None:
                    st.caption(f"{one.definition}.")
        st.caption(
            f"{head.span.text}, whole days, the last one included{against}. Excluded and test "
            "responses do not count. A change is called one when chance alone would bring it about "
            "in fewer than 1 of 20 cases, with an allowance for the number of points or values "
            "compared (Holm). Shares are rounded so that they add up to 100 %."
        )
