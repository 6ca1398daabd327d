"""On the case: what was sent where and what became of it, and where else it can go."""

import json
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._ask import ask, fresh
from pages._case_acts import do
from pages._delivery_list import listed
from services.access import Refused
from services.cases import pushing
from services.domain.retrying import State
from services.domain.roles import Verb
from services.insights import delivery_rows
from services.insights.delivery_rows import Row, Wanted

MOST = 20  # deliveries that the case shows; the page Deliveries has all
EVERY = 2.0  # seconds between looks while something is on its way
MOVING = (State.PENDING, State.SENDING)


def sent(number: int, zone: ZoneInfo) -> None:
    """The deliveries of the case; it looks again by itself as long as one is on its way."""
    moving = any(row.state in MOVING for row in _rows(number))
    st.fragment(_sent, run_every=EVERY if moving else None)(number, zone, _known(number))


def _rows(number: int) -> list[Row]:
    return fresh(delivery_rows.listed, Wanted(case=number), limit=MOST)


def _known(number: int) -> tuple[tuple[int, State], ...]:
    return tuple((row.id, row.state) for row in _rows(number))


def _sent(number: int, zone: ZoneInfo, drawn: tuple[tuple[int, State], ...]) -> None:
    rows = _rows(number)
    if rows:
        st.header("What was sent", anchor=False)
        listed(rows, zone)
    over = any(row.state in MOVING for row in rows) != any(s in MOVING for _, s in drawn)
    if over:  # what left is a contact, which the rest of the page tells
        st.rerun()


def push(number: int) -> None:
    """Hand the case to a vendor, with a look at exactly what it gets."""
    if not _door.actor().may(Verb.WORK_CASES):
        return
    found = dict(ask(pushing.choices, number))
    if not found:
        return
    with st.popover("Send the case to", key=f"push_{number}_{len(found)}"):
        vendor = st.selectbox(
            "Vendor", list(found), format_func=found.__getitem__, key=f"push_to_{number}"
        )
        st.button(
            f"Send it to {found[vendor]}", type="primary", key="push_now", on_click=do,
            args=(pushing.push, number, f"On its way to {found[vendor]}."),
            kwargs={"vendor": vendor},
        )  # fmt: skip
        if st.toggle("Show exactly what is sent", key="push_preview"):
            _preview(number, vendor)


def _preview(number: int, vendor: str) -> None:
    try:
        told = fresh(pushing.preview, number, vendor=vendor, now=_door.now())
    except Refused as refused:
        st.text(str(refused))
        return
    # As text: it holds what customers wrote.
    st.code(json.dumps(told, indent=2, ensure_ascii=False), language=None, wrap_lines=True)
