"""What can be changed about a person: whether we may write to them, and where."""

from typing import Any

import streamlit as st

from pages import _door
from pages._people_parts import act
from services import contacts
from services.domain.roles import Verb
from services.insights.people import ContactFile


def contacting(found: ContactFile) -> None:
    """A box with both; nothing for those who may not work on cases, or where nobody is left."""
    if found.erased or not _door.actor().may(Verb.WORK_CASES):
        return
    with st.popover("May we write?", key=f"contacting_{found.id}_{found.do_not_contact}"):
        if found.do_not_contact:
            st.text("Nobody may write to this person, and their answers open no case.")
            st.button("They may be contacted", key="contact_may", on_click=_leave_alone,
                      args=(found.id, False))  # fmt: skip
        else:
            st.button("Do not contact", key="contact_may_not", on_click=_leave_alone,
                      args=(found.id, True))  # fmt: skip
            _address(found)


def _address(found: ContactFile) -> None:
    if found.bounced:
        st.text("Mail to the address came back.")
    with st.form("contact_address", border=False):
        st.text_input("E-mail address", value=found.email or "", key=f"contact_email_{found.id}")
        st.form_submit_button("Change the address", on_click=_move, args=(found.id,))


def _leave_alone(contact_id: int, on: bool) -> None:
    said = "Nobody writes to them any more." if on else "They may be contacted again."
    _do(contacts.leave_alone, contact_id, said, on=on)


def _move(contact_id: int) -> None:
    email = str(st.session_state[f"contact_email_{contact_id}"])
    _do(contacts.move, contact_id, "The address is changed.", email=email)


def _do(verb: Any, contact_id: int, said: str, **given: Any) -> None:
    def changed(session: Any) -> bool:
        verb(session, _door.actor(), contact_id, now=_door.now(), **given)
        return True

    act(changed, said)
