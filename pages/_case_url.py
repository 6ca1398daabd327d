"""The address of the queue: its tab, its filters, its place, and the case that is chosen."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages._url import CURSOR, query_of, whole_number, write
from services.insights.case_filter import KEYS, CaseFilter

CASE = "case"  # the number of the chosen case


def put(filter: CaseFilter, **others: str | None) -> None:
    """Write the filter to the URL, with the page's own parameters; those that are None go."""
    write(filter, (*KEYS, CURSOR), **others)


def rewrite(change: Callable[[Any], Any]) -> None:
    """Another filter: the list begins at its top and nothing is chosen."""
    put(change(CaseFilter.from_query(query_of())[0]), **{CASE: None})


def chosen() -> int | None:
    """The number of the case that the URL chooses."""
    return whole_number(CASE)


def choose(number: int | None) -> None:
    """Choose a case; the list stays where it is."""
    if number is None:
        st.query_params.pop(CASE, None)
    else:
        st.query_params[CASE] = str(number)
