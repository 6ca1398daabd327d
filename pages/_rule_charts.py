"""The firings of rules by day: see `_charts`, whose rules hold here too."""

from collections.abc import Mapping
from datetime import date, timedelta

import plotly.graph_objects as go

from pages._charts import ACCENT, INK, PLAIN

WIDTH = timedelta(days=0.7) / timedelta(milliseconds=1)  # of a day, also where the next is far


def days_figure(days: Mapping[date, int]) -> go.Figure:
    """A bar a day."""
    found = sorted(days.items())
    figure = go.Figure(
        go.Bar(
            x=[day for day, _ in found], y=[n for _, n in found], width=WIDTH,
            marker={"color": ACCENT, "line": {"width": 0}}, hoverinfo="text",
            hovertext=[f"{day.day} {day:%b %Y}: {n:,}" for day, n in found], **PLAIN,
        )
    )  # fmt: skip
    figure.update_layout(
        height=170, margin={"l": 0, "r": 8, "t": 8, "b": 0}, showlegend=False, dragmode=False,
        hovermode="x", hoverlabel={"font": {"color": INK}}, font={"color": INK},
        xaxis={"fixedrange": True, "showgrid": False, "nticks": 6, "tickfont": {"color": INK}},
        yaxis={"fixedrange": True, "nticks": 4, "rangemode": "tozero", "tickformat": ",d",
               "tickfont": {"color": INK}},
    )  # fmt: skip
    return figure
