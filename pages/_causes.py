"""Root causes: the list that cases are resolved with; some keep it, others propose."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import act, pick
from services.cases import causes
from services.domain.roles import Grant, Verb, grant

COLUMNS = {
    "label": st.column_config.TextColumn("Root cause"),
    "state": st.column_config.TextColumn("State"),
    "cases": st.column_config.NumberColumn("Cases"),
}


def causes_part() -> None:
    """The whole list, one chosen to be changed, and a new one."""
    leads = grant(actor().role, Verb.SHARE) is Grant.YES
    with reading() as session:
        found = causes.all_causes(session, actor())
    rows = [
        {"id": cause.id, "label": shown(cause.name), "state": _state(cause), "cases": cases,
         "cause": cause}
        for cause, cases in found
    ]  # fmt: skip
    chosen = pick("cause_id", rows, "Root cause", COLUMNS)
    for row in rows:
        if leads and row["id"] == chosen:
            _changer(row["cause"])
    _adder("Add" if leads else "Propose")


def _state(cause: Any) -> str:
    if cause.retired_at:
        return "retired"
    return "in use" if cause.accepted_at else "proposed"


def _changer(cause: Any) -> None:
    key = f"cause_{cause.id}_{cause.name}"

    def rename(session: Any) -> Any:
        name = st.session_state[key]
        return causes.rename(session, actor(), cause.id, name=name, now=now())

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", cause.name, key=key, max_chars=causes.LONGEST)
        st.button("Rename", key="rename_cause", on_click=act, args=(rename, "Renamed."))
        if _state(cause) == "in use":
            _button("Retire", causes.retire, cause.id, "Retired: cases that have it keep it.")
        else:
            _button("Take into the list", causes.accept, cause.id, "It can be chosen now.")


def _button(label: str, verb: Callable[..., Any], cause_id: int, words: str) -> None:
    st.button(
        label, key=f"{verb.__name__}_cause", on_click=act,
        args=(lambda session: verb(session, actor(), cause_id, now=now()) or True, words),
    )  # fmt: skip


def _adder(label: str) -> None:
    def add() -> None:
        name = st.session_state["new_cause"]
        words = "In the list." if label == "Add" else "Proposed: a manager takes it into the list."
        if act(lambda session: causes.add(session, actor(), name=name, now=now()), words):
            st.session_state["new_cause"] = ""

    with st.form("add_cause", border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        row.text_input("A new root cause", key="new_cause", max_chars=causes.LONGEST)
        row.form_submit_button(label, key="add_cause_now", on_click=add)
