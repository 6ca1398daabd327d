"""The filter of the loop: its address, its controls, and what is in force in plain text."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages._ask import ask
from pages._url import control, only, query_of, several, write
from services.domain.periods import RANGES
from services.domain.scores import Metric
from services.insights.case_filter import NOBODY
from services.insights.desk_people import Desk, desk
from services.insights.loop_filter import KEYS, LoopFilter

METRICS = {metric: metric.upper() for metric in Metric}


def put(filter: LoopFilter) -> None:
    """Write the filter to the URL."""
    write(filter, KEYS)


def rewrite(change: Callable[[Any], Any]) -> None:
    """For controls: the filter in the URL, changed."""
    put(change(LoopFilter.from_query(query_of())[0]))


def bar(now: LoopFilter) -> None:
    """When the cases were opened, and the further filters."""
    custom = [now.range] if now.range not in RANGES else []
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="bar"):
        control(
            st.selectbox, "range", "Opened", now.range,
            lambda old, name: old.narrowed(range=name), options=[*RANGES, *custom],
            format_func=lambda name: RANGES.get(name) or _days(name), width=230, rewrite=rewrite,
        )  # fmt: skip
        box = st.popover("Filters", key="f_more", on_change="rerun")
        if box.open:
            with box:
                _filters(now, ask(desk))


def in_force(now: LoopFilter) -> None:
    """Every filter in force in plain text, and one button to be rid of them."""
    told = [f"{word}{', '.join(values)}" for word, values in _told(now) if values]
    only(told, put, LoopFilter(now.range))


def ways_out(now: LoopFilter) -> None:
    """Where nothing is found: without the filters, and over all time."""
    bare = LoopFilter(now.range)
    if now != bare:
        st.button("Drop the filters", key="loosen", on_click=put, args=(bare,))
    if now.range != "all":
        ever = now.narrowed(range="all")
        st.button("All time", key="all_time", on_click=put, args=(ever,))


def _days(text: str) -> str:
    """Days as the address spells them, for people."""
    return text.replace("..", " to ")


def _filters(now: LoopFilter, known: Desk) -> None:
    several("owners", "Owner", now.owners, {NOBODY: "Nobody"} | known.people, rewrite)
    several("teams", "Team", now.teams, known.teams, rewrite)
    several("units", "Unit", now.units, known.units, rewrite)
    several("metrics", "Metric", now.metrics, METRICS, rewrite)


def _told(now: LoopFilter) -> list[tuple[str, list[str]]]:
    known = ask(desk)
    people = {NOBODY: "nobody"} | known.people
    found: list[tuple[str, Sequence[Any], Mapping[Any, str]]] = [
        ("owner ", now.owners, people), ("team ", now.teams, known.teams),
        ("unit ", now.units, known.units), ("", now.metrics, METRICS),
    ]  # fmt: skip
    return [(word, [names.get(v, str(v)) for v in values]) for word, values, names in found]
