"""What an act on many cases would do: how many, to whom a message goes, and which are left out."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages import _batch
from pages._ask import fresh
from pages._look import shown
from pages._parts import table
from services import templates
from services.access import Refused
from services.cases import bulk_sending
from services.cases.bulk import Act, Kind, Touched


def shown_touched(act: Act, found: Sequence[Touched], again: Callable[[], None]) -> None:
    """Every case of a preview by its number: those that are left out first, and why.

    `again` previews anew.
    """
    left = [one for one in found if one.why_not]
    fine = [one for one in found if not one.why_not]
    st.text(_told(act, fine, left))
    if left:
        rows = [(one, shown(one.why_not)) for one in left]
        _list("bulk_left", f"Left as they are: {_batch.cases(len(left))}", "Why not", rows)
    if fine:
        if act.kind is Kind.SEND:
            _sample(fine[0], again)
        last = "Goes to" if act.kind is Kind.SEND else ""
        title = f"What it is done to: {_batch.cases(len(fine))}"
        _list("bulk_fine", title, last, [(one, shown(one.to)) for one in fine])


def _told(act: Act, fine: Sequence[Touched], left: Sequence[Touched]) -> str:
    n = len(fine)
    told = f"{n:,} of {_batch.cases(n + len(left))}."
    if act.kind is Kind.SEND and n:
        people = "1 message to 1 person" if n == 1 else f"{n:,} messages to {n:,} people"
        told += f" {people}, one after the other; none leaves while it can be taken back."
    if left:
        why = Counter(one.why_not for one in left).most_common()
        told += " Left out: " + "; ".join(f"{k:,} x {words}" for words, k in why[:5])
    return shown(told)


def _sample(one: Touched, again: Callable[[], None]) -> None:
    """How the first message reads; a text that is another one by now would not be sent."""
    try:
        text = fresh(templates.filled, one.number, one.template_id or 0)
    except Refused:  # it was retired just now: the act will say so
        return
    if bulk_sending.mark(text) != one.mark:
        st.text("The text was changed since this preview: what differs is not sent.")
        st.button("Look again", key="bulk_again", on_click=again)
        return
    with st.expander(f"How it reads from case {one.number}"):
        st.text(shown(text.subject))
        st.text(shown(text.body))


def _list(key: str, title: str, last: str, rows: Sequence[tuple[Touched, str]]) -> None:
    columns: list[dict[str, Any]] = [{"label": "Case"}, {"label": "Customer"}]
    columns += [{"label": last}] if last else []
    cells = [
        {"cells": [str(one.number), shown(one.who), words][: len(columns)]} for one, words in rows
    ]
    table(key, title, columns, cells)
