"""The address of the queue: its tab, its filters, its place, and the case that is chosen."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from db.engine import transaction
from pages import _door
from pages._ask import ask, fresh, minute
from pages._url import CURSOR, named, query_of, whole_number, write
from services import views
from services.insights.case_filter import KEYS, CaseFilter, View
from services.insights.queue import desk_counts, own_counts

CASE = "case"  # the number of the chosen case
VIEW, HOME, WAS, KEPT = "f_view", "queue_home", "queue_was", "queue_kept"


def asked() -> CaseFilter:
    """The filter that the address spells; one that says nothing means whatever is to be done."""
    filter, notices = _spelt()
    named(notices)
    return filter


def put(filter: CaseFilter, **others: str | None) -> None:
    """Write the filter to the URL, with the page's own parameters; those that are None go.

    The tab is always named: an address without one opens where there is work.
    """
    write(filter, (*KEYS, CURSOR), **{**others, "view": filter.view.value})
    keep(filter)


def keep(filter: CaseFilter) -> None:
    """The queue opens with this next time, for this person; an address that says another wins."""
    if st.session_state.get(KEPT) != filter:
        with transaction() as session:
            views.remember(session, _door.actor(), filter)
        st.session_state[KEPT] = filter


def rewrite(change: Callable[[Any], Any]) -> None:
    """Another filter: the list begins at its top and nothing is chosen."""
    put(change(_spelt()[0]), **{CASE: None})


def address(filter: CaseFilter) -> str:
    """Where the list of these cases is."""
    return _to_queue({"view": [filter.view.value]} | filter.to_query())


def _to_queue(query: Mapping[str, Sequence[str]]) -> str:
    return f"queue?{urlencode(query, doseq=True)}" if query else "queue"


def chosen() -> int | None:
    """The number of the case that the URL chooses."""
    return whole_number(CASE)


def choose(number: int | None) -> None:
    """Choose a case; the list stays where it is."""
    if number is None:
        st.query_params.pop(CASE, None)
    else:
        st.query_params[CASE] = str(number)


def remember() -> None:
    """Keep the list that is shown, for the way back from a case."""
    st.session_state[WAS] = {name: value for name, value in query_of().items() if name != CASE}


def remembered() -> str:
    """The address of the list that was shown last."""
    return _to_queue(st.session_state.get(WAS, {}))


def _spelt() -> tuple[CaseFilter, list[str]]:
    query = query_of()
    filter, notices = CaseFilter.from_query(query)
    return (filter, notices) if any(key in query for key in KEYS) else (_home(), notices)


def _home() -> CaseFilter:
    """What this person chose last, else the first of these tabs that holds a case. It stays until
    the page is opened anew, or the list would go away under whoever does its last case."""
    if HOME not in st.session_state or VIEW not in st.session_state:
        st.session_state[HOME] = fresh(views.remembered) or CaseFilter(_first())
    home: CaseFilter = st.session_state[HOME]
    return home


def counts() -> dict[View, int]:
    """How many cases each tab holds: what is everybody's is counted once for all who are here."""
    own = ask(own_counts, now=minute(), me=_door.actor().id)
    return ask(desk_counts, now=minute()) | own


def _first() -> View:
    found = counts()
    return next((view for view in (View.MINE, View.UNASSIGNED) if found[view]), View.OPEN)
