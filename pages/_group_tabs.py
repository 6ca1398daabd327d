"""Teams, units and API keys: the other tabs of the page of people."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import streamlit as st

from db.engine import reading
from pages import _calendar_form, _team_parts
from pages._door import actor, now
from pages._people_parts import Verb, act, pick, show_once
from services import keys, people, teams

Text, Number = st.column_config.TextColumn, st.column_config.NumberColumn
When = partial(st.column_config.DatetimeColumn, format="distance")


def teams_tab() -> None:
    """The teams, their leads, and adding, renaming and removing them."""
    with reading() as session:
        rows = [
            {"id": team.id, "label": team.name, "people": count, "lead": lead, "team": team}
            for team, count, lead in teams.all_teams(session, actor())
        ]
        everybody = people.everybody(session, actor(), now=now())
    columns = {"label": Text("Team"), "people": Number("People"), "lead": Text("Lead")}
    chosen = _list("team", rows, "Team", columns, "No teams yet. A team shares a lead and hours.")
    for row in rows:
        if row["id"] == chosen:
            _team_parts.show(row["team"], everybody)
            _changer("team", row, teams.rename_team, teams.remove_team)
            _calendar_form.of_team(row["team"])
    _adder("team", "Name of a new team", teams.add_team)


def units_tab() -> None:
    """The units, what belongs to them, and adding, renaming and removing them."""
    with reading() as session:
        rows = [
            {"id": unit.id, "label": unit.name, "accounts": accounts, "people": count}
            for unit, accounts, count in teams.all_units(session, actor())
        ]
    columns = {"label": Text("Unit"), "accounts": Number("Accounts"), "people": Number("People")}
    nothing = "No units yet. A unit is a region, a site or a business line that owns accounts."
    chosen = _list("unit", rows, "Unit", columns, nothing)
    for row in rows:
        if row["id"] == chosen:
            _changer("unit", row, teams.rename_unit, teams.remove_unit)
    _adder("unit", "Name of a new unit", teams.add_unit)


def keys_tab() -> None:
    """The API keys, making one and revoking one."""
    with reading() as session:
        rows = [
            {
                "id": key.id, "label": f"{key.name} ({key.prefix})", "may": _may(key.scopes),
                "made": key.created_at, "by": name, "used": key.last_used_at,
                "state": "revoked" if key.revoked_at else "live",
            }
            for key, name in keys.all_keys(session, actor())
        ]  # fmt: skip
    columns = {
        "label": Text("Key"), "may": Text("May"), "state": Text("State"),
        "used": When("Last used"), "made": When("Made"), "by": Text("By"),
    }  # fmt: skip
    nothing = "No keys yet. A key lets a program send answers or work on cases through the API."
    chosen = _list("api_key", rows, "Key", columns, nothing)
    if any(row["id"] == chosen and row["state"] == "live" for row in rows):
        with st.popover("Revoke"):
            st.write("Programs that use this key are refused at once. This cannot be undone.")
            st.button("Revoke this key", on_click=_revoke, args=(chosen,))
    _key_form()


def _list(
    name: str, rows: list[dict[str, Any]], label: str, columns: Mapping[str, Any], nothing: str
) -> int | None:
    if not rows:
        st.text(nothing)
        return None
    return pick(f"{name}_id", rows, label, columns)


def _adder(name: str, label: str, verb: Callable[..., Any]) -> None:
    key = f"new_{name}"

    def add() -> None:
        wanted = st.session_state[key]
        if act(lambda session: verb(session, actor(), name=wanted, now=now()), "Added."):
            st.session_state[key] = ""

    with st.form(f"add_{name}", border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        row.text_input(label, key=key, max_chars=60)
        row.form_submit_button("Add", on_click=add)


def _changer(
    name: str, row: Mapping[str, Any], rename: Callable[..., Any], remove: Callable[..., Any]
) -> None:
    group_id, key = row["id"], f"{name}_{row['id']}_{row['label']}"

    def renamed(session: Any) -> Any:
        return rename(session, actor(), group_id, name=st.session_state[key], now=now())

    def removed(session: Any) -> None:
        remove(session, actor(), group_id, now=now())

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", row["label"], key=key, max_chars=60)
        _button("Rename", renamed, "Renamed.")
        _button("Remove", removed, "Removed.")


def _button(label: str, verb: Verb, said: str) -> None:
    st.button(label, on_click=partial(act, verb, said))


def _may(scopes: list[str]) -> str:
    return ", ".join(keys.WORDS.get(scope, scope) for scope in scopes)


def _key_form() -> None:
    st.session_state.setdefault("new_key_scopes", [keys.SCOPES[0]])
    with st.form("add_key", border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        row.text_input("What the new key is for", key="new_key", max_chars=keys.LONGEST_NAME)
        row.pills(
            "It may", keys.SCOPES, format_func=keys.WORDS.__getitem__, key="new_key_scopes",
            selection_mode="multi",
        )  # fmt: skip
        row.form_submit_button("Make a key", on_click=_add_key)


def _add_key() -> None:
    given = {"name": st.session_state["new_key"], "scopes": st.session_state["new_key_scopes"]}
    made = act(lambda session: keys.add_key(session, actor(), now=now(), **given), "Made.")
    if made:
        st.session_state.update({"new_key": "", "new_key_scopes": [keys.SCOPES[0]]})
        show_once(made[1], "The key's secret. It is shown this once: only its hash is kept.")


def _revoke(key_id: int) -> None:
    act(lambda session: keys.revoke(session, actor(), key_id, now=now()), "Revoked.")
