"""An answer starts its play: what became of its case in words, and the way to take it back."""

from dataclasses import replace
from uuid import uuid4

import streamlit as st

from pages import _door
from pages._ask import fresh
from pages._notice import MANY, OFFERED, UNDO
from pages._people_parts import SAID, act
from services.cases import bulk
from services.cases.playing import open_and_start

WORDS = {
    0: "is open. It had an owner and a play already.",
    1: "is open. The owner or the play that it had already stays.",
    2: "is open and yours, its play started.",
}


def start_play(response_id: int) -> None:
    """For callbacks. Taking the case and starting the play are taken back together; it stays
    open."""
    batch_id, now = uuid4().hex, _door.now()
    who = replace(_door.actor(), batch_id=batch_id)
    st.session_state.pop(UNDO, None)
    number = act(lambda session: open_and_start(session, who, response_id, now=now), "")
    if number is None:
        return
    steps = fresh(bulk.steps_of, batch_id)
    words = f"Case {number} {WORDS[len(steps)]}"
    if steps:
        st.session_state[UNDO] = (MANY, batch_id, words, now + OFFERED)
    else:
        st.session_state[SAID] = (True, words)
