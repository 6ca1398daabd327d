"""The trend of the loop as plotly figures: see `_charts`, whose rules hold here too."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import plotly.graph_objects as go

from services.domain.periods import Grain
from services.insights.loop_figures import Point
from services.insights.loop_words import HOUR, interval, long, middle, share, step

MOST_TICKS = {Grain.DAY: 5, Grain.WEEK: 5}  # else 7: the names are shorter
PLAIN = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}


class Colours(NamedTuple):
    """Stand-ins that Streamlit replaces by the theme's own colours (see `_charts`)."""

    accent: str
    soft: str
    ink: str
    paper: str


class Line(NamedTuple):
    """One figure through the buckets: value, interval, n, and whether it is said at all."""

    values: list[float | None]
    lows: list[float | None]
    highs: list[float | None]
    ns: list[int]
    sure: list[bool]
    hovers: list[str]


def rate_figure(points: Sequence[Point], grain: Grain, colours: Colours) -> go.Figure:
    """The share of closed loops, in %; hollow where cases may still be closed in time."""
    shares = [point.closed.now for point in points]
    line = Line(
        [one.value for one in shares], [one.low for one in shares], [one.high for one in shares],
        [one.n for one in shares],
        [not point.closed.now.too_few and point.done for point in points],
        [_rate_hover(point) for point in points],
    )  # fmt: skip
    figure = _figure(line, points, grain, colours, "Cases opened")
    figure.update_layout(yaxis={"range": _percent(line), "ticksuffix": "\N{NO-BREAK SPACE}%"})
    last = shares[-1] if shares and not points[-1].done else None
    if last is not None and last.value is not None and not last.too_few:
        figure.add_annotation(
            x=len(shares) - 1, y=last.value, text="still running", showarrow=False, yshift=-14,
            xanchor="right", xshift=8, bgcolor=colours.paper, borderpad=1,
            font={"size": 12, "color": colours.ink},
        )  # fmt: skip
    return figure


def wait_figure(points: Sequence[Point], grain: Grain, colours: Colours) -> go.Figure:
    """Half of the contacted heard from us within so many business hours; hollow where few did."""
    waits = [point.contact.waits for point in points]
    line = Line(
        *([None if v is None else v / HOUR for v in values] for values in (
            [one.median for one in waits], [one.low for one in waits], [one.high for one in waits],
        )),
        [one.n for one in waits], [not one.too_few for one in waits],
        [_wait_hover(point) for point in points],
    )  # fmt: skip
    figure = _figure(line, points, grain, colours, "Cases contacted")
    ends = [v for k, v in enumerate(line.highs) if v is not None and line.sure[k]]
    ends += [v for v in line.values if v is not None]
    top = max(ends, default=1) * 1.08
    figure.update_layout(yaxis={"range": [-0.04 * top, top], "ticksuffix": "\N{NO-BREAK SPACE}h"})
    return figure


def _figure(
    line: Line, points: Sequence[Point], grain: Grain, colours: Colours, counted: str
) -> go.Figure:
    figure = go.Figure()
    for sure, ks in groupby(range(len(points)), lambda k: line.sure[k]):
        if sure:
            _ribbon(figure, line, [*ks], colours)
    _marks(figure, line, colours)
    _sizes(figure, line, colours, counted)
    ticks = _ticks(points, grain)
    figure.update_layout(
        height=300, margin={"l": 0, "r": 8, "t": 8, "b": 0}, showlegend=False, dragmode=False,
        hovermode="closest", hoverdistance=-1, bargap=0.4, font={"color": colours.ink},
        hoverlabel={"align": "left", "font": {"color": colours.ink}},
        xaxis={"tickmode": "array", "tickvals": [k for k, _ in ticks], "showgrid": False,
               "ticktext": [text for _, text in ticks], "tickangle": 0, "fixedrange": True,
               "range": [-0.6, len(points) - 0.4], "anchor": "y2", "zeroline": False,
               "tickfont": {"color": colours.ink}},
        yaxis={"domain": [0.3, 1], "fixedrange": True, "nticks": 5, "zeroline": False,
               "title": None, "tickfont": {"color": colours.ink}},
        yaxis2={"domain": [0, 0.14], "fixedrange": True, "visible": False},
    )  # fmt: skip
    return figure


