"""The parts of the loop: its trend, the tables of teams, people and endings, and footnotes."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages import _charts
from pages._case_url import address
from pages._look import shown
from pages._loop_charts import Colours, rate_figure, wait_figure
from pages._parts import PAGES, TRIP, linked, scheme
from services.insights.loop_figures import Ending, Group, Point, Report, Size
from services.insights.loop_words import interval, middle, share, step, told

COLOURS = Colours(_charts.ACCENT, _charts.PASSIVE, _charts.INK, _charts.PAPER)
END = {"align": "end", "css": "tight"}
LATER = {"align": "end", "css": "tight wide"}  # left out where there is no room
MOST = 50  # rows of a table
Cell = tuple[Any, Size | None]  # what stands there, and the cases behind it


def opened_line(found: Report) -> None:
    """The range and the number of cases, and how many promises were found broken."""
    n, broken = found.opened.n, found.escalated.n
    cases = "1 case" if n == 1 else f"{n:,} cases"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="opened"):
        st.caption(f"{found.span.text}: {cases} opened", width="content")
        if broken and found.escalated.cases is not None:
            st.page_link(
                PAGES / "case_queue.py", label=f"{broken:,} of them with a broken promise",
                query_params=found.escalated.cases.to_query(),
            )  # fmt: skip


def trend(found: Report) -> None:
    """Closed loops and the wait for us as two charts or as one table; each leads to its cases."""
    points, grain = found.points, found.span.grain
    with st.container(horizontal=True, vertical_alignment="center", key="trend_head"):
        st.header(told(points, grain.value), anchor=False, width="stretch")
        as_table = st.toggle("As a table", key="as_table", persist_state="session")
    if as_table:
        _trend_table(found)
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(f"Loop closed, of the cases opened in each {grain.value}")
        _chart("rate", rate_figure(points, grain, COLOURS), [one.opened for one in points])
    with right:
        st.caption("First contact: half within so many business hours")
        contacted = [Size(one.contact.waits.n, one.contact.cases) for one in points]
        _chart("wait", wait_figure(points, grain, COLOURS), contacted)
    st.caption(
        "Hollow: fewer than 5 cases, or more than 1 of 20 still have time to be closed. "
        "The band is the 95 % interval."
    )


def _chart(name: str, figure: Any, behind: Sequence[Size]) -> None:
    key = f"{name}_{scheme()}"

    def picked() -> None:
        for point in st.session_state[key].selection.points:
            cases = behind[point["point_index"]].cases
            if cases is not None:
                st.session_state[TRIP] = address(cases)

    st.plotly_chart(
        figure, key=key, config=_charts.STILL, on_select=picked, selection_mode="points",
        alt="Every value stands in the table: switch on As a table.",
    )  # fmt: skip


def _trend_table(found: Report) -> None:
    columns = [
        {"label": found.span.grain.value.capitalize(), "css": "tight"},
        {"label": "Opened", **END}, {"label": "Closed", **END}, {"label": "95 % interval", **LATER},
        {"label": "Still running", **LATER}, {"label": "Half within", **END},
        {"label": "Against the one before", "css": "verdict wide"},
    ]  # fmt: skip
    numbers(
        "trend_table", f"The loop by {found.span.grain.value}, {found.span.text}", columns,
        [_trend_row(point) for point in found.points],
        ["few" if point.closed.now.too_few else "" for point in found.points],
    )  # fmt: skip


def _trend_row(point: Point) -> list[Cell]:
    part = "" if point.bucket.whole else " (part)"
    contact = Size(point.contact.waits.n, point.contact.cases)
    return [
        (f"{point.bucket.label}{part}", None), (f"{point.opened.n:,}", point.opened),
        (share(point.closed.now), point.closed.hits), (interval(point.closed.now), None),
        (f"{point.running:,}", None), (middle(point.contact.waits), contact), (step(point), None),
    ]  # fmt: skip


def groups(title: str, named: str, found: Sequence[Group], whole: Report) -> None:
    """The same figures for each team or person, most cases first."""
    if all(group.key is None for group in found):
        return  # one row that says what the tiles say
    st.header(title, anchor=False)
    columns = [
        {"label": named, "css": "name"}, {"label": "Opened", **END},
        {"label": "Contacted", **LATER}, {"label": "First contact in time", **LATER},
        {"label": "Half within", **END}, {"label": "Closed", **END},
        {"label": "95 % interval", **LATER}, {"label": "Line: all cases", "css": "wide"},
    ]  # fmt: skip
    shown_groups = found[:MOST]
    # What nobody owns is far from the others, and would press them together into one corner.
    ends = [end for one in shown_groups if one.key is not None for end in _ends(one)] or [0, 100]
    numbers(
        f"groups_{named}", f"{title}, {whole.span.text}", columns,
        [_group_row(one, whole, min(ends), max(ends)) for one in shown_groups],
        ["few" if one.closed.now.too_few else "" for one in shown_groups],
    )  # fmt: skip
    if len(found) > MOST:
        st.caption(f"The {MOST} with the most cases; there are {len(found) - MOST:,} more.")


def _group_row(one: Group, whole: Report, low: float, high: float) -> list[Cell]:
    contact = Size(one.contact.waits.n, one.contact.cases)
    return [
        (shown(one.name), None), (f"{one.opened.n:,}", one.opened),
        (share(one.contacted.now), one.contacted.hits),
        (share(one.contact_in_time.now), one.contact_in_time.hits),
        (middle(one.contact.waits), contact),
        (share(one.closed.now), one.closed.hits), (interval(one.closed.now), None),
        (_drawn(one, whole, low, high), None),
    ]  # fmt: skip


def _ends(one: Group) -> list[float]:
    now = one.closed.now
    return [] if now.too_few or now.low is None or now.high is None else [now.low, now.high]


def _drawn(one: Group, whole: Report, low: float, high: float) -> dict[str, Any] | None:
    """What the table draws: the value in its interval, and a line where all cases stand."""
    now, ends = one.closed.now, _ends(one)
    if not ends or min(ends) < low or max(ends) > high:
        return None
    rest = whole.closed.now.value
    return {
        "low": now.low, "value": now.value, "high": now.high, "from": low, "to": max(high, low + 1),
        "rest": rest if rest is not None and low <= rest <= high else None,
    }  # fmt: skip


def endings(title: str, named: str, found: Sequence[Ending], whole: Report) -> None:
    """How the resolved cases ended, or why they arose, most first."""
    st.header(title, anchor=False)
    if not found:
        st.text("No case of these is resolved yet.")
        return
    columns = [
        {"label": named, "css": "name"}, {"label": "Cases", **END},
        {"label": "Share", **END, "bar": True},
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [(shown(one.name), None), (f"{one.size.n:,}", one.size), (f"{one.share:.1f} %", None)]
        for one in found
    ]
    widest = max(one.share for one in found)
    bars = [100 * one.share / widest for one in found]
    numbers(f"endings_{named}", f"{title}, {whole.span.text}", columns, rows, bars=bars)
    st.caption(f"Of {whole.resolved.hits.n:,} resolved cases; the shares add up to 100 %.")


def numbers(
    name: str, caption: str, columns: Sequence[dict[str, Any]], rows: Sequence[Sequence[Cell]],
    tones: Sequence[str] = (), bars: Sequence[float] | None = None,
) -> None:  # fmt: skip
    """A table in which each number leads to its cases."""
    linked(
        name, caption, columns,
        [
            [
                (content, address(size.cases) if size and size.n and size.cases else None)
                for content, size in row
            ]
            for row in rows
        ],
        tones, bars,
    )  # fmt: skip


def footnotes(found: Report) -> None:
    """How each figure is made."""
    previous = found.span.previous_text
    with st.expander("How these figures are made"):
        for words in (
            found.opened.definition, *(one.now.definition for one in found.shares),
            found.contact.definition, found.close.definition, found.escalated.definition,
        ):  # fmt: skip
            st.caption(f"{words}.")
        against = (
            f" Compared with the cases opened in {previous}, as they stood as long after the end "
            "of that period as now is after the end of this one: so both have had the same time."
            if previous
            else ""
        )
        st.caption(
            f"Cases opened in {found.span.text}, whole days, the last one included, as they stand "
            f"now; the owner is who owns a case now.{against} A change is called one when chance "
            "alone would bring it about in fewer than 1 of 20 cases, with an allowance for the "
            "number of figures compared (Holm)."
        )
