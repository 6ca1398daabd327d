"""Writing to the customer or a note, logging a contact; what is typed is kept, here and there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages import _door, _reply
from pages._case_acts import do
from pages._drafts import EMPTY, keep, kept, moment
from pages._mount import mount
from pages._notice import UNDO
from pages._people_parts import SAID
from pages._presence import writes
from services.cases import verbs
from services.cases.journal import LONGEST
from services.cases.words import WAYS
from services.insights.case_rows import CaseRow

Sent = dict[str, Any]
REPLY = "reply"


def _note(number: int, sent: Sent, _zone: ZoneInfo) -> bool:
    return do(verbs.note, number, "Note added.", body=sent["body"], once=sent["once"])


def _contact(number: int, sent: Sent, zone: ZoneInfo) -> bool:
    return do(
        verbs.log_contact, number, "Contact logged.", body=sent["body"],
        way=sent["way"] or next(iter(WAYS)), at=moment(sent["at"], zone) or _door.now(),
        once=sent["once"],
    )  # fmt: skip


def _written(number: int, sent: Sent, _zone: ZoneInfo) -> bool:
    return _reply.send(number, sent)


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
    Kind(REPLY, "Reply", "The customer reads this.", "", _written),
)  # fmt: skip


def composer(row: CaseRow, zone: ZoneInfo) -> None:
    """The box under a case: it redraws by itself, so that typing never moves the page."""
    _box(row, zone, _elsewhere())


def _elsewhere() -> tuple[object, ...]:
    """What the rest of the page is drawn from: its address, and what was done last."""
    acts = (st.session_state.get(name) for name in (UNDO, SAID))
    return (st.query_params.to_dict(), *acts)


@st.fragment
def _box(row: CaseRow, zone: ZoneInfo, drawn: tuple[object, ...]) -> None:
    # A browser sends a click right after the last key together with the text, as one run of this
    # fragment: what the click did would be drawn by nobody else.
    if drawn != _elsewhere():
        st.rerun()
    number = row.number
    key = f"compose_{number}"
    data = {
        "kinds": _kinds(row, zone),
        "ways": [{"name": way, "label": words.split()[-1].capitalize()}
                 for way, words in WAYS.items()],
        "zone": zone.key, "longest": LONGEST, "store": f"draft:{_door.actor().id}:{number}",
        "number": number,
    }  # fmt: skip
    mount(
        "composer", data, key,
        on_typed_change=lambda: _keep(number, st.session_state[key].typed, zone),
        on_sent_change=lambda: _send(number, st.session_state[key].sent, zone),
        on_template_change=lambda: _fill(number, st.session_state[key].template),
    )  # fmt: skip


def _kinds(row: CaseRow, zone: ZoneInfo) -> list[dict[str, Any]]:
    """The tabs: writing to the customer comes first where there is a way to."""
    mine, heard, reply = kept(row.number, zone), _heard(row.number), _reply.offered(row)
    found: list[dict[str, Any]] = [
        {"name": kind.name, "label": kind.label, "hint": kind.hint, "reached": kind.reached,
         "buttons": [{"then": "", "label": kind.button}], "reply": None,
         "value": mine.get(kind.name, EMPTY), **heard[kind.name]}
        for kind in KINDS
    ]  # fmt: skip
    found[-1] |= {"buttons": _reply.buttons(row), "reply": reply}
    return found[-1:] + found[:-1] if reply["ways"] else found


def _heard(number: int) -> dict[str, dict[str, Any]]:
    """The answers to what this browser tab asked for last, by kind: `kept` and `sent` are what was
    asked, by its number; `clash`: another tab was first; `refused`: why nothing was sent;
    `filled`: the template that was asked for."""
    nothing = {"kept": 0, "clash": False, "sent": 0, "refused": "", "filled": None}
    fresh = {kind.name: dict(nothing) for kind in KINDS}
    found: dict[str, dict[str, Any]] = st.session_state.setdefault(f"compose_{number}_heard", fresh)
    return found


def _keep(number: int, typed: Sent | None, zone: ZoneInfo) -> None:
    """What was typed so far."""
    heard = _heard(number).get(typed["kind"] if typed else "")
    if typed:
        writes(number, typed["body"])
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


def _fill(number: int, wanted: Sent | None) -> None:
    """A template was chosen: the box puts it in, where nothing is lost by it."""
    if wanted:
        _heard(number)[REPLY]["filled"] = _reply.filled(number, wanted)
