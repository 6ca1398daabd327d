"""The chart of a digest as a PNG, drawn without a browser and without a network. Pure.

The same chart is the same bytes on every machine: its font, Liberation Sans, comes with the drawer.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import vl_convert
from PIL import Image

WIDTH, HEIGHT, SHARPNESS = 600, 200, 2
FONT = "Liberation Sans"
INK, MUTED, PAPER, ACCENT = "#1B1F24", "#5B616B", "#FFFFFF", "#2F5DA8"
PASSIVE, GRID = "#8A8F98", "#E6E8EB"
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 74, 42, 44  # pixels around the line
_WEEKS, _SIZES = 16, 34  # pixels below it: the names of the weeks, then n

Chart = Mapping[str, Any]


def png(chart: Chart) -> bytes:
    """The chart that `services.insights.digest.drawn` describes."""
    raw = vl_convert.vegalite_to_png(_spec(chart), scale=SHARPNESS, allowed_base_urls=[])
    smaller = BytesIO()  # a third of it: without the channel of what one sees through
    Image.open(BytesIO(raw)).convert("RGB").save(smaller, "PNG", optimize=True)
    return smaller.getvalue()


def alt(chart: Chart) -> str:
    """What the picture says, for those who do not see it."""
    known = [one for one in chart["points"] if one["known"]]
    said = f"{chart['title']}. NPS of {len(chart['points'])} weeks"
    if not known:
        return f"{said}: too few answers in each to say."
    last = known[-1]
    return (
        f"{said}; week of {last['label']}: {last['said']}, n {last['n']:,}, "
        f"from {min(one['value'] for one in known):.0f} to "
        f"{max(one['value'] for one in known):.0f} in all of them."
    )


def _spec(chart: Chart) -> dict[str, Any]:
    return {
        "background": PAPER,
        "padding": {"left": _LEFT, "right": _RIGHT, "top": _TOP, "bottom": _BOTTOM},
        "autosize": {"type": "none"},
        "width": WIDTH - _LEFT - _RIGHT,
        "height": HEIGHT - _TOP - _BOTTOM,
        "config": {"font": FONT, "view": {"stroke": None}},
        "title": {"text": chart["title"], "anchor": "start", "frame": "bounds", "offset": 16,
                  "dx": 6, "fontSize": 14, "fontWeight": "bold", "color": INK},
        "data": {"values": _rows(chart)},
        "layer": [*_line(len(chart["points"])), *_words()],
    }  # fmt: skip


def _rows(chart: Chart) -> list[dict[str, Any]]:
    """The points with their place, the stretch of known ones that each is in, and the words."""
    points, rows, run = chart["points"], list[dict[str, Any]](), 0
    last = max((at for at, one in enumerate(points) if one["known"]), default=-1)
    for at, one in enumerate(points):
        run += not one["known"]
        named = one["label"] if (len(points) - 1 - at) % 2 == 0 else ""
        rows.append({**one, "at": at, "run": run, "named": named, "size": f"{one['n']:,}"})
        rows[-1]["end"] = one["said"] if at == last else ""
        beside = (*points[max(at - 1, 0) : at], *points[at + 1 : at + 2])
        rows[-1]["alone"] = one["known"] and not any(two["known"] for two in beside)
    return rows


def _line(n: int) -> list[dict[str, Any]]:
    """The interval as a ribbon, the figures as a line; hollow where there are too few answers."""
    x = {"field": "at", "type": "quantitative", "axis": None,
         "scale": {"domain": [-0.4, max(n - 1, 1)], "nice": False, "zero": False}}  # fmt: skip
    axis = {"labelColor": MUTED, "labelFontSize": 11, "title": None, "domain": False,
            "ticks": False, "gridColor": GRID, "tickCount": 4, "labelPadding": 6}  # fmt: skip
    value = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": False}}
    ends = {"y": {**value, "field": "low"}, "y2": {"field": "high"}}
    known = [{"filter": "datum.known"}]
    run = {"field": "run", "type": "nominal"}
    colour = {"condition": {"test": "datum.known", "value": ACCENT}, "value": PAPER}
    edge = {"condition": {"test": "datum.known", "value": ACCENT}, "value": PASSIVE}
    return [
        {"transform": known, "mark": {"type": "area", "color": ACCENT, "opacity": 0.16},
         "encoding": {"x": x, **ends, "detail": run}},
        {"transform": [{"filter": "datum.alone"}],
         "mark": {"type": "rule", "color": ACCENT, "opacity": 0.4, "strokeWidth": 2},
         "encoding": {"x": x, **ends}},
        {"transform": known, "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2.5},
         "encoding": {"x": x, "y": value, "detail": run}},
        {"transform": [{"filter": "isValid(datum.value)"}],
         "mark": {"type": "point", "size": 40, "opacity": 1},
         "encoding": {"x": x, "y": value, "fill": colour, "stroke": edge}},
        {"transform": [{"filter": "datum.end"}],
         "mark": {"type": "text", "align": "left", "dx": 10, "color": INK, "fontSize": 12,
                  "fontWeight": "bold"},
         "encoding": {"x": x, "y": value, "text": {"field": "end"}}},
    ]  # fmt: skip


def _words() -> list[dict[str, Any]]:
    """Below the line the weeks and how many answered in each."""
    height, x = HEIGHT - _TOP - _BOTTOM, {"field": "at", "type": "quantitative"}

    def below(field: str, down: int) -> dict[str, Any]:
        return {
            "mark": {"type": "text", "color": MUTED, "fontSize": 11, "baseline": "middle"},
            "encoding": {"x": x, "y": {"value": height + down}, "text": {"field": field}},
        }

    sign = {
        "data": {"values": [{}]},
        "mark": {"type": "text", "color": MUTED, "fontSize": 11, "baseline": "middle",
                 "align": "left", "text": "n"},
        "encoding": {"x": {"value": 6 - _LEFT}, "y": {"value": height + _SIZES}},
    }  # fmt: skip
    return [below("named", _WEEKS), below("size", _SIZES), sign]
