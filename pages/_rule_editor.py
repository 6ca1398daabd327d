"""The editor of a rule: its conditions and actions as rows of boxes, and how it reads.

Nothing acts by being saved, and nothing that was typed is lost by what is wrong in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import ask
from pages._look import shown
from pages._people_parts import act
from pages._rule_draft import (
    Draft,
    Row,
    add,
    begin,
    body,
    box,
    drop,
    leave,
    sync,
    typed,
    what,
)
from pages._rule_values import UNSEEN, action_boxes, value_box
from services.access import Refused
from services.domain.roles import Grant, Verb, grant
from services.domain.rules.actions import LABELS, Do
from services.domain.rules.body import MOST, written
from services.domain.rules.conditions import FIELDS, OPS
from services.domain.rules.words import SAID
from services.rules import keeping, trying
from services.rules.listing import NOTHING, Version
from services.rules.offering import Offer, offer

HOLDS = {False: "all of these hold", True: "one of these holds"}
SAFE = "Saving keeps a further version and lets nothing act."


def decides() -> bool:
    """Whether who is here may say which version acts."""
    return grant(_door.actor().role, Verb.SHARE) is Grant.YES


def editor(draft: Draft, versions: Sequence[Version]) -> bool:
    """The boxes beside how the rule reads; whether it can be said already."""
    found = ask(offer)
    _meanwhile(draft, versions)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.text_input(
            "Name", key=box(draft, None, "name"), max_chars=keeping.LONGEST_NAME,
            disabled=bool(versions) and not decides(), placeholder="What people call it",
        )  # fmt: skip
        _conditions(draft, found)
        _actions(draft, found)
    with right:
        ready = _reads(draft)
        _save_button(draft, versions)
    return ready


def _conditions(draft: Draft, found: Offer) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.header("If", anchor=False, width="content")
        if len(draft["conditions"]) > 1:
            st.selectbox(
                "How many have to hold", [*HOLDS], key=box(draft, None, "any"), width=200,
                format_func=HOLDS.__getitem__, **UNSEEN,
            )  # fmt: skip
    if not draft["conditions"]:
        st.text("Without a condition it is for every answer.")
    for row in draft["conditions"]:
        with _row(row):
            _about(draft, row, "field", "Field", [*FIELDS], {k: f.label for k, f in FIELDS.items()})
            allowed = OPS[FIELDS[row["field"]].kind]
            if len(allowed) > 1:
                st.selectbox(
                    "How", [op.value for op in allowed], key=box(draft, row, "op"), width=160,
                    format_func=SAID.__getitem__, **UNSEEN,
                )  # fmt: skip
            value_box(draft, row, found)
            _remove(draft, "conditions", row)
    _more(draft, "conditions", "Add a condition", "score")


def _actions(draft: Draft, found: Offer) -> None:
    st.header("Then", anchor=False)
    for row in draft["actions"]:
        with _row(row):
            _about(draft, row, "do", "Action", [*Do], LABELS)
            action_boxes(draft, row, found)
            _remove(draft, "actions", row)
    _more(draft, "actions", "Add an action", Do.OPEN)
    st.toggle("No further rule is looked at where it fires", key=box(draft, None, "last"))


def _row(row: Row) -> Any:
    return st.container(
        horizontal=True,
        vertical_alignment="center",
        gap="small",
        border=True,
        key=f"rule_row_{row['row']}",
    )


def _about(
    draft: Draft, row: Row, part: str, label: str, known: Sequence[Any], words: Mapping[Any, str]
) -> None:
    st.selectbox(
        label, known, key=what(draft, row, part), width=300, format_func=words.__getitem__, **UNSEEN
    )  # fmt: skip


def _remove(draft: Draft, kind: str, row: Row) -> None:
    st.button(
        "Remove", key=f"drop_{row['row']}", type="tertiary", on_click=drop,
        args=(draft, kind, row["row"]),
    )  # fmt: skip


def _more(draft: Draft, kind: str, label: str, about: Any) -> None:
    if len(draft[kind]) < MOST:
        st.button(label, key=f"add_{kind}", on_click=add, args=(draft, kind, about))


def _reads(draft: Draft) -> bool:
    st.header("How it reads", anchor=False)
    with st.container(border=True, key="rule_reads"):
        try:
            lines = ask(trying.reads, body(draft))
        except Refused as refused:
            st.text(shown(str(refused).removesuffix(f" {NOTHING}")))
            return False
        st.text("\n".join(map(shown, lines)))
    return True


def _save_button(draft: Draft, versions: Sequence[Version]) -> None:
    st.button("Save", key="save_rule", type="primary", on_click=_save, args=(draft,))
    st.caption(SAFE if decides() else f"{SAFE} You propose it; a manager lets it act.")
    if versions and typed(draft):
        st.caption(f"Not saved yet: what you changed since version {draft['seen']}.")


def _save(draft: Draft) -> None:
    sync(draft)
    given: dict[str, Any] = {"name": draft["name"], "body": body(draft), "seen": draft["seen"]}
    given["rule_id"] = draft["of"] or None

    def save(session: Any) -> tuple[int, int]:
        return keeping.save(session, _door.actor(), now=_door.now(), **given)

    if made := act(save, "Saved. Nothing acts by that."):
        leave(draft["of"])
        st.query_params["rule"] = str(made[0])


def _meanwhile(draft: Draft, versions: Sequence[Version]) -> None:
    """A further version by somebody else: taken over where nothing was typed, else a choice."""
    if not versions or draft["seen"] == versions[0].n:
        return
    if not typed(draft):
        _theirs(draft, versions[0])
        st.rerun()
    with st.container(border=True, key="rule_meanwhile"):
        st.text(f"Version {versions[0].n} was saved while you wrote. What you typed is kept.")
        with st.container(horizontal=True):
            st.button("Take theirs", key="take_theirs", on_click=_theirs, args=(draft, versions[0]))
            st.button("Go on with mine", key="keep_mine", on_click=_mine, args=(draft, versions[0]))


def _theirs(draft: Draft, one: Version) -> None:
    begin(draft["of"], draft["kept"][0], written(one.body), one.n)


def _mine(draft: Draft, one: Version) -> None:
    draft["seen"] = one.n
