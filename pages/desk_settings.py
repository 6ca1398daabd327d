"""Settings: the desk's name, its time zone, who sees all units, and what holds for cases."""

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading
from pages import _case_settings, _priority_settings, _sending_settings
from pages._door import actor, now
from pages._people_parts import act, say, small, zone_box
from services import desk

SWITCHES = {
    "csm_sees_all_units": "Customer success managers see all units",
    "support_sees_all_units": "Support sees all units",
}


def save(key: str, value: Any = None) -> None:
    """Keep `value`, or what the box of `key` says now."""
    value = st.session_state[f"set_{key}"] if value is None else value

    def change(session: Any) -> bool:
        return desk.change(session, actor(), key, value, now=now())

    act(change, "Saved.")


def last_change(key: str) -> None:
    """Who changed it last, and when; nothing of what is as it came."""
    choice = choices[key]
    if choice.changed_at:
        when = choice.changed_at.astimezone(zone)
        small(f"Changed by {choice.changed_by} on {when:%d %b %Y, %H:%M}", key)


st.title("Settings", anchor=False)
say()
with reading() as session:
    choices = desk.choices(session, actor())
zone = ZoneInfo(choices["reporting_zone"].value)
with st.container(width=640, gap="medium"):
    with st.container():
        st.text_input(
            "Name of the desk", choices["desk_name"].value, max_chars=60, key="set_desk_name",
            on_change=partial(save, "desk_name"),
        )  # fmt: skip
        last_change("desk_name")
    with st.container():
        saved = partial(save, "reporting_zone")
        zone_box("Reporting time zone", zone.key, "set_reporting_zone", on_change=saved)
        st.caption(
            f"It is {now().astimezone(zone):%A %d %B %Y, %H:%M} there. Days, weeks and months of "
            "every report begin at midnight in this zone."
        )
        last_change("reporting_zone")
    for key, words in SWITCHES.items():
        with st.container():
            st.toggle(words, choices[key].value, key=f"set_{key}", on_change=partial(save, key))
            last_change(key)
    st.caption("Without the switch people see the units that are chosen for them under People.")
    _case_settings.show(choices, save, last_change)
    _priority_settings.show(choices)
    _sending_settings.show(choices, save, last_change)
