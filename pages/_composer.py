"""Writing a note or logging a contact; what is being typed is kept, here and on the server."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from db.engine import reading, transaction
from pages import _door
from pages._case_acts import do
from pages._mount import mount
from services.access import Forbidden, Refused
from services.cases import drafts, verbs
from services.cases.journal import LONGEST
from services.cases.words import WAYS

NOTE, CONTACT = "note", "contact"
KINDS = (
    (NOTE, "Note", "For colleagues; the customer never sees it.", "Add the note"),
    (CONTACT, "Log a call or meeting", "What was said, what was promised.", "Log the contact"),
)


@st.fragment
def composer(number: int, zone: ZoneInfo) -> None:
    """The box under a case: it redraws by itself, so that typing never moves the page."""
    key = f"compose_{number}"
    if st.session_state.pop(f"{key}_rerun", False):
        st.rerun()  # what was sent stands in the journal, which is no part of this fragment
    with reading() as session:
        kept = drafts.mine(session, _door.actor(), number)
    data = {
        "kinds": [
            {"name": name, "label": label, "hint": hint, "button": button,
             "value": kept.get(name, ""), "reached": name == CONTACT}
            for name, label, hint, button in KINDS
        ],
        "ways": [{"name": way, "label": words.split()[-1].capitalize()}
                 for way, words in WAYS.items()],
        "sent": {name: st.session_state.get(f"{key}_{name}", 0) for name, *_ in KINDS},
        "zone": zone.key, "longest": LONGEST,
    }  # fmt: skip
    mount(
        "composer", data, key,
        on_text_change=lambda: _keep(number, st.session_state[key].text),
        on_sent_change=lambda: _send(number, st.session_state[key].sent, zone),
    )  # fmt: skip


def _keep(number: int, typed: dict[str, Any] | None) -> None:
    """What was typed so far."""
    if not typed:
        return
    try:
        with transaction() as session:
            drafts.save(
                session, _door.actor(), number, kind=typed["kind"], body=typed["body"],
                now=_door.now(),
            )  # fmt: skip
    except (Refused, Forbidden):  # the case is gone from this person's sight: the page says so
        return


def _send(number: int, sent: dict[str, Any] | None, zone: ZoneInfo) -> None:
    """Refused: the text stays where it is, and is kept as a draft."""
    if not sent:
        return
    if sent["kind"] == NOTE:
        done = do(verbs.note, number, "Note added.", body=sent["body"])
    else:
        at = _moment(sent["at"], zone) or _door.now()
        done = do(
            verbs.log_contact, number, "Contact logged.", way=sent["way"], body=sent["body"], at=at
        )
    if done:
        counter = f"compose_{number}_{sent['kind']}"
        st.session_state[counter] = st.session_state.get(counter, 0) + 1
    else:
        _keep(number, sent)
    st.session_state[f"compose_{number}_rerun"] = True


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A local time as the browser writes it; None where there is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
