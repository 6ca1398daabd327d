"""Rows to plotly figures. No Streamlit, no database, and never a customer's word.

Plotly reads HTML in labels and in hover texts, so only numbers, dates and our own words get here:
what customers typed (property values, survey names) is shown in tables, which read nothing.
"""

from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from services.domain.periods import Grain
from services.domain.scores import Band, Estimate, show
from services.insights import Distribution, Point, Trend
from services.insights.words import margin, step, unit, value

# Streamlit puts the theme's chartCategoricalColors in the place of these, light or dark as the
# reader has it; the last two are its stand-ins for text and paper.
ACCENT, DETRACTOR, PROMOTER, PASSIVE, WARNING = (f"#00000{n}" for n in range(1, 6))
INK, PAPER = "#000037", "#000038"
BANDS = {Band.DETRACTOR: DETRACTOR, Band.PASSIVE: PASSIVE, Band.PROMOTER: PROMOTER}
STILL = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}
PLAIN = {"selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 1}}}
MOST_TICKS = {Grain.MONTH: 13, Grain.QUARTER: 9, Grain.YEAR: 13}
MOST_NUMBERS = 13  # bars that still carry their number
MOST_FLAGS = 3  # changes told in words, the surest ones


def trend_figure(trend: Trend, ghost: str = "") -> go.Figure:
    """The metric with its interval, the answers under it, the period before as a ghost line."""
    figure, points = go.Figure(), trend.points
    if ghost:
        _ghost(figure, trend, ghost)
    for known, ks in groupby(range(len(points)), lambda k: not points[k].estimate.too_few):
        if known:
            _ribbon(figure, trend, [*ks])
    _line(figure, trend)
    _sizes(figure, trend)
    for k in _surest(trend):
        _flag(figure, trend, k)
    ticks = _ticks(trend)
    figure.update_layout(
        height=380, margin={"l": 0, "r": 8, "t": 8, "b": 0}, showlegend=False, dragmode=False,
        hovermode="closest", hoverdistance=-1, bargap=0.4, font={"color": INK},
        hoverlabel={"align": "left", "font": {"color": INK}},
        xaxis={"tickmode": "array", "tickvals": [k for k, _ in ticks], "showgrid": False,
               "ticktext": [text for _, text in ticks], "tickangle": 0, "fixedrange": True,
               "range": [-0.6, len(points) - 0.4], "anchor": "y2", "zeroline": False,
               "tickfont": {"color": INK}},
        yaxis={"domain": [0.24, 1], "fixedrange": True, "range": _reach(trend, bool(ghost)),
               "ticksuffix": unit(trend.metric), "nticks": 6, "zeroline": True,
               "zerolinewidth": 1, "title": None, "tickfont": {"color": INK}},
        yaxis2={"domain": [0, 0.13], "fixedrange": True, "visible": False},
    )  # fmt: skip
    return figure


def distribution_figure(found: Distribution) -> go.Figure:
    """Answers per score, coloured by band, with their share above each bar."""
    bars = found.bars
    figure = go.Figure(
        go.Bar(
            x=[str(bar.score) for bar in bars], y=[bar.n for bar in bars],
            marker={"color": [BANDS[bar.band] for bar in bars], "line": {"width": 0}},
            text=[f"{show(bar.share)}%" if bar.n else "" for bar in bars], textangle=0,
            textposition="outside", textfont={"color": INK}, cliponaxis=False,
            constraintext="none", customdata=[bar.score for bar in bars], hoverinfo="text",
            hovertext=[f"{b.n:,} gave {b.score} ({show(b.share, 1)} %)" for b in bars], **PLAIN,
        )
    )  # fmt: skip
    figure.update_layout(
        height=190, margin={"l": 0, "r": 0, "t": 20, "b": 0}, showlegend=False, dragmode=False,
        bargap=0.18, hovermode="x", hoverlabel={"font": {"color": INK}},
        yaxis={"visible": False, "fixedrange": True},
        xaxis={"type": "category", "fixedrange": True, "showgrid": False,
               "tickfont": {"color": INK}},
    )  # fmt: skip
    return figure


def _ribbon(figure: go.Figure, trend: Trend, ks: list[int]) -> None:
    """The interval over points in a row; a point alone gets a stroke."""
    known = [trend.points[k].estimate for k in ks]
    ends = [*(one.high for one in known), *(one.low for one in reversed(known))]
    alone = len(ks) == 1
    figure.add_scatter(
        x=[*ks, *reversed(ks)], y=ends, fill="toself", mode="lines", fillcolor=ACCENT,
        line={"color": ACCENT, "width": 2 if alone else 0}, opacity=0.4 if alone else 0.16,
        hoverinfo="skip",
    )  # fmt: skip


def _ghost(figure: go.Figure, trend: Trend, words: str) -> None:
    """The period before; its name stands where it is farthest from the line of today."""
    then = [_sure(point) for point in trend.previous][: len(trend.points)]
    figure.add_scatter(
        x=[*range(len(then))], y=then, mode="lines", hoverinfo="skip",
        line={"color": PASSIVE, "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    today = [_sure(point) for point in trend.points]
    apart = {
        k: abs(a - b) for k, (a, b) in enumerate(zip(then, today, strict=False)) if _both(a, b)
    }
    if apart:
        k = max(apart, key=apart.__getitem__)
        _say(figure, k, len(today), then[k], words, above=(then[k] or 0) > (today[k] or 0))


def _sure(point: Point) -> float | None:
    """The figure, if there are enough answers to say it."""
    return None if point.estimate.too_few else point.estimate.value


def _both(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None


def _say(
    figure: go.Figure, k: int, n: int, y: float | None, text: str, *,
    above: bool, arrow: bool = False,
) -> None:  # fmt: skip
    """Words at a point, kept within the chart's sides."""
    side = "left" if k < 0.2 * n else "right" if k > 0.8 * n else "center"
    away = {"showarrow": False, "yshift": 12 if above else -12}
    if arrow:
        away = {"ax": 0, "ay": -34 if above else 34, "arrowhead": 0, "standoff": 6}
        away |= {"arrowwidth": 1, "arrowcolor": PASSIVE}
    figure.add_annotation(
        x=k, y=y, text=text, xanchor=side, bgcolor=PAPER, borderpad=1,
        font={"size": 12, "color": INK}, **away,
    )  # fmt: skip


def _line(figure: go.Figure, trend: Trend) -> None:
    """A line through what can be said, and a mark for every figure: hollow where n is too few."""
    few = [point.estimate.too_few for point in trend.points]
    ks = [*range(len(few))]
    figure.add_scatter(
        x=ks, y=[_sure(point) for point in trend.points], mode="lines", hoverinfo="skip",
        line={"color": ACCENT, "width": 2.5}, connectgaps=False,
    )  # fmt: skip
    figure.add_scatter(
        x=ks, y=[point.estimate.value for point in trend.points], mode="markers",
        marker={"size": 9, "color": [PASSIVE if one else ACCENT for one in few],
                "symbol": ["circle-open" if one else "circle" for one in few]},
        text=[_hover(trend, point) for point in trend.points],
        hovertemplate="%{text}<extra></extra>", **PLAIN,
    )  # fmt: skip


def _sizes(figure: go.Figure, trend: Trend) -> None:
    """n under the axis: numbers while there is room, bars always."""
    ns = [point.estimate.n for point in trend.points]
    told = len(ns) <= MOST_NUMBERS
    figure.add_bar(
        x=[*range(len(ns))], y=ns, yaxis="y2", hoverinfo="skip",
        marker={"color": PASSIVE, "opacity": 0.45, "line": {"width": 0}}, textangle=0,
        text=[f"{n:,}" for n in ns] if told else None, textposition="outside",
        textfont={"size": 11, "color": INK}, cliponaxis=False, constraintext="none",
        selected={"marker": {"opacity": 0.45}}, unselected={"marker": {"opacity": 0.45}},
    )  # fmt: skip
    most = "" if told or not ns else f", up to {max(ns):,} a {trend.span.grain.value}"
    figure.add_annotation(
        xref="paper", x=0, yref="paper", y=0.19, showarrow=False, xanchor="left",
        yanchor="middle", text=f"Responses{most}", font={"size": 11, "color": INK},
    )  # fmt: skip


def _flag(figure: go.Figure, trend: Trend, k: int) -> None:
    point, n = trend.points[k], len(trend.points)
    up = point.change is not None and (point.change.delta or 0) > 0
    text = f"<b>{_short(trend, k)}</b> {step(point)}"
    _say(figure, k, n, point.estimate.value, text, above=up, arrow=True)


def _surest(trend: Trend) -> list[int]:
    """Which changes to tell in words: those with the most evidence, at most three."""
    changes = ((k, point.change) for k, point in enumerate(trend.points))
    found = [(abs(change.z or 0), k) for k, change in changes if change and change.changed]
    return [k for _, k in sorted(found, reverse=True)[:MOST_FLAGS]]


def _reach(trend: Trend, ghost: bool) -> list[float] | None:
    """The range of the axis: intervals and lines, with air for the words above and below."""
    shown = [point.estimate for point in trend.points]
    ends: list[float | None] = [end for one in shown for end in _ends(one)]
    if ghost:
        ends += [_sure(point) for point in trend.previous]
    known = [end for end in ends if end is not None]
    if not known:
        return None
    air = max(4.0, (max(known) - min(known)) * 0.16)
    return [min(known) - air, max(known) + air]


def _ends(one: Estimate) -> tuple[float | None, ...]:
    return (one.value,) if one.too_few else (one.low, one.high)


def _hover(trend: Trend, point: Point) -> str:
    one = point.estimate
    if one.value is None or one.margin is None:
        return f"<b>{point.bucket.label}</b><br>no answers"
    give = "" if one.too_few else f" {margin(one)}"
    part = "" if point.bucket.whole else " (part of it)"
    figures = f"{trend.metric.upper()} {value(trend.metric, one.value)}{give}"
    lines = [f"<b>{point.bucket.label}</b>{part}", figures, f"{one.n:,} responses", step(point)]
    return "<br>".join(line for line in lines if line)


def _ticks(trend: Trend) -> list[tuple[int, str]]:
    """Which points are named: the first carries its year, and so does the first of the next."""
    n = len(trend.points)
    every = -(-n // MOST_TICKS.get(trend.span.grain, 7)) or 1
    ks = [*range(0, n, every)]
    years = [trend.points[k].bucket.days.first.year for k in ks]
    new = [i for i, year in enumerate(years) if i == 0 or year != years[i - 1]]
    if len(new) > 1 and new[1] < 2:  # no room for both: the second one says enough
        new = new[1:]
    if trend.span.grain is Grain.YEAR:
        new = []
    return [
        (k, f"{_short(trend, k)}<br>{years[i]}" if i in new else _short(trend, k))
        for i, k in enumerate(ks)
    ]


def _short(trend: Trend, k: int) -> str:
    bucket: Any = trend.points[k].bucket
    names = bucket.label.split()
    if trend.span.grain in (Grain.DAY, Grain.WEEK):
        return f"{bucket.days.first.day} {next(name for name in names if name.isalpha())}"
    return str(names[0])
