"""What the last act came to, in a corner that stays in sight, with the way to take it back."""

from datetime import timedelta

import streamlit as st

from pages import _batch, _door
from pages._look import shown
from pages._mount import mount
from pages._people_parts import SAID, act
from services.cases import undo
from services.cases.journal import Done

# (number, event id, words, until when) of the last act on a case; of one on many cases the number
# is MANY, and the id is the one that all of its events have.
UNDO = "undo_case"
MANY = 0
TOLD = "told_last"  # what the last run said of the last act: (whether done, words)
REFUSED = "refused_last"  # (the last ones, until when they are said again)
REFUSALS, READ = 3, timedelta(seconds=10)
OFFERED = timedelta(minutes=2)  # later it would be a surprise; the journal still offers it


def notice(*, only: int | None = None, undoes: bool = True) -> None:
    """Say what the last act came to; at the top of a page, so that nothing moves when it speaks.

    With `undoes` the last act on a case can be taken back, `only` on the case of that number.
    """
    done, words = st.session_state[TOLD] = st.session_state.pop(SAID, (True, ""))
    refused, words = _refused("" if done else words), words if done else ""
    number, event_id, told, until = st.session_state.get(UNDO) or (None, 0, "", _door.now())
    offered = undoes and number is not None and only in (None, number)
    if words or not offered or until < _door.now():
        number, told = None, words
    data = {
        "words": shown(f"Case {number}: {told}" if number else told),
        "refused": shown(refused), "undo": number is not None, "event": event_id,
    }  # fmt: skip
    mount("notice", data, "notice", on_act_change=lambda: _acted(number, event_id))


def _refused(words: str) -> str:
    """What was refused now or a moment ago: the next act may come before it could be read."""
    kept: tuple[str, ...]
    kept, until = st.session_state.get(REFUSED) or ((), _door.now())
    if until <= _door.now():
        kept = ()
    if words:
        kept = (*(one for one in kept if one != words), words)[-REFUSALS:]
        st.session_state[REFUSED] = (kept, _door.now() + READ)
    return " ".join(kept)


def _acted(number: int | None, event_id: int | str) -> None:
    """Undo, or close."""
    name = st.session_state["notice"].act
    if name == "undo" and number is not None:
        take_back(number, event_id)
    elif name == "close":
        for kept in (UNDO, REFUSED):
            st.session_state.pop(kept, None)


def take_back(number: int, event_id: int | str) -> None:
    """Undo one event, or one act on many cases."""
    st.session_state.pop(UNDO, None)
    if number == MANY:
        _batch.take_back(str(event_id))
        return
    done = act(
        lambda session: undo.undo(session, _door.actor(), number, int(event_id), now=_door.now()),
        "",
    )
    if done:
        st.session_state[SAID] = (True, took_back(done))


def took_back(done: Done) -> str:
    """What an undo says it did."""
    return f"Case {done.number}: {done.told}."
