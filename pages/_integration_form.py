"""The form that connects a vendor: built from the fields that it asks for, tested, then kept."""

from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import act, show_once
from services import config, integrations
from services.access import Refused
from services.integrations import KEPT, Connection

DEMO = "This is a demo: it connects to nobody, and nothing leaves it."


def show(one: Connection) -> None:
    """What there is to enter; closed until somebody wants to."""
    box = st.expander(
        "Connection" if one.row else "Connect", key=_box(one), on_change="rerun", type="compact"
    )
    if not box.open:
        return
    demo = config.load().loopdesk_demo
    with box, st.form(_key(one), border=False):
        for field in one.fields:
            _input(one, field)
        with st.container(horizontal=True):
            test = st.form_submit_button("Test", key=f"test_{one.name}", disabled=demo)
            st.form_submit_button(
                "Save", key=f"save_{one.name}", type="primary", disabled=demo, on_click=_save,
                args=(one,),
            )  # fmt: skip
        if demo:
            st.caption(DEMO)
        elif test:
            _test(one)


def unfold(one: Connection) -> None:
    """For callbacks: open the form."""
    st.session_state[_box(one)] = True


def _box(one: Connection) -> str:
    return f"form_{one.name}"


def _key(one: Connection) -> str:
    """Another form once something was saved: a secret that was typed does not stay in it."""
    return f"connect_{one.name}_{one.row.revision if one.row else 0}"


def _input(one: Connection, field: Any) -> None:
    key, value = f"{_key(one)}_{field.name}", str(one.entered.get(field.name) or "")
    label = field.label if field.required else f"{field.label} (optional)"
    if field.choices:
        at = field.choices.index(value) if value in field.choices else 0
        st.selectbox(label, field.choices, at, key=key, help=field.help or None)
    elif field.secret:
        kept = value == KEPT
        st.text_input(
            label, key=key, type="password", autocomplete="off", placeholder=value,
            help=" ".join([field.help, "Leave it empty to keep the one that is kept." * kept]),
        )  # fmt: skip
    else:
        box = st.text_area if field.lines else st.text_input
        box(label, value, key=key, help=field.help or None)


def _entered(one: Connection) -> dict[str, Any]:
    return {field.name: st.session_state[f"{_key(one)}_{field.name}"] for field in one.fields}


def _test(one: Connection) -> None:
    """Ask the vendor with what is in the form; nothing is kept, and no transaction is open."""
    try:
        with reading() as session:
            vendor = integrations.tried(session, actor(), one.name, _entered(one))
    except Refused as refused:
        _answer(False, str(refused))
        return
    with st.spinner(f"Asking {one.title} ..."):
        fine, said = integrations.answer_of(vendor)
    _answer(fine, said if fine else f"{said}. Nothing was saved.")


def _answer(fine: bool, said: str) -> None:
    with st.container(border=True):
        st.text(shown(f"{'It works' if fine else 'It does not work'}: {said}"))


def _save(one: Connection) -> None:
    entered, said = _entered(one), f"{one.title} is connected."
    made = act(
        lambda session: integrations.connect(session, actor(), one.name, entered, now=now()), said
    )
    if made is None:
        return
    st.session_state[_box(one)] = False
    for text in made.values():
        show_once(text, "Made for you and shown this once: give it to the program that receives.")
