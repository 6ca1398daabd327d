"""A template: its editor, how it reads for a customer, and the fields it may hold.

Texts of templates and of customers are shown as plain text only.
"""

from typing import Any

import streamlit as st

from db.engine import reading
from pages._door import actor, now
from pages._look import shown
from pages._parts import table
from pages._people_parts import act
from services import templates
from services.access import Refused
from services.cases.journal import LONGEST
from services.domain import merge
from services.domain.roles import Grant, Verb, grant
from services.templates import LONGEST_NAME, LONGEST_SUBJECT, Kept

FIELDS = ("name", "language", "subject", "body", "shared")
EMPTY: dict[str, Any] = {"name": "", "language": "en", "subject": "", "body": "", "shared": False}
CHOSEN, MADE = "template_id", "templates_made"  # the row; how many were made in this tab


def shares() -> bool:
    """Whether who is here may share templates with everybody."""
    return grant(actor().role, Verb.SHARE) is Grant.YES


def whose(one: Kept) -> str:
    """Who has it, for the list."""
    if one.template.shared:
        return "everybody's"
    return "yours" if one.template.owner_id == actor().id else f"{one.owner or 'nobody'}'s own"


def editor(one: Kept | None) -> None:
    """The fields of a template, or of a new one, beside how it reads."""
    values = templates.wording(one.template) if one else EMPTY
    key = _key(one)
    may = one is None or one.may_change
    left, right = st.columns(2, gap="large")
    with left:
        st.header("Change it" if one else "A new template", anchor=False)
        if one:
            _meanwhile(one, key)
        _fields(key, values, may)
        if may:
            _save_buttons(one, key)
        else:
            st.text("Shared with everybody: a manager or an admin can change it.")
            st.button("Make a copy of my own", key="copy", on_click=_copy, args=(values,))
    with right:
        st.header("How it reads", anchor=False)
        _preview(st.session_state[f"{key}_subject"], st.session_state[f"{key}_body"])


def _key(one: Kept | None) -> str:
    """The boxes stay those of this tab while somebody types; after a save they are other ones."""
    name = f"template_{one.template.id}" if one else "new_template"
    return f"{name}_{st.session_state.setdefault(MADE, 0)}"


def _meanwhile(one: Kept, key: str) -> None:
    """Another wording by somebody else: taken over where nothing was typed, else a choice."""
    found = one.template
    drawn = st.session_state.setdefault(f"{key}_drawn", templates.wording(found))
    if drawn == templates.wording(found):
        return
    typed = {name: st.session_state.get(f"{key}_{name}", drawn[name]) for name in FIELDS}
    if typed == drawn:
        _theirs(one, key)
        return
    with st.container(border=True, key="template_meanwhile"):
        st.text("Somebody changed it while you wrote. What you typed is kept below; theirs is:")
        st.text(shown(f"{found.subject}\n\n{found.body}".strip()))
        with st.container(horizontal=True):
            st.button("Take theirs", key="take_theirs", on_click=_theirs, args=(one, key))
            st.button("Go on with mine", key="keep_mine", on_click=_mine, args=(one, key))


def _theirs(one: Kept, key: str) -> None:
    values = templates.wording(one.template)
    st.session_state[f"{key}_drawn"] = values
    for name in FIELDS:
        st.session_state[f"{key}_{name}"] = values[name]


def _mine(one: Kept, key: str) -> None:
    st.session_state[f"{key}_drawn"] = templates.wording(one.template)


def _fields(key: str, values: dict[str, Any], may: bool) -> None:
    for name in FIELDS:  # a copy is put here before its boxes are there
        st.session_state.setdefault(f"{key}_{name}", values[name])
    row = st.container(horizontal=True)
    row.text_input("Name", key=f"{key}_name", max_chars=LONGEST_NAME, disabled=not may)
    row.text_input(
        "Language", key=f"{key}_language", max_chars=8, disabled=not may, width=120,
        help="A code such as en, de or pt-br.",
    )  # fmt: skip
    st.text_input(
        "Subject, for mails", key=f"{key}_subject", max_chars=LONGEST_SUBJECT, disabled=not may
    )
    st.text_area(
        "Text", key=f"{key}_body", height=260, max_chars=LONGEST, disabled=not may,
        placeholder="Hello {{contact.first_name|there}}, ...",
    )  # fmt: skip
    if shares():
        st.toggle("Everybody may use it", key=f"{key}_shared", disabled=not may)
    elif may:
        st.caption("Only you see it and those who lead: a manager can share it with everybody.")


def _save_buttons(one: Kept | None, key: str) -> None:
    with st.container(horizontal=True):
        st.button("Save", key="save_template", type="primary", on_click=_save, args=(one, key))
        if one:
            with st.popover("Retire", key=f"retire_{one.template.id}"):
                st.text("Nobody can choose it any more. What was written with it stays.")
                st.button("Retire it", key="retire_template", on_click=_retire, args=(one,))


def _save(one: Kept | None, key: str) -> None:
    given = {name: st.session_state[f"{key}_{name}"] or "" for name in FIELDS}
    given |= {"shared": bool(given["shared"]), "template_id": one.template.id if one else None}
    drawn = st.session_state.get(f"{key}_drawn")
    given |= {"seen_as": templates.mark(drawn) if drawn else None}
    made = act(lambda session: templates.save(session, actor(), now=now(), **given), "Saved.")
    if made:
        st.session_state[MADE] += 1
        st.session_state[CHOSEN] = made


def _retire(one: Kept) -> None:
    def retire(session: Any) -> None:
        templates.retire(session, actor(), one.template.id or 0, now=now())

    act(retire, "Retired.")


def _copy(values: dict[str, Any]) -> None:
    st.session_state[CHOSEN] = None
    st.session_state[MADE] += 1
    key = _key(None)
    own = values | {"name": f"{values['name']} (mine)"[:LONGEST_NAME], "shared": False}
    for name in FIELDS:
        st.session_state[f"{key}_{name}"] = own[name]


def _preview(subject: str, body: str) -> None:
    number = st.number_input(
        "For case number", min_value=1, step=1, value=None, key="template_case",
        placeholder="None: an example", width=220,
    )  # fmt: skip
    if not body.strip():
        st.caption("As soon as there is a text, it is shown here as the customer will read it.")
        return
    try:
        with reading() as session:
            found = templates.tried(session, actor(), subject=subject, body=body, number=number)
    except Refused as refused:
        with st.container(border=True, key="template_wrong"):
            st.text(shown(str(refused)))
        return
    with st.container(border=True, key="template_reads"):
        if found.subject:
            st.caption("Subject")
            st.text(shown(found.subject))
            st.caption("Text")
        st.text(shown(found.body))
    if found.missing:
        names = ", ".join(found.missing)
        st.text(
            f"Nothing is known for {names}: say what to put instead, as in "
            f"{{{{{found.missing[0]}|...}}}}."
        )


def field_list() -> None:
    """What may stand between braces."""
    with st.expander("Merge fields"):
        st.caption("With a bar, what to say where nothing is known: {{contact.first_name|there}}.")
        rows = [{"cells": [f"{{{{{name}}}}}", told]} for name, told in merge.FIELDS.items()]
        columns = [{"label": "Field", "css": "tight"}, {"label": "Stands for"}]
        table("merge_fields", "Merge fields and what they stand for", columns, rows)
