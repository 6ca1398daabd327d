"""What pages with figures share: tiles, the split by band, tables with links, and empty states."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages import _door
from pages._filters import bare
from pages._look import ASSETS, SHAPES, TONES, element, words
from pages._mount import mount
from pages._url import CURSOR, Chosen, put
from services import insights
from services.domain.roles import Verb
from services.domain.scores import Metric, show
from services.insights import Distribution, Figure, Filter, Headline
from services.insights.words import margin, move, value

PAGES = Path(__file__).parent
NAMES = {"nps": "NPS", "csat": "CSAT, satisfied", "ces": "CES, low effort"}
MOVES = {"up": "\u25b2", "down": "\u25bc", "same": "\u25cf", "none": ""}
TRIP = "trip"
SILENT = {"aria-hidden": "true"}


def tiles(head: Headline) -> None:
    """The three metrics, the page's own first and largest."""
    main, *others = head.figures
    st.html(element("div", "tiles", _tile(main, "tile ld-main"), *map(_tile, others)))


def _tile(figure: Figure, css: str = "tile") -> str:
    side, said = move(figure)
    shape = element("span", "shape", MOVES[side], **SILENT) if MOVES[side] else ""
    return element(
        "div", css,
        element("div", "name", NAMES[figure.metric]),
        element("div", "value", *_value(figure)),
        element("div", "size", words(_size(figure))),
        element("div", f"move ld-{side}", shape, words(said)),
        title=figure.now.definition,
    )  # fmt: skip


def _value(figure: Figure) -> tuple[str, str]:
    now = figure.now
    if now.value is None:
        return words("\N{EM DASH}"), ""
    give = "too few to say" if now.too_few else margin(now)
    return words(value(figure.metric, now.value)), element("span", "give", words(f" {give}"))


def _size(figure: Figure) -> str:
    mean = figure.mean.value if figure.mean else None
    told = f"; mean score {show(mean, 1)}" if mean is not None else ""
    return f"n {figure.now.n:,}{told}"


def split(found: Distribution, filter: Filter) -> None:
    """The bands as one bar, each told by shape and word beside its share."""
    parts, labels = [], []
    for band, _, share in found.bands:
        tone, said = TONES[band], f"{show(share, 1)} % {band.label(filter.metric)}"
        shape = element("span", f"shape ld-tone-{tone}", SHAPES[band], **SILENT)
        parts.append(element("div", f"part ld-{tone}", style=f"flex: {share} 1 0"))
        labels.append(element("span", "share", shape, words(said)))
    st.html(element("div", "bar", *parts, **SILENT) + element("div", "shares", *labels))


def table(
    name: str,
    caption: str,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
) -> None:
    """A table; `href` of a row is where its link leads (see `people_of`)."""
    mount("table", {"caption": caption, "columns": columns, "rows": rows}, name)


def linked(
    name: str,
    caption: str,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[Sequence[tuple[Any, str | None]]],
    tones: Sequence[str] = (),
    bars: Sequence[float] | None = None,
) -> None:
    """The same with a link a cell: each is what stands there, and where it leads."""
    data = {
        "caption": caption, "columns": columns, "looks": (ASSETS / "table.css").read_text(),
        "rows": [
            {"cells": [content for content, _ in row], "tone": tones[k] if tones else ""}
            for k, row in enumerate(rows)
        ],
        "links": [[href for _, href in row] for row in rows],
        "bars": [*bars] if bars else [None] * len(rows),
    }  # fmt: skip
    mount("numbers", data, name)


def scheme() -> str:
    """Light or dark, for the keys of charts: see `watch_scheme`."""
    return st.context.theme.type or "light"


def watch_scheme() -> None:
    """Run the page again when the reader turns from light to dark; at the end of a page."""
    mount("scheme", {"drawn": scheme()}, "scheme", on_scheme_change=lambda: None)


def people_of(filter: Filter) -> str:
    """The address of the responses behind a figure."""
    return f"verbatims?{urlencode(filter.to_query(), doseq=True)}"


def place_of(metric: Metric, answered_at: datetime, response_id: int) -> str:
    """The address of Verbatims at one answer."""
    filter, cursor = insights.around(metric, answered_at, response_id)
    return f"{people_of(filter)}&{urlencode({CURSOR: str(cursor)})}"


def travel_to(filter: Filter) -> None:
    """For callbacks: go to the responses behind a figure as soon as this run reaches `travel`."""
    st.session_state[TRIP] = people_of(filter)


def travel() -> None:
    """Go where a chart was clicked for; at the end of a page."""
    if href := st.session_state.pop(TRIP, None):
        mount("go", {"href": href, "trip": _door.now().isoformat()}, "go")


def empty_desk() -> None:
    """What to do first, for those who may."""
    st.header("No responses yet", anchor=False)
    if _door.actor().may(Verb.IMPORT):
        st.text("Bring in an export of your survey tool, or let it send answers to the API.")
        st.page_link(PAGES / "import_data.py", label="Import an export")
    else:
        st.text("As soon as customers of your units answer, their answers stand here.")


def nothing_found(now: Chosen, span: str) -> None:
    """No rows: say for what, and offer the ways out."""
    st.header("No responses match", anchor=False)
    rid, narrowed = bare(now.filter), now.filter != bare(now.filter)
    way = "Drop the filters or take more days." if narrowed else "Take more days or another metric."
    st.text(f"Nothing in {span}. {way}")
    with st.container(horizontal=True):
        if narrowed:
            st.button("Drop the filters", key="loosen", on_click=put, args=(rid,))
        if now.filter.range != "all":
            ever = now.filter.narrowed(range="all")
            st.button("All time", key="all_time", on_click=put, args=(ever,))
