"""The address of the queue: its tab, its filters, its place, and the case that is chosen."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages._look import shown
from pages._url import CURSOR, query_of
from services.insights.case_filter import KEYS, CaseFilter

CASE = "case"  # the number of the chosen case


def wanted() -> CaseFilter:
    """The filter that the URL spells; what it spells wrong is named on the page."""
    filter, notices = CaseFilter.from_query(query_of())
    for notice in notices:
        with st.container(border=True):
            st.text(shown(notice))
    return filter


def put(filter: CaseFilter, **others: str | None) -> None:
    """Write the filter to the URL, with the page's own parameters; those that are None go."""
    kept = {
        key: values for key, values in query_of().items() if key not in (*KEYS, CURSOR, *others)
    }
    own = {key: [value] for key, value in others.items() if value is not None}
    st.query_params.from_dict({**kept, **filter.to_query(), **own})


def rewrite(change: Callable[[Any], Any]) -> None:
    """Another filter: the list begins at its top and nothing is chosen."""
    put(change(CaseFilter.from_query(query_of())[0]), **{CASE: None})


def chosen() -> int | None:
    """The number of the case that the URL chooses."""
    text = st.query_params.get(CASE, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def choose(number: int | None) -> None:
    """Choose a case; the list stays where it is."""
    if number is None:
        st.query_params.pop(CASE, None)
    else:
        st.query_params[CASE] = str(number)
