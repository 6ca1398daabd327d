"""People: who works here and what they may do; teams, units, keys and ways in beside them."""

import streamlit as st

from db.engine import reading
from pages import _group_tabs, _person_form, _sign_in_form
from pages._door import actor, now
from pages._people_parts import ROLES, pick, say, secret_shown
from services import people, settings, teams

Text = st.column_config.TextColumn
COLUMNS = {
    "name": Text("Name", width=130),
    "email": Text("E-mail", width=170),
    "role": Text("Role"),
    "state": Text("State"),
    "seen": st.column_config.DatetimeColumn("Last seen", format="distance"),
    "team": Text("Team"),
    "units": Text("Units"),
}


def people_tab() -> None:
    """Everybody, and the form of the one who is chosen."""
    with reading() as session:
        found = people.everybody(session, actor(), now=now())
        team_names = {team.id: team.name for team, _, _ in teams.all_teams(session, actor())}
        unit_names = {unit.id: unit.name for unit, _, _ in teams.all_units(session, actor())}
        zone = settings.reporting_zone(session)
    rows = [row(person, unit_names) for person in found]
    chosen = pick("person_id", rows, "Person", COLUMNS)
    groups = (team_names, unit_names, zone)
    for person in found:
        if person.user.id == chosen:
            form, browsers = st.columns([3, 2], gap="large")
            with form:
                _person_form.edit(person, *groups)
                _person_form.actions(person)
            with browsers, reading() as session:
                st.subheader("Signed in", anchor=False)
                _person_form.signed_in(session, person, zone)
    with st.expander("Add a person"):
        _person_form.add(*groups)


def row(person: people.Person, units: dict[int | None, str]) -> dict[str, object]:
    """A person as a row of the table."""
    user = person.user
    return {
        "id": user.id,
        "label": f"{user.name} ({user.email})",
        "name": user.name,
        "email": user.email,
        "role": ROLES[user.role],
        "state": person.state(now()),
        "team": person.team or "",
        "units": ", ".join(units[unit] for unit in person.units),
        "seen": person.last_seen_at,
    }


TABS = {
    "People": people_tab,
    "Teams": _group_tabs.teams_tab,
    "Units": _group_tabs.units_tab,
    "API keys": _group_tabs.keys_tab,
    "Sign-in": _sign_in_form.tab,
}
st.title("People", anchor=False)
say()
secret_shown()
tabs = st.tabs(list(TABS), key="tab", on_change="rerun", bind="query-params")
for tab, show in zip(tabs, TABS.values(), strict=True):
    if tab.open:
        with tab:
            show()
