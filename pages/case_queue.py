"""Case queue: whom do I help next, and why them?"""

from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages._ask import ask, failing_gently, minute, own_zone
from pages._bulk import bulk_bar
from pages._case_url import CASE, asked, chosen, counts, put, remember
from pages._door import actor
from pages._keys import keys, listen
from pages._live import announce_cases, drawn
from pages._look import styles
from pages._mount import mount
from pages._notice import notice
from pages._picked import keep_to
from pages._queue_filters import bar, by_number, in_force, other_tabs
from pages._queue_panel import panel
from pages._queue_parts import EMPTY, NAMES, NEEDED, ORDER, listed, place, tabs
from pages._url import CURSOR
from pages._views import saved_views
from services.insights.case_filter import CaseFilter
from services.insights.case_rows import Cursor
from services.insights.queue import queue


def show(now: CaseFilter, zone: ZoneInfo) -> dict[str, Any]:
    """One page of cases, and beside it the one that is chosen; above them what the keys do.

    The result says which cases are seen."""
    hints, row = st.container(key="hints"), None
    cursor, number = Cursor.parse(st.query_params.get(CURSOR, "")), chosen()
    known = counts().get(now.view) if now.plain else None
    page = ask(queue, now, now=minute(), me=actor().id, cursor=cursor, known=known)
    # One column or two: the list stays in the first one, so choosing a case does not redraw it.
    slots = st.columns([1] if number is None else [7, 5], gap="large")
    with slots[0]:
        if page.rows:
            st.caption(f"{place(page)}, {ORDER.get(now.view, NEEDED)}")
            listed(now, page, zone, number, str(cursor or ""))
            bulk_bar(now, page)
        else:
            nothing(now)
    if number is not None:
        with slots[1]:
            row = panel(number, zone)
    with hints:
        keys("queue", zone, row)
    return {"chosen": row and row.number, "listed": [one.number for one in page.rows]}


def nothing(now: CaseFilter) -> None:
    """No rows: say what that means."""
    if now.plain:
        st.header(f"{NAMES[now.view]}: none", anchor=False)
        st.text(EMPTY.get(now.view, "There is none of these."))
        return
    st.header(f"{NAMES[now.view]}: no cases match", anchor=False)
    other_tabs(now)
    rid = CaseFilter(now.view)
    st.button("Drop the filters", key="loosen", on_click=put, args=(rid,), kwargs={CASE: None})


styles()
listen()
notice()
st.title("Case queue", anchor=False)
with failing_gently():
    since, wanted = drawn(), asked()
    remember()
    keep_to(wanted)
    tabs(wanted)
    saved_views(wanted)
    bar(wanted)
    in_force(wanted)
    by_number(wanted)
    found = show(wanted, own_zone())
    mount("links", {}, "links")
    announce_cases(since, **found)
