"""The tables of the page Plays; each number leads to its cases."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages._look import shown
from pages._loop_parts import END, LATER, Cell, numbers
from services.domain.scores import Estimate
from services.insights.loop_words import DASH, interval, share
from services.insights.plays import GIVEN, WELL, Part, PlayReport, Row

NAME: dict[str, Any] = {"css": "name"}  # of people's making: it may be one long word


def plays(found: PlayReport) -> None:
    """Each play: how often, what still runs, and how many of the rest ended well."""
    st.header("By play", anchor=False)
    columns = [
        {"label": "Play"}, {"label": "Started", **END}, {"label": "Running", **LATER},
        {"label": "Ended", **END}, {"label": "Ended well", **END}, {"label": "Share", **END},
        {"label": "95 % interval", **LATER},
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            (one.play.label, None), (f"{one.started.n:,}", one.started),
            (f"{one.running.n:,}", one.running), (f"{one.finished.n:,}", one.finished),
            *_part(one.good),
        ]
        for one in found.plays
    ]  # fmt: skip
    numbers("plays_table", f"Plays, {found.text}", columns, rows)


def results(found: PlayReport) -> None:
    """How those that ended did; a play is named once, beside the first of its results."""
    ended = [one for one in found.plays if one.finished.n]
    if not ended:
        return
    st.header("How they ended", anchor=False)
    columns = [
        {"label": "Play"}, {"label": "How it ended"}, {"label": "Cases", **END},
        {"label": "Share", **END}, {"label": "95 % interval", **LATER},
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [("" if k else one.play.label, None), (part.name, None), *_part(part)]
        for one in ended
        for k, part in enumerate(one.results)
    ]
    numbers("results_table", f"How plays ended, {found.text}", columns, rows)


def favours(found: PlayReport) -> None:
    """Whom we asked, and who said yes."""
    if not found.favours:
        return
    st.header("Asked for", anchor=False)
    columns = [
        {"label": "Favour"}, {"label": "Asked", **END}, {"label": "Said yes", **END},
        {"label": "Said no", **LATER}, {"label": "No answer", **LATER}, {"label": "Open", **LATER},
        {"label": "Share of yes", **END}, {"label": "95 % interval", **LATER},
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            (one.favour.label.capitalize(), None), (f"{one.asked.n:,}", one.asked),
            (f"{one.yes.size.n:,}", one.yes.size), (f"{one.no.n:,}", one.no),
            (f"{one.silent.n:,}", one.silent), (f"{one.open.n:,}", one.open), *_sure(one.yes.now),
        ]
        for one in found.favours
    ]  # fmt: skip
    numbers("favours_table", f"Favours asked for, {found.text}", columns, rows)


def grouped(title: str, named: str, rows: Sequence[Row], found: PlayReport) -> None:
    """All plays of each team, or of each stretch of time."""
    if len(rows) < 2:
        return  # one row that says what the first table says
    st.header(title, anchor=False)
    columns = [
        {"label": named, **NAME}, {"label": "Started", **END}, {"label": "Ended", **END},
        {"label": "Ended well", **END}, {"label": "Share", **END},
        {"label": "95 % interval", **LATER},
    ]  # fmt: skip
    cells: list[list[Cell]] = [
        [
            (shown(one.name), None), (f"{one.started.n:,}", one.started),
            (f"{one.finished.n:,}", one.finished), *_part(one.good),
        ]
        for one in rows
    ]  # fmt: skip
    numbers(f"plays_{named}", f"{title}, {found.text}", columns, cells)


def footnotes(found: PlayReport) -> None:
    """How each figure is made."""
    with st.expander("How these figures are made"):
        st.caption(
            f"Cases opened in {found.text}, whole days, as they stand now; a case that was merged "
            "into another one is not counted. The share of a result is of the plays that ended."
        )
        st.caption(f"{WELL}.")
        st.caption(f"{GIVEN}. What was taken back was never asked.")


def _part(part: Part) -> list[Cell]:
    return [(f"{part.size.n:,}", part.size), *_sure(part.now)]


def _sure(now: Estimate) -> list[Cell]:
    return [(share(now) if now.n else DASH, None), (interval(now), None)]
