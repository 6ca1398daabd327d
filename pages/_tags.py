"""The tags of a case: put on by choosing or typing one, taken off by its cross."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import ask
from pages._case_acts import do
from pages._look import shown
from pages._notice import UNDO
from pages._people_parts import act
from services.cases import tagging
from services.insights.case_rows import CaseRow


def tags_box(row: CaseRow) -> None:
    """The tags of the case, and all that there are."""
    known = list(ask(tagging.in_use).values())
    # Other tags are another box, also where their words were changed and not the case: what a box
    # still says would be put on again.
    key = f"tags_{row.number}_{row.version}_{hash(row.tags)}"
    st.multiselect(
        "Tags", known, list(row.tags), key=key, format_func=shown, accept_new_options=True,
        on_change=_changed, args=(row, key), placeholder="Add a tag",
    )  # fmt: skip


def _changed(row: CaseRow, key: str) -> None:
    wanted: list[str] = st.session_state[key]
    before = {name.casefold() for name in row.tags}
    new = [name for name in wanted if name.casefold() not in before]
    gone = [name for name in row.tags if name not in wanted]
    verbs = [(tagging.tag, name) for name in new] + [(tagging.untag, name) for name in gone]
    if not verbs:  # a box that is drawn anew, under the next version, may say what it was given
        return
    if len(verbs) == 1:
        ((verb, name),) = verbs
        words = f"Tagged {name}." if new else f"No longer tagged {name}."
        done = do(verb, row.number, words, name=name)
    else:
        done = _together(row.number, verbs)
    if not done:
        st.session_state[key] = list(row.tags)


def _together(number: int, verbs: Sequence[tuple[Callable[..., Any], str]]) -> bool:
    """Several at once (all crossed out): all of them, or none."""
    st.session_state.pop(UNDO, None)
    who, now = _door.actor(), _door.now()
    done = act(
        lambda session: [verb(session, who, number, name=name, now=now) for verb, name in verbs],
        f"Case {number}: {len(verbs)} tags changed.",
    )
    return done is not None
