"""On the case: what was sent where and what became of it, and where else it can go."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._ask import fresh
from pages._delivery_list import listed
from pages._notice import TOLD, UNDO
from pages._people_parts import SAID, act
from pages._rule_waiting import waits
from services.access import Refused
from services.cases import pushing
from services.domain.retrying import OPEN
from services.domain.roles import Verb
from services.insights import delivery_rows
from services.insights.delivery_rows import Row, Wanted

MOST = 20  # deliveries that the case shows; the page Deliveries has all
EVERY = 2.0  # seconds between looks while something is on its way


def sent(number: int, zone: ZoneInfo) -> None:
    """What rules are about to send, and the deliveries of the case; it looks again by itself as
    long as one is on its way."""
    waits(number=number)
    known = _moving(_rows(number))
    often = EVERY if any(known.values()) else None
    st.fragment(_sent, run_every=often)(number, zone, known)


def _rows(number: int) -> list[Row]:
    return fresh(delivery_rows.listed, Wanted(case=number), limit=MOST)


def _moving(rows: list[Row]) -> dict[int, bool]:
    """Whether each is still on its way."""
    return {row.id: row.state in OPEN and not row.asks for row in rows}


def _sent(number: int, zone: ZoneInfo, drawn: dict[int, bool]) -> None:
    rows = _rows(number)
    if rows:
        st.header("What was sent", anchor=False)
        listed(rows, zone, of_case=True)
    if _moving(rows) != drawn:  # what left is a contact, which the rest of the page tells
        st.session_state[SAID] = st.session_state.get(TOLD, (True, ""))  # nobody asked for this run
        st.rerun()


def push(number: int) -> None:
    """Hand the case to a vendor, with a look at exactly what it gets."""
    if not _door.actor().may(Verb.WORK_CASES):
        return
    found = dict(fresh(pushing.choices, number))
    if not found:
        return
    with st.popover("Send the case to", key=f"push_{number}_{len(found)}"):
        vendor = st.selectbox(
            "Vendor", list(found), format_func=found.__getitem__, key=f"push_to_{number}"
        )
        st.button(
            f"Send it to {found[vendor]}", type="primary", key="push_now", on_click=_push,
            args=(number, vendor, found[vendor]),
        )  # fmt: skip
        if st.toggle("Show exactly what is sent", key="push_preview"):
            _preview(number, vendor)


def _push(number: int, vendor: str, title: str) -> None:
    """It cannot be taken back, so the notice does not offer it."""

    def push(session: Any) -> Any:
        return pushing.push(session, _door.actor(), number, vendor=vendor, now=_door.now())

    st.session_state.pop(UNDO, None)
    act(push, f"Case {number}: On its way to {title}.")


def _preview(number: int, vendor: str) -> None:
    try:
        told = fresh(pushing.preview, number, vendor=vendor, now=_door.now())
    except Refused as refused:
        st.text(str(refused))
        return
    # As text: it holds what customers wrote.
    st.code(json.dumps(told, indent=2, ensure_ascii=False), language=None, wrap_lines=True)