def _ribbon(figure: go.Figure, line: Line, ks: list[int], colours: Colours) -> None:
    """The interval over points in a row; a point alone gets a stroke."""
    ends = [line.highs[k] for k in ks] + [line.lows[k] for k in reversed(ks)]
    alone = len(ks) == 1
    figure.add_scatter(
        x=[*ks, *reversed(ks)], y=ends, fill="toself", mode="lines", fillcolor=colours.accent,
        line={"color": colours.accent, "width": 2 if alone else 0}, hoverinfo="skip",
        opacity=0.4 if alone else 0.16,
    )  # fmt: skip


def _marks(figure: go.Figure, line: Line, colours: Colours) -> None:
    """A line through what can be said, and a mark for every figure: hollow where it cannot."""
    ks = [*range(len(line.ns))]
    figure.add_scatter(
        x=ks, y=[v if line.sure[k] else None for k, v in enumerate(line.values)], mode="lines",
        line={"color": colours.accent, "width": 2.5}, connectgaps=False, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=ks, y=line.values, mode="markers", text=line.hovers,
        marker={"size": 9, "color": [colours.accent if one else colours.soft for one in line.sure],
                "symbol": ["circle" if one else "circle-open" for one in line.sure]},
        hovertemplate="%{text}<extra></extra>", **PLAIN,
    )  # fmt: skip


def _sizes(figure: go.Figure, line: Line, colours: Colours, counted: str) -> None:
    """n under the axis: numbers while there is room, bars always."""
    told = len(line.ns) <= 13
    figure.add_bar(
        x=[*range(len(line.ns))], y=line.ns, yaxis="y2", hoverinfo="skip", textangle=0,
        marker={"color": colours.soft, "opacity": 0.45, "line": {"width": 0}},
        text=[f"{n:,}" for n in line.ns] if told else None, textposition="outside",
        textfont={"size": 11, "color": colours.ink}, cliponaxis=False, constraintext="none",
        selected={"marker": {"opacity": 0.45}}, unselected={"marker": {"opacity": 0.45}},
    )  # fmt: skip
    most = "" if told else f", up to {max(line.ns):,}"
    figure.add_annotation(
        xref="paper", x=0, yref="paper", y=0.235, showarrow=False, xanchor="left",
        yanchor="middle", text=f"{counted}{most}", font={"size": 11, "color": colours.ink},
    )  # fmt: skip


def _percent(line: Line) -> list[float]:
    """The range of the axis: what is shown with some air, within what is possible."""
    shown = [v for k, v in enumerate(line.lows) if v is not None and line.sure[k]]
    low = min([*shown, *(v for v in line.values if v is not None)], default=0)
    return [max(-4, low - 12), 103]


def _rate_hover(point: Point) -> str:
    one = point.closed.now
    if one.value is None:
        return f"<b>{point.bucket.label}</b><br>no cases"
    said = f"{share(one)} closed" + ("" if one.too_few else f" (95 %: {interval(one)})")
    return _lines(point, said, f"{point.closed.hits.n:,} of {one.n:,} cases", step(point))


def _wait_hover(point: Point) -> str:
    one = point.contact.waits
    if one.median is None or one.low is None or one.high is None:
        return f"<b>{point.bucket.label}</b><br>nobody contacted"
    if one.too_few:
        return _lines(point, middle(one), f"{one.n:,} contacted")
    give = f"(95 %: {long(one.low)} to {long(one.high)})"
    return _lines(point, f"Half within {long(one.median)} {give}", f"{one.n:,} contacted")


def _lines(point: Point, *said: str) -> str:
    part = "" if point.bucket.whole else " (part of it)"
    return "<br>".join([f"<b>{point.bucket.label}</b>{part}", *filter(None, said)])


def _ticks(points: Sequence[Point], grain: Grain) -> list[tuple[int, str]]:
    """Which points are named; the year stands under the first name of each year."""
    every = -(-len(points) // MOST_TICKS.get(grain, 7)) or 1
    found: list[tuple[int, str]] = []
    years: set[int] = set()
    for k in range(0, len(points), every):
        bucket: Any = points[k].bucket
        day, name = bucket.days.first, bucket.label.split()[0]
        if grain in (Grain.DAY, Grain.WEEK):
            name = f"{day.day} {next(w for w in bucket.label.split() if w.isalpha())}"
        new = grain is not Grain.YEAR and day.year not in years
        years.add(day.year)
        found.append((k, f"{name}<br>{day.year}" if new else name))
    return found
