"""One person on the page of people: the fields, and what an admin can do with them."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages._door import actor, now
from pages._people_parts import ROLES, act, show_once, zone_box
from services import browsers, people
from services.domain.periods import midnight
from services.people import Person

FIELDS = ("name", "email", "role", "team_id", "units", "time_zone", "absent_until", "capacity")
ADDED = "people_added"  # how many people this tab has added
Names = Mapping[int | None, str]


def add(teams: Names, units: Names, zone: ZoneInfo) -> None:
    """A form for somebody new; it keeps what was typed until the person is added."""
    key = f"new_{st.session_state.setdefault(ADDED, 0)}"  # an empty form after each addition
    with st.form("add_person", border=False):
        _fields(key, {}, teams, units, zone, away=False)
        st.form_submit_button(
            "Add and make an invitation", on_click=_add, args=(key,), type="primary"
        )


def edit(person: Person, teams: Names, units: Names, zone: ZoneInfo) -> None:
    """The form of somebody who works here; only what was changed in it is sent."""
    shown = _shown(person, zone)
    prefix = f"edit_{person.user.id}_{hash(str(shown))}"  # a new form when the person has changed
    with st.form(prefix, border=False):
        _fields(prefix, shown, teams, units, zone, away=True)
        save = partial(_save, prefix, person.user.id, shown, zone)
        st.form_submit_button("Save", on_click=save, type="primary")


def actions(person: Person) -> None:
    """Links, sessions, and letting in or out."""
    user_id, state = person.user.id, person.state(now())
    with st.container(horizontal=True):
        if state == "disabled":
            st.button("Enable", on_click=_enable, args=(user_id,))
            return
        with st.popover("Make a password link"):
            st.write("Every session of this person ends, and earlier links stop working.")
            st.button("Make the link", on_click=_reset, args=(user_id, person.user.name))
        with st.popover("Disable"):
            st.write("They are signed out and cannot sign in. What they did stays.")
            st.button("Disable this person", on_click=_disable, args=(user_id,))


def signed_in(session: Any, person: Person, zone: ZoneInfo) -> None:
    """The browsers in which a person is signed in, and ending them."""
    found = browsers.of_person(session, actor(), person.user.id or 0, now=now())
    if not found:
        st.caption("Signed in nowhere.")
        return
    browser_list(found, zone, _end)
    st.button("Sign out everywhere", on_click=_end_all, args=(person.user.id,))


def browser_list(found: list[browsers.Browser], zone: ZoneInfo, end: Any) -> None:
    """Browsers, each with a button to sign it out; this one signs out below the menu."""
    for browser in found:
        row = st.container(horizontal=True, vertical_alignment="center", key=f"b_{browser.id}")
        with row.container(gap=None):
            st.text(browsers.called(browser.agent))
            st.caption(
                f"{_seen(browser, zone)}, since {browser.created_at.astimezone(zone):%d %b %Y}"
            )
        if not browser.here:
            row.button("Sign out", key=f"end_{browser.id}", on_click=end, args=(browser.id,))


def _seen(browser: browsers.Browser, zone: ZoneInfo) -> str:
    if browser.here:
        return "This browser"
    return f"Last seen {browser.last_seen_at.astimezone(zone):%d %b, %H:%M}"


def _fields(
    key: str, shown: Mapping[str, Any], teams: Names, units: Names, zone: ZoneInfo, *, away: bool
) -> None:
    teams = {None: "No team"} | teams
    left, right = st.columns(2)
    left.text_input("Name", shown.get("name", ""), key=f"{key}_name", max_chars=80)
    right.text_input("E-mail", shown.get("email", ""), key=f"{key}_email", type="email")
    _choice(left, "Role", ROLES, shown.get("role", "csm"), f"{key}_role")
    _choice(right, "Team", teams, shown.get("team_id"), f"{key}_team_id")
    st.multiselect(
        "Units", list(units), shown.get("units"), units.__getitem__, key=f"{key}_units",
        placeholder="None",
    )  # fmt: skip
    with st.columns(2)[0]:
        own = f"The desk's ({zone.key})"
        zone_box("Time zone", shown.get("time_zone"), f"{key}_time_zone", none=own)
    left, right = st.columns(2)
    capacity = shown.get("capacity")
    left.number_input("Most open cases at once", 0, 999, capacity, key=f"{key}_capacity")
    if away:
        right.date_input("Away; back at work on", shown["absent_until"], key=f"{key}_absent_until")


def _choice(where: Any, label: str, names: Mapping[Any, str], current: Any, key: str) -> None:
    options = list(names)
    where.selectbox(label, options, options.index(current), names.__getitem__, key=key)


def _shown(person: Person, zone: ZoneInfo) -> dict[str, Any]:
    away = person.user.absent_until
    return person.user.model_dump(include=set(FIELDS)) | {
        "units": list(person.units),
        "absent_until": away and away.astimezone(zone).date(),
    }


def _typed(key: str) -> dict[str, Any]:
    found = {name: st.session_state.get(f"{key}_{name}") for name in FIELDS}
    return found | {"time_zone": found["time_zone"] or None, "units": sorted(found["units"])}


def _add(key: str) -> None:
    given = _typed(key)
    added = act(lambda session: people.add_user(session, actor(), now=now(), **given), "Added.")
    if added:
        user, token = added
        st.session_state[ADDED] += 1
        _give(token, user.name, "7 days")


def _give(token: str, name: str, life: str) -> None:
    words = f"Give this link to {name}. It works once, for {life}; it is not shown again."
    show_once(people.link(token), words)


def _save(key: str, user_id: int, shown: Mapping[str, Any], zone: ZoneInfo) -> None:
    given = {name: value for name, value in _typed(key).items() if value != shown[name]}
    back: date | None = given.get("absent_until")
    if back:
        given["absent_until"] = midnight(back, zone)
    act(lambda session: people.change(session, actor(), user_id, now=now(), **given), "Saved.")


def _reset(user_id: int, name: str) -> None:
    token = act(lambda session: people.reset(session, actor(), user_id, now=now()), "")
    if token:
        _give(token, name, "24 hours")


def _enable(user_id: int) -> None:
    act(lambda session: people.enable(session, actor(), user_id, now=now()), "Enabled.")


def _disable(user_id: int) -> None:
    act(lambda session: people.disable(session, actor(), user_id, now=now()), "Disabled.")


def _end(session_id: int) -> None:
    act(lambda session: browsers.end(session, actor(), session_id, now=now()), "Signed out.")


def _end_all(user_id: int) -> None:
    act(lambda session: browsers.end_all(session, actor(), user_id, now=now()), "Signed out.")
