"""Whom no rule touches: people and companies on hold, with the reason."""

from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import act
from services.retention import holding

KINDS = {"contact": "A person", "account": "A company"}


def show() -> None:
    """The list with a way out of it, and the form for one more."""
    st.header("On hold", anchor=False)
    st.text(
        "While somebody is on hold, no rule removes anything of them or of their cases, and nobody "
        "can erase them by hand. A company holds its people too."
    )
    with reading() as session:
        found = holding.held(session, actor())
    for one in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            told = f"{KINDS[one.kind]}: {shown(one.name)}\n{shown(one.reason)}"
            st.text(told, width="stretch")
            key = f"release_{one.kind}_{one.id}"
            st.button("Release", key=key, on_click=_release, args=(one.kind, one.id))
    if not found:
        st.text("Nobody is on hold.")
    _form()


def _form() -> None:
    with st.form("hold", border=True, width=640):
        st.segmented_control(
            "Whom", list(KINDS), default="contact", required=True, key="hold_kind",
            format_func=KINDS.__getitem__,
        )  # fmt: skip
        st.text_input("E-mail address of the person, or name of the company", key="hold_who")
        st.text_input("Why", key="hold_reason", max_chars=holding.LONGEST)
        st.form_submit_button("Put on hold", key="hold_save", on_click=_hold)


def _hold() -> None:
    kind, who, reason = (st.session_state[f"hold_{name}"] for name in ("kind", "who", "reason"))

    def hold(session: Any) -> int:
        return holding.hold(session, actor(), kind, who, reason, now=now())

    act(hold, "On hold.")


def _release(kind: str, id_: int) -> None:
    act(lambda session: holding.release(session, actor(), kind, id_, now=now()), "Released.")
