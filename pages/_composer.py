"""Writing a note or logging a contact; what is being typed is kept, here and on the server."""

from datetime import datetime
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
KINDS = {NOTE: "Note", CONTACT: "Log a call or meeting"}
HINTS = {
    NOTE: "For colleagues; the customer never sees it.",
    CONTACT: "What was said, what was promised.",
}
BUTTONS = {NOTE: "Add the note", CONTACT: "Log the contact"}


@st.fragment
def composer(number: int, zone: ZoneInfo) -> None:
    """The box under a case: it redraws by itself, so that typing never moves the page."""
    key = f"compose_{number}"
    if st.session_state.pop(f"{key}_rerun", False):
        st.rerun()  # what was sent stands in the journal, which is no part of this fragment
    kind = st.segmented_control(
        "What to write", list(KINDS), default=NOTE, format_func=KINDS.__getitem__, required=True,
        key=f"{key}_kind", label_visibility="collapsed",
    )  # fmt: skip
    if kind == CONTACT:
        _contact_fields(number, zone)
    with reading() as session:
        kept = drafts.mine(session, _door.actor(), number).get(kind, "")
    mark = f"{number}/{kind}/{st.session_state.get(f'{key}_{kind}_sent', 0)}"
    data = {
        "mark": mark, "value": kept, "label": KINDS[kind], "placeholder": HINTS[kind], "rows": 4,
        "button": BUTTONS[kind], "longest": LONGEST,
    }  # fmt: skip
    name = f"{key}_{kind}"
    mount(
        "composer", data, name,
        on_text_change=lambda: _keep(number, kind, name),
        on_sent_change=lambda: _send(number, kind, name, zone),
    )  # fmt: skip


def _contact_fields(number: int, zone: ZoneInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "How", list(WAYS), key=f"way_{number}", width=160,
            format_func=lambda way: WAYS[way].split()[-1].capitalize(),
        )  # fmt: skip
        now = _door.now().astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
        st.datetime_input(
            f"When ({zone.key})", None, max_value=now, key=f"at_{number}", width=230,
            help="Empty: just now.",
        )  # fmt: skip


def _keep(number: int, kind: str, name: str) -> None:
    """What was typed so far, under the case and kind it was typed for."""
    typed = st.session_state[name].text
    if not typed or not typed["mark"].startswith(f"{number}/{kind}/"):
        return
    try:
        with transaction() as session:
            drafts.save(
                session, _door.actor(), number, kind=kind, body=typed["body"], now=_door.now()
            )
    except (Refused, Forbidden):  # the case is gone from this person's sight: the page says so
        return


def _send(number: int, kind: str, name: str, zone: ZoneInfo) -> None:
    """Refused: the text stays where it is, and is kept as a draft."""
    sent = st.session_state[name].sent
    if not sent:
        return
    body = sent["body"]
    if kind == NOTE:
        done = do(verbs.note, number, "Note added.", body=body)
    else:
        way = st.session_state.get(f"way_{number}", "call")
        local: datetime | None = st.session_state.get(f"at_{number}")
        at = _door.now() if local is None else local.replace(tzinfo=zone)
        done = do(verbs.log_contact, number, "Contact logged.", way=way, body=body, at=at)
    if done:
        counter = f"compose_{number}_{kind}_sent"
        st.session_state[counter] = st.session_state.get(counter, 0) + 1
    else:
        with transaction() as session:
            drafts.save(session, _door.actor(), number, kind=kind, body=body, now=_door.now())
    st.session_state[f"compose_{number}_rerun"] = True
