"""What both kinds of import share. File names, columns and cells are a stranger's text."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from pages._look import shown
from services.importing import uploads
from services.importing.answers import Reject
from services.importing.dates import AmbiguousDates
from services.importing.files import Table, open_table
from services.importing.limits import ImportRefused
from services.importing.mapping import MappingIncomplete

T = TypeVar("T")
STATES = {"running": "running or interrupted", "done": "done", "failed": "failed"}
KINDS = ["csv", "tsv", "txt", "xlsx"]
SHOWN = 200  # rejected rows in the table; the download has them all
NO_COLUMN = "(no column)"


def upload(key: str, words: str) -> tuple[Path, str] | None:
    """The uploader: where the file lies and what it is called, once there is one."""
    given = st.file_uploader(words, type=KINDS, key=f"{key}_upload")
    if given is None:
        return None
    content = given.getvalue()
    mark = (given.name, hashlib.sha256(content).hexdigest())
    kept = st.session_state.get(f"{key}_file")
    if kept is None or kept[0] != mark or not kept[1].exists():
        kept = (mark, uploads.keep(content, given.name))
        st.session_state[f"{key}_file"] = kept
        st.session_state.pop(f"{key}_report", None)
    return kept[1], given.name


def once(key: str, mark: object, work: Callable[[], T]) -> T:
    """The result of `work`, done again only when `mark` is another one."""
    kept = st.session_state.get(key)
    if kept is None or kept[0] != mark:
        kept = st.session_state[key] = (mark, work())
    result: T = kept[1]
    return result


def tab(
    key: str,
    words: str,
    label: str,
    settled: Callable[[Table, str], T | None],
    steps: Callable[[T], None],
) -> None:
    """A whole tab: bring a file, settle how it is read, go through the steps of its import."""
    st.text(words)
    given = upload(key, label)
    if given is None:
        return
    path, name = given
    try:
        table = once(f"{key}_table", path, lambda: open_table(path))
        preview(table)
        ready = settled(table, name)
    except MappingIncomplete as error:
        st.warning("Say which column holds the " + " and the ".join(error.missing) + ".")
        return
    except ImportRefused as error:
        refused("This file cannot be imported like this.", error)
        return
    if ready is not None:
        steps(ready)


def dated(key: str, table: Table, mark: object, work: Callable[[str | None], T]) -> T | None:
    """`work` with the order of the dates, which is asked once the file turns out to need it."""
    asked, order = f"{key}_asked_{table.path.name}", None
    if asked in st.session_state:
        order = date_order(key, *st.session_state[asked])
        if order is None:
            return None
    try:
        return once(f"{key}_ready", (table.path, mark, order), lambda: work(order))
    except AmbiguousDates as error:
        st.session_state[asked] = (error.examples, error.orders)
        st.rerun()


def refused(said: str, error: ImportRefused | str) -> None:
    """A file that is not taken: what happened, why, and that nothing was written."""
    st.error(f"{said} Nothing was written.")
    st.text(shown(str(error)))


def preview(table: Table) -> None:
    """The first rows as they were read."""
    with st.expander(f"First rows: {len(table.columns)} columns, {table.kind}, {table.encoding}"):
        rows = [
            dict(zip(map(shown, table.columns), map(shown, cells), strict=False))
            for _, _, cells in islice(table.records(), 5)
        ]
        st.dataframe(rows, hide_index=True, alt="The first five rows of the file")


def mapper(
    key: str, table: Table, fields: Sequence[tuple[str, str]], proposed: dict[str, str]
) -> tuple[str, ...]:
    """One box per field, starting from what is proposed; the choices as "field=column"."""
    options = [NO_COLUMN, *table.columns]
    chosen: dict[str, str] = {}
    for row in batched(fields, 3):
        for cell, (name, label) in zip(st.columns(3), row, strict=False):
            chosen[name] = cell.selectbox(
                label,
                options,
                index=options.index(proposed.get(name, NO_COLUMN)),
                key=f"{key}_{name}_{hash(tuple(table.columns))}",
            )
    return tuple(
        f"{name}={'' if column == NO_COLUMN else column}"
        for name, column in chosen.items()
        if column != proposed.get(name, NO_COLUMN)
    )


def mapped(tool: str, proposed: dict[str, str], table: Table) -> str:
    """What is known about the columns, in a sentence without a word of the file."""
    n, total = len(proposed), len(table.columns)
    known = f"{n} of {total} columns recognised, {total - n} become properties"
    return f"{tool} export: {known}" if tool else f"Which column is what: {known}"


def batched(fields: Sequence[tuple[str, str]], n: int) -> Iterator[Sequence[tuple[str, str]]]:
    """The fields, `n` at a time."""
    return (fields[at : at + n] for at in range(0, len(fields), n))


def date_order(key: str, examples: Sequence[str], orders: Sequence[str]) -> str | None:
    """Ask which order the dates have: two readings are possible and nobody may guess."""
    st.warning("The dates of this file can be read in two ways. Which one is right?")
    st.text("For example: " + ", ".join(examples))
    words = {"dmy": "Day first", "mdy": "Month first", "ymd": "Year first"}
    return st.radio(
        "Order of the dates", orders, index=None, key=f"{key}_order", horizontal=True,
        format_func=lambda order: words.get(order, order),
    )  # fmt: skip


def counter() -> tuple[Callable[[int], None], Callable[[], object]]:
    """A line that says how many records are read, and what takes it away again."""
    line = st.empty()

    def tell(read: int) -> None:
        line.text(f"{read:,} records read ...")

    return tell, line.empty


def counts(facts: Sequence[tuple[str, int]]) -> None:
    """Figures beside each other, each under its name."""
    with st.container(horizontal=True, gap="large"):
        for label, value in facts:
            st.metric(label, f"{value:,}", width="content")


def rejects(found: Sequence[Reject], total: int) -> None:
    """The rows that were not taken, with the reason for each."""
    if not found:
        return
    with st.expander(f"Rows that are not taken: {total:,}", expanded=total <= 10):
        rows: list[dict[str, Any]] = [
            {"record": r.record, "line": r.line, "reason": r.reason, "column": r.column or "",
             "value": shown(r.value)}
            for r in found[:SHOWN]
        ]  # fmt: skip
        st.dataframe(rows, hide_index=True, alt=f"{len(rows)} of {total} rejected rows")
        if total > SHOWN:
            st.text(f"The first {SHOWN} of {total:,}; after the import all can be downloaded.")


def warnings(found: Sequence[str]) -> None:
    """What people should know; the texts quote the file, so they are shown as they are."""
    if found:
        with st.container(border=True):
            st.text("Please note")
            for each in found:
                st.text(shown(f"\N{BULLET} {each}"))
