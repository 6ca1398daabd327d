"""Writing a note or logging a contact; what is being typed is kept, here and on the server."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door
from pages._case_acts import do
from pages._drafts import EMPTY, keep, kept, moment
from pages._mount import mount
from pages._notice import UNDO
from pages._people_parts import SAID
from services.cases import verbs
from services.cases.journal import LONGEST
from services.cases.words import WAYS

Sent = dict[str, Any]


def _note(number: int, sent: Sent, _zone: ZoneInfo) -> bool:
    return do(verbs.note, number, "Note added.", body=sent["body"], once=sent["once"])


def _contact(number: int, sent: Sent, zone: ZoneInfo) -> bool:
    return do(
        verbs.log_contact, number, "Contact logged.", body=sent["body"],
        way=sent["way"] or next(iter(WAYS)), at=moment(sent["at"], zone) or _door.now(),
        once=sent["once"],
    )  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A tab of the box: what it is called, what it asks for, and what sending it does.

    `reached`: it also asks how and when the customer was reached.
    """

    name: str
    label: str
    hint: str
    button: str
    send: Callable[[int, Sent, ZoneInfo], bool]
    reached: bool = False


KINDS = (
    Kind("note", "Note", "For colleagues; the customer never sees it.", "Add the note", _note),
    Kind(
        "contact", "Log a call or meeting", "What was said, what was promised.", "Log the contact",
        _contact, reached=True,
    ),
)  # fmt: skip


def composer(number: int, zone: ZoneInfo) -> None:
    """The box under a case: it redraws by itself, so that typing never moves the page."""
    _box(number, zone, _elsewhere())


def _elsewhere() -> tuple[object, ...]:
    """What the rest of the page is drawn from: its address, and what was done last."""
    acts = (st.session_state.get(name) for name in (UNDO, SAID))
    return (st.query_params.to_dict(), *acts)


@st.fragment
def _box(number: int, zone: ZoneInfo, drawn: tuple[object, ...]) -> None:
    # A browser sends a click right after the last key together with the text, as one run of this
    # fragment: what the click did would be drawn by nobody else.
    if drawn != _elsewhere():
        st.rerun()
    key, mine, heard = f"compose_{number}", kept(number, zone), _heard(number)
    data = {
        "kinds": [
            {"name": kind.name, "label": kind.label, "hint": kind.hint, "button": kind.button,
             "reached": kind.reached, "value": mine.get(kind.name, EMPTY), **heard[kind.name]}
            for kind in KINDS
        ],
        "ways": [{"name": way, "label": words.split()[-1].capitalize()}
                 for way, words in WAYS.items()],
        "zone": zone.key, "longest": LONGEST, "store": f"draft:{_door.actor().id}:{number}",
    }  # fmt: skip
    mount(
        "composer", data, key,
        on_typed_change=lambda: _keep(number, st.session_state[key].typed, zone),
        on_sent_change=lambda: _send(number, st.session_state[key].sent, zone),
    )  # fmt: skip


def _heard(number: int) -> dict[str, dict[str, Any]]:
    """The answers to what this browser tab asked for last, by kind: `kept` and `sent` are what was
    asked, by its number; `clash`: another tab was first; `refused`: why nothing was sent."""
    fresh = {kind.name: {"kept": 0, "clash": False, "sent": 0, "refused": ""} for kind in KINDS}
    found: dict[str, dict[str, Any]] = st.session_state.setdefault(f"compose_{number}_heard", fresh)
    return found


def _keep(number: int, typed: Sent | None, zone: ZoneInfo) -> None:
    """What was typed so far."""
    heard = _heard(number).get(typed["kind"] if typed else "")
    # One click sends the text and leaves the box, which keeps it: what is sent is no draft.
    if typed and heard and typed["n"] > heard["sent"]:
        clash = not keep(number, typed, zone)
        heard |= {"kept": typed["n"], "clash": clash}


def _send(number: int, sent: Sent | None, zone: ZoneInfo) -> None:
    """Refused: the text stays where it is, is kept as a draft, and the box says why."""
    kind = next((kind for kind in KINDS if sent and kind.name == sent["kind"]), None)
    if sent is None or kind is None:
        return
    refused = ""
    if not kind.send(number, sent, zone):
        refused = st.session_state.pop(SAID)[1]
        keep(number, sent, zone)
    _heard(number)[kind.name] |= {"sent": sent["n"], "refused": refused}
