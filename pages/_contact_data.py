"""What the desk holds of a person, as a file; and removing all of it for good."""

from typing import Any

import streamlit as st

from db.engine import transaction
from pages._ask import fresh
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import SAID, act
from services import contact_export
from services.domain.roles import Verb
from services.erasing import erase, preview
from services.erasing.preview import Remote
from services.insights.people import ContactFile

WORD = "ERASE"
ASKED = "erase_asked"  # the id of the person whose box is open
LEFT = "erased_left"  # (the id of who was erased last, what vendors still have)


def their_data(found: ContactFile) -> None:
    """A box with the file, for those who may take data out, and the way to erase, for admins."""
    who = actor()
    if found.erased or not who.may(Verb.EXPORT):
        return

    def made() -> str:
        with transaction() as session:
            return contact_export.export(session, who, found.id, now=now())

    open_ = st.session_state.get(ASKED) == found.id
    with st.popover("Their data", key=f"their_data_{found.id}_{open_}"):
        st.text("Everything that is kept of this person, notes and messages too, as one file.")
        st.download_button(
            "Download as JSON", made, f"contact-{found.id}.json", "application/json",
            on_click="ignore", key="contact_export",
        )  # fmt: skip
        if who.may(Verb.ERASE):
            st.button("Erase this person", key="erase_ask", on_click=_ask, args=(found.id,))


def erasing(found: ContactFile) -> None:
    """What would go, and the word to type; after it, what is left at others."""
    if not actor().may(Verb.ERASE):
        return
    if found.erased:
        _left(found.id)
    elif st.session_state.get(ASKED) == found.id:
        _box(found.id)


def _ask(contact_id: int | None) -> None:
    st.session_state[ASKED] = contact_id


def _box(contact_id: int) -> None:
    told = fresh(preview.preview, contact_id)
    with st.container(border=True, key="erase_box"):
        st.subheader("Erase this person", anchor=False)
        for sentence in preview.sentences(told):
            st.text(sentence)
        _remote(told.remote)
        st.text("This cannot be undone. A backup from before still holds everything.")
        with st.form("erase_form", border=False):
            st.text_input(f"Type {WORD} to go on", key=f"erase_word_{contact_id}")
            st.form_submit_button("Erase for good", on_click=_erase, args=(contact_id,))
        st.button("Keep everything", key="erase_not", on_click=_ask, args=(None,))


def _remote(remote: tuple[Remote, ...]) -> None:
    if not remote:
        return
    st.text("What vendors have has to be removed there, by hand:")
    # As cells: an id may be anything that a vendor made up.
    st.dataframe(
        [{"Vendor": r.vendor, "What": r.what, "Id there": shown(r.remote_id), "Link": r.link or ""}
         for r in remote],
        hide_index=True, key="erase_remote", alt=f"{len(remote)} things at vendors",
        column_config={"Link": st.column_config.LinkColumn()},
    )  # fmt: skip


def _erase(contact_id: int) -> None:
    if str(st.session_state[f"erase_word_{contact_id}"]).strip() != WORD:
        st.session_state[SAID] = (False, f"Type {WORD}, in capitals. Nothing was changed.")
        return

    def do(session: Any) -> preview.Preview:
        return erase.erase(session, actor(), contact_id, now=now())

    done: preview.Preview | None = act(do, "The person is erased.")
    if done is not None:
        _ask(None)
        st.session_state[LEFT] = (contact_id, done.remote)


def _left(contact_id: int) -> None:
    gone, remote = st.session_state.get(LEFT) or (None, ())
    if gone == contact_id and remote:
        with st.container(border=True, key="erase_left"):
            _remote(remote)
