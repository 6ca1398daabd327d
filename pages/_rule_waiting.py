"""Messages of rules: those that wait, with the way to hold them back, and those that were sent."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import ask, fresh
from pages._contact_parts import day
from pages._look import shown
from pages._parts import linked
from pages._people_parts import act
from services.domain.roles import Verb
from services.domain.rules.saying import due_in
from services.insights import rule_firings
from services.insights.rule_firings import Waiting
from services.rules import later


def waits(**of: int) -> None:
    """What waits about a case, to a person, or of a rule; nothing where nothing does."""
    found: Sequence[Waiting] = fresh(rule_firings.waiting, **of)
    if not found:
        return
    st.header("Waits to be sent", anchor=False)
    for one in found:
        with st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"waits_{one.id}"
        ):
            told = f"{one.what}, by the rule “{one.rule}”: {due_in(one.due, _door.now())}"
            st.text(shown(told), width="stretch")
            if _door.actor().may(Verb.WORK_CASES):
                st.button("Do not send", key=f"stop_{one.id}", on_click=_stop, args=(one.id,))


def _stop(later_id: int) -> None:
    def stop(session: Any) -> bool:
        later.stop(session, _door.actor(), later_id, now=_door.now())
        return True

    act(stop, "It is not sent.")


def sent_by_rules(contact_id: int, zone: str) -> None:
    """What rules sent to a person; nothing where they sent nothing."""
    waits(contact_id=contact_id)
    found = ask(rule_firings.sent_to, contact_id)
    if not found:
        return
    st.header("Sent by rules", anchor=False)
    columns = [
        {"label": "When", "css": "tight"}, {"label": "Rule", "css": "name"},
        {"label": "Subject", "css": "name"}, {"label": "Case", "css": "tight"},
    ]  # fmt: skip
    rows = [
        [
            (day(one.at, zone), None), (shown(one.rule), None), (shown(one.subject), None),
            (f"{one.case or ''}", f"case?number={one.case}" if one.case else None),
        ]
        for one in found
    ]  # fmt: skip
    linked("sent_by_rules", f"What rules sent to this person, {len(found)}", columns, rows)
