"""The settings of cases: what is promised, which answers open one, and what counts as large."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages import _calendar_form

# Key -> label, least, most, step.
NUMBERS: dict[str, tuple[str, float, float | None, float]] = {
    "first_contact_hours": ("First contact within, in business hours", 0.25, 1000.0, 1.0),
    "close_days": ("Closed within, in business days", 1, 100, 1),
    "case_age_days": ("Answers open a case up to this age, in days", 1, 365, 1),
    "warn_hours": ("Owners are warned before a promise is due, in business hours", 1, 100, 1),
    "escalate_hours": ("Managers are told of a broken promise after business hours", 1, 1000, 1),
    "ask_any_days": ("Days between two favours that a person is asked for", 1, 3650, 1),
    "ask_same_days": ("Days between two askings of a person for the same favour", 1, 3650, 1),
    "auto_gap_days": ("Days between two automatic messages to one person", 0, 365, 1),
}
SWITCHES = {
    "csat_opens_cases": "A low CSAT answer opens a case",
    "ces_opens_cases": "A CES answer that tells of high effort opens a case",
    "rules_first": "Only the first rule that fires on an answer acts",
}
Told = Callable[[str], None]


def show(choices: Mapping[str, Any], save: Told, last_change: Told) -> None:
    """The section; `save` keeps what a key's box says, `last_change` tells who changed it last."""
    st.header("Cases", anchor=False)
    for key, (label, least, most, step) in NUMBERS.items():
        with st.container():
            st.number_input(
                label, least, most, type(least)(choices[key].value), step, key=f"set_{key}",
                format="%g" if isinstance(least, float) else "%d", on_change=partial(save, key),
            )  # fmt: skip
            last_change(key)
    for key, words in SWITCHES.items():
        with st.container():
            st.toggle(words, choices[key].value, key=f"set_{key}", on_change=partial(save, key))
            last_change(key)
    st.caption(
        "A detractor's NPS answer opens a case also without these. Changes hold for what comes in."
    )
    with st.container():
        _calendar_form.of_desk()
        last_change("business_hours")
