"""Teams with a lead, and units: added, renamed, removed only when nothing needs them."""

from threading import Thread

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.models import Audit, Case, Team, Unit, UserUnit
from services import people, teams
from services.access import Refused
from tests import builders as make

NOW = make.NOW
ADMIN = make.actor("admin")


def test_a_team_is_listed_with_its_people_and_its_lead(session: Session) -> None:
    team = teams.add_team(session, ADMIN, name="  Key  accounts ", now=NOW)
    teams.add_team(session, ADMIN, name="another", now=NOW)
    lead = make.user(session, name="Mia", team_id=team.id)
    make.user(session, team_id=team.id)
    teams.set_lead(session, ADMIN, team.id, lead_id=lead.id, now=NOW)
    listed = [(row.name, people, name) for row, people, name in teams.all_teams(session, ADMIN)]
    assert listed == [("another", 0, None), ("Key accounts", 2, "Mia")]


def test_a_name_is_taken_once(session: Session) -> None:
    teams.add_team(session, ADMIN, name="North", now=NOW)
    south = teams.add_team(session, ADMIN, name="South", now=NOW)
    for attempt in (
        lambda: teams.add_team(session, ADMIN, name="North", now=NOW),
        lambda: teams.rename_team(session, ADMIN, south.id, name="North", now=NOW),
        lambda: teams.add_team(session, ADMIN, name=" ", now=NOW),
    ):
        with pytest.raises(Refused):
            attempt()
    assert sorted(session.exec(select(Team.name))) == ["North", "South"]


def test_a_team_with_people_or_cases_stays(session: Session) -> None:
    team = make.team(session)
    user = make.user(session, team_id=team.id)
    session.add(Case(number=1, team_id=team.id, opened_at=NOW))
    session.flush()
    with pytest.raises(Refused, match="still has people and cases"):
        teams.remove_team(session, ADMIN, team.id, now=NOW)
    people.change(session, ADMIN, user.id, team_id=None, now=NOW)
    with pytest.raises(Refused, match="still has cases"):
        teams.remove_team(session, ADMIN, team.id, now=NOW)
    assert session.get(Team, team.id) is not None


def test_an_empty_team_goes_even_when_it_has_a_lead(session: Session) -> None:
    team, lead = make.team(session), make.user(session)
    teams.set_lead(session, ADMIN, team.id, lead_id=lead.id, now=NOW)
    teams.remove_team(session, ADMIN, team.id, now=NOW)
    assert session.exec(select(Team)).all() == []
    verbs = [row.verb for row in session.exec(select(Audit).order_by(Audit.id))]
    assert verbs == ["team.lead", "team.remove"]


def test_a_lead_can_sign_in(session: Session) -> None:
    team, gone = make.team(session), make.user(session, disabled_at=NOW)
    for lead_id in (gone.id, 99):
        with pytest.raises(Refused, match="can sign in"):
            teams.set_lead(session, ADMIN, team.id, lead_id=lead_id, now=NOW)
    teams.set_lead(session, ADMIN, team.id, lead_id=None, now=NOW)
    assert session.exec(select(Audit)).all() == []


def test_how_cases_go_round_is_said_for_a_team_and_audited(session: Session) -> None:
    team, boss = make.team(session), make.user(session, "manager")
    for _ in range(2):
        teams.set_manager(session, ADMIN, team.id, manager_id=boss.id, now=NOW)
        teams.set_giving(session, ADMIN, team.id, round_robin=True, idle_hours=8, now=NOW)
    assert (team.manager_id, team.round_robin, team.idle_hours) == (boss.id, True, 8)
    verbs = [row.verb for row in session.exec(select(Audit).order_by(Audit.id))]
    assert verbs == ["team.manager", "team.giving"]
    for attempt in (
        lambda: teams.set_manager(session, ADMIN, team.id, manager_id=99, now=NOW),
        lambda: teams.set_giving(session, ADMIN, team.id, round_robin=True, idle_hours=0, now=NOW),
    ):
        with pytest.raises(Refused):
            attempt()


def test_a_unit_is_listed_with_its_accounts_and_people(session: Session) -> None:
    emea = teams.add_unit(session, ADMIN, name="EMEA", now=NOW)
    teams.add_unit(session, ADMIN, name="APAC", now=NOW)
    make.account(session, unit_id=emea.id)
    for _ in range(2):
        session.add(UserUnit(user_id=make.user(session).id, unit_id=emea.id))
    session.flush()
    listed = [(row.name, owned, staffed) for row, owned, staffed in teams.all_units(session, ADMIN)]
    assert listed == [("APAC", 0, 0), ("EMEA", 1, 2)]


def test_a_unit_to_which_something_belongs_stays(session: Session) -> None:
    unit = make.unit(session)
    make.account(session, unit_id=unit.id)
    make.response(session, unit_id=unit.id)
    session.add(UserUnit(user_id=make.user(session).id, unit_id=unit.id))
    session.flush()
    with pytest.raises(Refused, match="still has accounts and answers and people"):
        teams.remove_unit(session, ADMIN, unit.id, now=NOW)
    assert session.get(Unit, unit.id) is not None


def test_an_unused_unit_can_be_renamed_and_removed(session: Session) -> None:
    unit = make.unit(session)
    assert teams.rename_unit(session, ADMIN, unit.id, name="Europe", now=NOW).name == "Europe"
    teams.remove_unit(session, ADMIN, unit.id, now=NOW)
    assert session.exec(select(Unit)).all() == []
    with pytest.raises(Refused, match="no unit"):
        teams.remove_unit(session, ADMIN, unit.id, now=NOW)


@pytest.mark.usefixtures("desk")
def test_a_unit_given_to_somebody_at_the_same_moment_is_not_removed() -> None:
    with transaction() as session:
        unit, user = make.unit(session).id or 0, make.user(session).id or 0
    refused = []

    def remove() -> None:
        try:
            with transaction() as session:
                teams.remove_unit(session, ADMIN, unit, now=NOW)
        except Refused as error:
            refused.append(str(error))

    remover = Thread(target=remove)
    with transaction() as session:
        people.change(session, ADMIN, user, units=[unit], now=NOW)
        remover.start()
        remover.join(timeout=0.3)
    remover.join()
    assert len(refused) == 1
    with transaction() as session:
        assert session.exec(select(UserUnit.unit_id)).one() == unit
