"""Promises kept and missed as plotly bars: see `_charts`, whose rules hold here too."""

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from pages import _charts
from pages._look import shown
from services.insights.loop_figures import Share
from services.insights.loop_words import interval, share
from services.insights.sla import Kept

LONGEST = 18  # characters of a name beside its bar
WORDS = 33  # % of a bar that has room for words, also on a phone
ROW, EDGES = 34, 40  # pixels
Bar = tuple[Kept, Share]


def bars_figure(bars: Sequence[Bar]) -> go.Figure:
    """A bar each, from the top down: kept and missed in %, and the 95 % interval of what was kept.

    Those too few to judge are pale and have no interval. The first two traces can be clicked.
    """
    figure = go.Figure()
    kept = [one.now.value or 0 for _, one in bars]
    _part(figure, bars, "kept", kept, [one.hits.n for _, one in bars], _charts.ACCENT)
    missed = [one.of.n - one.hits.n for _, one in bars]
    _part(figure, bars, "missed", [100 - one for one in kept], missed, _charts.DETRACTOR)
    _intervals(figure, bars)
    names = [_name(one.name) for one, _ in bars]
    figure.update_layout(
        barmode="stack", height=EDGES + ROW * len(bars), showlegend=False, dragmode=False,
        margin={"l": 0, "r": 24, "t": 4, "b": 0}, bargap=0.35, font={"color": _charts.INK},
        hovermode="closest", hoverlabel={"align": "left", "font": {"color": _charts.INK}},
        xaxis={"range": [0, 100], "fixedrange": True, "tickvals": [0, 50, 100],
               "ticktext": [f"{n}\N{NO-BREAK SPACE}%" for n in (0, 50, 100)], "zeroline": False,
               "tickfont": {"color": _charts.INK}},
        yaxis={"tickvals": [*range(len(bars))], "ticktext": names, "fixedrange": True,
               "range": [len(bars) - 0.5, -0.5], "showgrid": False, "zeroline": False,
               "automargin": True, "tickfont": {"color": _charts.INK}},
    )  # fmt: skip
    return figure


def _part(
    figure: go.Figure, bars: Sequence[Bar], word: str, lengths: list[float], ns: list[int],
    colour: str,
) -> None:  # fmt: skip
    opacity = [0.3 if one.now.too_few else 0.85 for _, one in bars]
    hovers = [f"{_hover(*bar)}<br>{n:,} {word}" for bar, n in zip(bars, ns, strict=True)]
    told = [f"{n:,} {word}" if long >= WORDS else "" for n, long in zip(ns, lengths, strict=True)]
    ink = [_charts.INK if one.now.too_few else _charts.PAPER for _, one in bars]
    figure.add_bar(
        x=lengths, y=[*range(len(bars))], orientation="h", hovertext=hovers, text=told,
        textposition="inside", insidetextanchor="start" if word == "kept" else "end",
        textangle=0, textfont={"color": ink, "size": 12}, constraintext="none",
        marker={"color": colour, "opacity": opacity, "line": {"width": 0}},
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"opacity": 0.85}}, unselected={"marker": {"opacity": 0.85}},
    )  # fmt: skip


def _intervals(figure: go.Figure, bars: Sequence[Bar]) -> None:
    sure = [
        (k, one.now.value, one.now.low, one.now.high)
        for k, (_, one) in enumerate(bars)
        if not one.now.too_few
    ]
    told = [(k, v, low, high) for k, v, low, high in sure if None not in (v, low, high)]
    figure.add_scatter(
        x=[v for _, v, _, _ in told], y=[k for k, *_ in told], mode="markers", hoverinfo="skip",
        marker={"size": 1, "opacity": 0},
        error_x={
            "type": "data", "symmetric": False, "color": _charts.INK, "thickness": 1.5, "width": 4,
            "array": [(high or 0) - (v or 0) for _, v, _, high in told],
            "arrayminus": [(v or 0) - (low or 0) for _, v, low, _ in told],
        },
    )  # fmt: skip


def _hover(one: Kept, promise: Share) -> str:
    now = promise.now
    sure = f" (95 %: {interval(now)})" if not now.too_few else ", too few to say"
    return f"<b>{_name(one.name)}</b><br>{share(now)} kept{sure}"


def _name(name: str) -> str:
    """A colleague's name: plotly would read HTML in it."""
    text = shown(name)
    return escape(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}")
