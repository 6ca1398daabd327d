"""Which fields over there are filled from which parts of a case, and what is sent in the end."""

import json
from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._look import shown
from pages._people_parts import act
from services import integrations
from services.access import Refused
from services.cases import pushing
from services.domain import card_paths
from services.integrations import Connection

THEIRS = {
    "zendesk": "Ticket field, by its number", "intercom": "Contact attribute, by its name",
    "salesforce": "Field of Case, by its API name", "slack": "Label in the post",
}  # fmt: skip
SPARE = 2  # empty rows for more


def show(one: Connection) -> None:
    """The mapping and the preview; closed until somebody wants to see them."""
    label = "Fields and preview" if one.name in THEIRS else "Preview"
    box = st.expander(label, key=f"fields_{one.name}", on_change="rerun", type="compact")
    if box.open:
        with box:
            if one.name in THEIRS:
                _mapping(one)
            _preview(one)


def _mapping(one: Connection) -> None:
    mapping = [*one.entered.get("mapping", {}).items()]
    rows = [*mapping, *[("", None)] * SPARE]
    options = [*card_paths.PATHS, *(p for _, p in mapping if p not in card_paths.PATHS)]
    with st.form(_key(one), border=False):
        for n, (theirs, path) in enumerate(rows):
            left, right = st.columns(2)
            looks = "visible" if n == 0 else "collapsed"
            left.text_input(
                THEIRS[one.name], theirs, key=f"{_key(one)}_{n}_theirs", label_visibility=looks
            )
            right.selectbox(
                "Is filled from", options, options.index(path) if path else None, _option,
                key=f"{_key(one)}_{n}_path", label_visibility=looks, accept_new_options=True,
                placeholder="Choose, or type contact.properties.plan",
            )  # fmt: skip
        st.caption(
            "Properties are contact.properties.NAME and account.properties.NAME. A row goes with "
            "its name."
        )
        st.form_submit_button(
            "Save the fields", key=f"map_{one.name}", on_click=_save, args=(one, len(mapping))
        )


def _option(path: str) -> str:
    return shown(f"{path} - {card_paths.words(path)}" if card_paths.known(path) else path)


def _key(one: Connection) -> str:
    return f"map_{one.name}_{one.row.revision if one.row else 0}"


def _save(one: Connection, had: int) -> None:
    """Keep what the rows say; one of those that it `had` goes with its name."""
    typed = [[st.session_state[f"{_key(one)}_{k}_{part}"] or "" for part in ("theirs", "path")]
             for k in range(had + SPARE)]  # fmt: skip
    pairs = [
        (theirs.strip(), path.strip()) for k, (theirs, path) in enumerate(typed)
        if theirs.strip() or (path and k >= had)
    ]  # fmt: skip

    def change(session: Any) -> bool:
        names = [theirs for theirs, _ in pairs]
        if "" in names or len(set(names)) < len(names):
            raise Refused(f"Each field of {one.title} is named once. Nothing was changed.")
        integrations.map_fields(session, actor(), one.name, dict(pairs), now=now())
        return True

    act(change, "The fields are saved: they hold for what is sent from now on.")


def _preview(one: Connection) -> None:
    number = st.number_input(
        "Show what would be sent for case number", min_value=1, step=1, value=None, width=320,
        key=f"preview_{one.name}", placeholder="Number",
    )  # fmt: skip
    if number is None:
        return
    try:
        with reading() as session:
            sent = pushing.preview(session, actor(), number, vendor=one.name, now=now())
    except Refused as refused:
        st.text(shown(str(refused)))
        return
    text = json.dumps(sent, indent=2, ensure_ascii=False, default=str)
    st.code(shown(text), language=None, wrap_lines=True)
