"""On the page of one's own account: being away, and how many open cases one can have."""

from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages._door import actor, now
from pages._people_parts import act
from services import own_account
from services.domain.periods import midnight


def show(me: Any, zone: ZoneInfo) -> None:
    """What decides which cases the desk gives to one, and which it takes back."""
    away = me.absent_until if me.absent_until and me.absent_until > now() else None
    key = f"work_{away}_{me.capacity}"
    st.header("Your work", anchor=False)
    with st.form("own_work", border=False):
        left, right = st.columns(2)
        left.date_input(
            "Away; back at work on", away and away.astimezone(zone).date(), key=f"{key}_back"
        )
        right.number_input("Most open cases at once", 0, 999, me.capacity, key=f"{key}_most")
        st.caption(
            "While you are away the desk gives you no cases, and what has to be done goes back to "
            "your team. The number holds for cases that are given in turn."
        )
        st.form_submit_button("Save your work", key="save_work", on_click=_save, args=(key, zone))


def _save(key: str, zone: ZoneInfo) -> None:
    back, most = (st.session_state[f"{key}_{name}"] for name in ("back", "most"))
    until = midnight(back, zone) if back else None

    def change(session: Any) -> bool:
        own_account.change_work(session, actor(), absent_until=until, capacity=most, now=now())
        return True

    act(change, "Saved.")
