"""On the case: what was solved or changed over there, and waits for somebody to say which holds."""

from typing import Any

import streamlit as st

from pages._ask import fresh
from pages._case_acts import do
from pages._look import shown
from services.inbound import settling
from services.inbound.settling import Question


def sides_box(number: int, *, may: bool) -> None:
    """Nothing, where both sides say the same."""
    for question in fresh(settling.questions, number):
        with st.container(border=True, key=f"side_{question.event_id}", gap="small"):
            st.text(shown(f"{question.said}."))
            if may:
                with st.container(horizontal=True, gap="small"):
                    _choices(number, question)


def _choices(number: int, question: Question) -> None:
    """Solved there is taken with the button Resolve, since that needs an outcome and a cause."""
    vendor = question.vendor
    if question.both:
        _button(
            f"Take what {vendor} says", settling.take_theirs, f"As in {vendor} now.", number,
            question,
        )  # fmt: skip
    label = "Keep what stands here" if question.both else f"Not solved: tell {vendor}"
    _button(label, settling.keep_ours, f"{vendor} is told.", number, question)


def _button(label: str, verb: Any, said: str, number: int, question: Question) -> None:
    st.button(
        label, key=f"{verb.__name__}_{question.event_id}", on_click=do, args=(verb, number, said),
        kwargs={"event_id": question.event_id},
    )  # fmt: skip
