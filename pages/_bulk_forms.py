"""What an act on many cases asks for: each form gives the act once everything is chosen."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from pages import _door
from pages._ask import ask, fresh, own_zone
from pages._case_acts import ANY_TIME, asleep, presets
from pages._look import shown
from pages._notice import OFFERED
from services import settings, templates
from services.access import Refused
from services.cases import bulk_sending, causes, sleeping, tagging
from services.cases.bulk import Act, Kind
from services.cases.replying import THEN
from services.domain.lifecycle import Outcome
from services.insights.desk_people import desk

WAKE = "Wake them"
MOMENTS = "bulk_moments"  # what the times meant when they were chosen in this dialog
SIDES = {"Put on": Kind.TAG, "Take off": Kind.UNTAG}


@dataclass(frozen=True)
class Wanted:
    """An act, what its button says, what it is called once it is done, and how long it is offered
    to take it back."""

    act: Act
    button: str
    done: str
    offered: timedelta = OFFERED


def assign() -> Wanted | None:
    """To a person, to a team, or to nobody."""
    known = ask(desk)
    people = {("person", key): known.called(key, _door.now()) for key in known.people}
    teams = {("team", key): f"Team {name}" for key, name in known.teams.items()}
    names = people | teams | {("person", None): "Nobody"}
    chosen = _box("To whom", names, "bulk_to")
    if chosen is None:
        return None
    kind, key = chosen
    act = Act(Kind.ASSIGN, {"to": key}) if kind == "person" else Act(Kind.TEAM, {"team_id": key})
    return Wanted(act, "Assign", f"assigned to {names[chosen]}" if key else "no longer owned")


def tag() -> Wanted | None:
    """A tag, on or off; a new word becomes one."""
    side = st.segmented_control(
        "What to do", list(SIDES), default="Put on", required=True, key="bulk_side",
        label_visibility="collapsed",
    )  # fmt: skip
    on = SIDES[side] is Kind.TAG
    name = st.selectbox(
        "Tag", list(ask(tagging.in_use).values()), None, key=f"bulk_tag_{on}", format_func=shown,
        accept_new_options=on, placeholder="Choose one, or type a new one" if on else "Choose",
    )  # fmt: skip
    if not name:
        return None
    done = f"tagged {name}" if on else f"no longer tagged {name}"
    return Wanted(Act(SIDES[side], {"name": name}), "Tag" if on else "Take the tag off", done)


def snooze() -> Wanted | None:
    """Until a time that people mean, or back into the queue."""
    now = _door.now().astimezone(own_zone())
    times = dict(presets(now))
    chosen = _box("Until when", {name: name for name in [*times, ANY_TIME, WAKE]}, "bulk_until")
    if chosen is None:
        return None
    if chosen == WAKE:
        return Wanted(Act(Kind.WAKE), "Wake", "back in the queue")
    # Chosen once, it means that moment: what was previewed stays what is done.
    meant: dict[Any, datetime] = st.session_state.setdefault(MOMENTS, {})
    until = _typed(meant, now) if chosen == ANY_TIME else meant.setdefault(chosen, times[chosen])
    if until is None:
        return None
    words = asleep(until, now)
    return Wanted(Act(Kind.SNOOZE, {"until": until}), "Snooze", words[:1].lower() + words[1:-1])


def _typed(meant: dict[Any, datetime], now: datetime) -> datetime | None:
    """The moment that somebody typed; None: nothing yet, or nothing that can be read."""
    text = st.text_input(
        "Day and time", key="bulk_typed", placeholder=sleeping.FORMS, max_chars=sleeping.LONGEST
    )
    if text.strip() and (ANY_TIME, text) not in meant:
        try:
            meant[ANY_TIME, text] = sleeping.until(text, now)
        except Refused as error:
            st.error(str(error))
    until = meant.get((ANY_TIME, text))
    if until is not None:
        st.text(asleep(until, now))
    return until


def resolve() -> Wanted | None:
    """How they ended, and why they arose."""
    ended = _ending()
    return ended and Wanted(Act(Kind.RESOLVE, ended), "Resolve", "resolved")


def send() -> Wanted | None:
    """A template to each person, in their language, and what becomes of the case with it."""
    names = sorted({one.name for one in fresh(templates.usable)}, key=str.casefold)
    if not names:
        st.text("There is no template yet: write one on the page Templates.")
        return None
    name = _box("Template", {one: one for one in names}, "bulk_template")
    ways = fresh(bulk_sending.ways)
    if not ways:
        st.text("No way to write to customers is connected: an admin can do that.")
        return None
    way = st.segmented_control(
        "Way", list(ways), default=next(iter(ways)), required=True, key="bulk_way",
        format_func=lambda each: ways[each],
    )  # fmt: skip
    then = st.segmented_control(
        "And then", list(THEN), default="", required=True, key="bulk_then",
        format_func=lambda each: THEN[each],
    )  # fmt: skip
    ended = _ending() if then == "resolve" else {}
    if name is None or ended is None:
        return None
    act = Act(Kind.SEND, {"name": name, "way": way, "then": then} | ended)
    hold = fresh(_hold)
    leaves = f"written to; the messages leave in {hold} s" if hold else "written to"
    return Wanted(act, THEN[then], leaves, max(timedelta(seconds=hold), timedelta(seconds=5)))


def _ending() -> dict[str, Any] | None:
    known = dict(ask(causes.in_use))
    outcomes = {one.value: one.label for one in Outcome}
    outcome = _box("How they ended", outcomes, "bulk_outcome")
    cause = _box("Root cause", known, "bulk_cause")
    return (
        None if outcome is None or cause is None else {"outcome": outcome, "root_cause_id": cause}
    )


def _box(label: str, names: dict[Any, str], key: str) -> Any:
    return st.selectbox(
        label, list(names), None, key=key, format_func=lambda one: shown(names[one]),
        placeholder="Choose",
    )  # fmt: skip


def _hold(session: Any, _actor: Any) -> int:
    """Seconds for which a message can be taken back."""
    return int(settings.get(session, "undo_seconds"))
