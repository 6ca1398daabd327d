"""The cases that are picked for one act on all of them: by their numbers, never by their places."""

from collections.abc import Iterable

import streamlit as st

from services.insights.case_filter import CaseFilter

PICKED = "picked"  # the numbers, in the order in which they were picked
MEANT = "picked_in"  # the list that they were picked from
HEARD = "picked_heard"  # the last click that arrived


def picked() -> tuple[int, ...]:
    """The numbers that are picked."""
    return tuple(st.session_state.get(PICKED, {}))


def toggle(number: int) -> None:
    """Pick a case, or leave it again."""
    put(number, number not in st.session_state.get(PICKED, {}))


def put(number: int, on: bool) -> None:
    """Whether a case is picked."""
    found: dict[int, bool] = st.session_state.setdefault(PICKED, {})
    if on:
        found[number] = True
    else:
        found.pop(number, None)


def pick(numbers: Iterable[int]) -> None:
    """Pick these as well."""
    for number in numbers:
        put(number, True)


def drop() -> None:
    """Nothing is picked any more."""
    st.session_state.pop(PICKED, None)


def keep_to(filter: CaseFilter) -> None:
    """Another list is another choice: nobody acts on cases that they no longer see listed."""
    if st.session_state.get(MEANT, filter) != filter:
        drop()
    st.session_state[MEANT] = filter


def clicked(clicks: Iterable[dict[str, int]]) -> None:
    """Boxes that were ticked or cleared: each click has a number of its own and counts once, since
    the browser says all of them again until it is told that they have arrived."""
    for click in clicks:
        if click["seq"] > heard():
            put(int(click["number"]), bool(click["on"]))
            st.session_state[HEARD] = click["seq"]


def heard() -> int:
    """The last click that has arrived."""
    return int(st.session_state.get(HEARD, 0))
