"""Verbatims: what did they say? Every response of the filter, searchable, with who and when."""

import streamlit as st

from pages._ask import ask, failing_gently, moment
from pages._cards import cards
from pages._filters import bar, in_force, search_bar
from pages._live import announce, drawn
from pages._look import styles
from pages._notice import MANY, notice
from pages._parts import empty_desk, nothing_found
from pages._url import CURSOR, Chosen, chosen, put
from services import insights
from services.insights import SIZES, Cursor, Filter, Page


def show(now: Chosen) -> None:
    """One page of responses, and where it stands in the whole list."""
    cursor, size = Cursor.parse(st.query_params.get(CURSOR, "")), st.session_state.get("size")
    page = ask(
        insights.verbatims, now.filter, now=moment(), cursor=cursor, size=size or SIZES[0]
    )  # fmt: skip
    if not page.rows:
        nothing_found(now, page.span.text)
        return
    st.caption(f"{place(page)}, newest first, {page.span.text}")
    label = f"Responses {page.first} to {page.last} of {page.total}"
    cards(page.rows, zone=page.span.zone, label=label, page=str(cursor or ""))
    turn(now.filter, page)


def place(page: Page) -> str:
    """Which rows these are, of how many."""
    return f"{page.first:,}\N{EN DASH}{page.last:,} of {page.total:,} rows"


def turn(filter: Filter, page: Page) -> None:
    """Newer and older rows; the place in the list is part of the address."""
    with st.container(horizontal=True, vertical_alignment="center", key="turn"):
        for label, cursor in (("Newer", page.newer), ("Older", page.older)):
            st.button(
                label, key=label.lower(), disabled=cursor is None, on_click=put, args=(filter,),
                kwargs={CURSOR: cursor and str(cursor)},
            )  # fmt: skip
        st.text(place(page), width="content")
        st.selectbox(
            "Rows a page", SIZES, key="size", format_func="{} a page".format, width=140,
            label_visibility="collapsed", persist_state="session",
        )  # fmt: skip


styles()
notice(only=MANY)
st.title("Verbatims", anchor=False)
with failing_gently():
    since = drawn()
    asked = chosen()
    if asked.options.empty:
        empty_desk()
    else:
        bar(asked, lists=True)
        search_bar(asked.filter)
        in_force(asked)
        show(asked)
        announce(since, asked.filter)
