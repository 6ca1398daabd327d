"""One team on the page of people: who leads it, who else hears of its cases, how they go round."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from pages._door import actor, now
from pages._people_parts import act
from services import people, teams


def show(team: Any, everybody: list[people.Person]) -> None:
    """Lead and manager side by side, and below them how the team shares its cases."""
    left, right = st.columns(2, gap="medium")
    with left:
        _person_box("Lead", "Nobody", team, "lead", teams.set_lead, everybody)
    with right:
        label = "Hears of broken promises that the lead leaves"
        _person_box(label, "Any manager", team, "manager", teams.set_manager, everybody)
    _giving(team)


def _person_box(
    label: str, nobody: str, team: Any, what: str, verb: Callable[..., Any],
    everybody: list[people.Person],
) -> None:  # fmt: skip
    current = getattr(team, f"{what}_id")
    key = f"{what}_{team.id}_{current}"
    names = {None: nobody} | {
        person.user.id: f"{person.user.name} ({person.user.email})"
        for person in everybody
        if person.user.disabled_at is None or person.user.id == current
    }

    def change(session: Any) -> Any:
        given = {f"{what}_id": st.session_state[key]}
        return verb(session, actor(), team.id, now=now(), **given)

    options = list(names)
    st.selectbox(
        label, options, options.index(current), names.__getitem__, key=key,
        on_change=partial(act, change, "Saved."),
    )  # fmt: skip


def _giving(team: Any) -> None:
    """Whether cases are given in turn, and when they go back."""
    key = f"giving_{team.id}_{team.round_robin}_{team.idle_hours}"

    def change(session: Any) -> Any:
        turn, idle = (st.session_state[f"{key}_{name}"] for name in ("turn", "idle"))
        return teams.set_giving(
            session, actor(), team.id, round_robin=turn, idle_hours=idle, now=now()
        )

    saved = partial(act, change, "Saved.")
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    left.toggle(
        "Give new cases to its people in turn", team.round_robin, key=f"{key}_turn",
        on_change=saved,
        help="Whoever is away, has as many open cases as they want, or does not see the unit is "
        "passed over. Where nobody is left, the case stays unassigned until somebody has room.",
    )  # fmt: skip
    right.number_input(
        "Business hours without work until a case goes back to the team", 1, teams.MOST_IDLE,
        team.idle_hours, key=f"{key}_idle", on_change=saved, placeholder="Never",
    )  # fmt: skip
