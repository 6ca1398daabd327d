"""The address of the list of deliveries: its tab, filters and place, and what is open in it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from pages._ask import fresh
from pages._url import CURSOR, named, query_of, whole_number, write
from services.insights.delivery_rows import KEYS, View, Wanted, tabs

OPEN = "open"  # the delivery whose tries are shown
HOME = "deliveries_home"


def asked() -> Wanted:
    """The filter that the address spells; without a tab, what needs a person comes first."""
    wanted, notices = _spelt()
    named(notices)
    return wanted


def put(wanted: Wanted, **others: str | None) -> None:
    """Write the filter to the URL; the list begins at its top and nothing is open in it."""
    write(wanted, (*KEYS, CURSOR, OPEN), **{"view": wanted.view.value, **others})


def rewrite(change: Callable[[Any], Any]) -> None:
    """Put `change(the filter)` into the URL."""
    put(change(_spelt()[0]))


def address(wanted: Wanted) -> str:
    """Where the list of these deliveries is."""
    query = wanted.to_query() | {"view": [wanted.view.value]}
    return f"deliveries?{urlencode(query, doseq=True)}"


def place() -> int | None:
    """The id behind which the page begins."""
    return whole_number(CURSOR)


def opened() -> int | None:
    """The delivery whose tries are shown."""
    return whole_number(OPEN)


def toggle(delivery_id: int) -> None:
    """Show the tries of a delivery, or hide them again."""
    if opened() == delivery_id:
        st.query_params.pop(OPEN, None)
    else:
        st.query_params[OPEN] = str(delivery_id)


def _spelt() -> tuple[Wanted, list[str]]:
    query = query_of()
    wanted, notices = Wanted.from_query(query)
    return (wanted if "view" in query else wanted.narrowed(view=_home(wanted)), notices)


def _home(wanted: Wanted) -> View:
    """Where there is something to do. It stays while this tab of the browser does, or the list
    would go away under whoever decides on its last row."""
    if HOME not in st.session_state:
        waits = fresh(tabs, wanted)[View.PERSON]
        st.session_state[HOME] = View.PERSON if waits else View.ALL
    return View(st.session_state[HOME])
