"""The rules in their order, the way to a new one, and what to do where there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import ask, minute, own_zone
from pages._jobs import forget
from pages._look import shown
from pages._loop_parts import END, LATER
from pages._parts import linked
from pages._people_parts import act
from pages._rule_draft import EMPTY, begin, tried_key
from pages._rule_editor import decides
from services.domain.rules.saying import stands
from services.domain.rules.starters import starters
from services.insights import rule_firings
from services.rules import keeping
from services.rules.listing import Kept
from services.rules.trying import NEW

WHAT = (
    "A rule looks at each answer as it comes in, and where its conditions hold it does something: "
    "open a case, give it to somebody, tag it, tell a colleague, write to the customer."
)


def listed(rules: Sequence[Kept]) -> None:
    """The list; each rule leads to its editor."""
    found, zone = ask(rule_firings.lately, now=minute()), own_zone()
    columns = [
        {"label": "Place", **LATER}, {"label": "Rule", "css": "name"}, {"label": "What acts"},
        {"label": "Fired in 30 days", **END}, {"label": "In the shadow", **LATER},
    ]  # fmt: skip
    rows = [
        [
            (f"{place}", None), (shown(one.name), f"rules?rule={one.id}"),
            (stands(one, zone), None),
            *((_n(found.get((one.id, mode), 0)), None) for mode in ("live", "shadow")),
        ]
        for place, one in enumerate(rules, 1)
    ]  # fmt: skip
    linked("rules_table", f"Rules in their order, {len(rules)}", columns, rows)
    with st.container(horizontal=True, gap="small"):
        st.button("A new rule", key="new_rule", type="primary", on_click=_begin, args=("", EMPTY))
        if decides() and len(rules) > 1:
            _order(rules)


def _n(n: int) -> str:
    return f"{n:,}" if n else "-"


def _order(rules: Sequence[Kept]) -> None:
    with st.popover("Change the order", key="rule_order"):
        for one in rules:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.text(shown(one.name), width="stretch")
                for label, by in (("Up", -1), ("Down", 1)):
                    st.button(
                        label, key=f"{label}_{one.id}", on_click=_move, args=(one.id, by),
                        disabled=one is (rules[0] if by < 0 else rules[-1]),
                    )  # fmt: skip


def _move(rule_id: int, by: int) -> None:
    def move(session: Any) -> bool:
        keeping.move(session, _door.actor(), rule_id, by, now=_door.now())
        return True

    act(move, "Moved.")


def _begin(name: str, body: Mapping[str, Any]) -> None:
    begin(NEW, name, body, None)
    forget(tried_key(NEW))  # that was another new one
    st.query_params["rule"] = "new"


def nothing_yet() -> None:
    """What rules do, and some to begin with."""
    st.text(WHAT)
    st.text("Begin with one of these and change it as you like, or with an empty one:")
    with st.container(horizontal=True, gap="small"):
        for name, body in starters():
            st.button(name, key=f"start_{name}", on_click=_begin, args=(name, body))
        st.button("A new rule", key="new_rule", on_click=_begin, args=("", EMPTY))
