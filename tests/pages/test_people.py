"""The page of people, teams, units and API keys."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import ApiKey, OneTimeLink, Team, Unit, User, UserSession
from pages import _door
from services import keys, people, sessions
from services.access import SHELL, Forbidden
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
HOSTILE = "Eve **b** ![x](http://evil.example/x.png) [l](http://evil.example) $x$ <img src=x>"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture
def admin() -> User:
    with transaction() as session:
        return make.user(session, "admin", name="Ada", password_hash="x")


def opened(admin: User, tab: str = "People") -> AppTest:
    at = open_page(admin, "people.py")
    at.session_state["tab"] = tab
    at.run()
    assert not at.exception
    return at


def labelled(found: Any, label: str) -> Any:
    return next(element for element in found if element.label == label)


def click(at: AppTest, label: str) -> AppTest:
    labelled(at.button, label).click()
    at.run()
    assert not at.exception
    return at


def chosen(at: AppTest, key: str, row_id: int | None) -> AppTest:
    at.selectbox(key=key).set_value(row_id)
    return at.run()


def get_user(user_id: int | None) -> User:
    with transaction() as session:
        return session.get_one(User, user_id)


def test_everybody_is_listed_with_role_state_team_and_units(admin: User) -> None:
    with transaction() as session:
        team, unit = make.team(session, "North"), make.unit(session)
        people.add_user(
            session, SHELL, name="Zoe", email="zoe@example.com", role="csm", team_id=team.id,
            units=[unit.id], now=NOW,
        )  # fmt: skip
    table = opened(admin).dataframe[0].value
    assert list(table["name"]) == ["Ada", "Zoe"]
    assert list(table["state"]) == ["active", "invited"]
    assert list(table["role"]) == ["Admin", "CSM"]
    assert list(table["team"]) == ["", "North"]
    assert list(table["units"]) == ["", "EMEA"]


def test_an_added_person_gets_a_link_that_is_shown_until_it_is_copied(admin: User) -> None:
    at = opened(admin)
    at.text_input(key="new_0_name").set_value("Mia")
    at.text_input(key="new_0_email").set_value("mia@example.com")
    click(at, "Add and make an invitation")
    link = at.code[0].value
    assert "/auth/reset?token=" in link
    with transaction() as session:
        kept = session.exec(select(OneTimeLink)).one()
        assert kept.token_hash == sessions.token_hash(link.partition("token=")[2])
        assert session.exec(select(User.role).where(User.name == "Mia")).one() == "csm"
    assert at.text_input(key="new_1_name").value == ""
    click(at, "I have copied it")
    assert len(at.code) == 0


def test_a_refused_person_is_said_why_and_what_was_typed_stays(admin: User) -> None:
    at = opened(admin)
    at.text_input(key="new_0_name").set_value("Mia")
    at.text_input(key="new_0_email").set_value("mia")
    click(at, "Add and make an invitation")
    assert at.error[0].value.startswith("This is no e-mail address")
    assert at.text_input(key="new_0_name").value == "Mia"
    assert len(at.code) == 0


def test_saving_changes_what_was_changed_and_keeps_what_others_changed(admin: User) -> None:
    with transaction() as session:
        user_id = make.user(session, "csm", name="Zoe", capacity=5).id
    at = chosen(opened(admin), "person_id", user_id)
    with transaction() as session:  # somebody else, while the form is open
        people.change(session, SHELL, user_id, capacity=9, now=NOW)
    labelled(at.selectbox, "Role").set_value("manager")
    click(at, "Save")
    assert (get_user(user_id).role, get_user(user_id).capacity) == ("manager", 9)
    assert [toast.value for toast in at.toast] == ["Saved."]


def test_an_absence_ends_when_the_day_begins_in_the_desks_zone(admin: User) -> None:
    with transaction() as session:
        user_id = make.user(session, "csm", name="Zoe").id
    at = chosen(opened(admin), "person_id", user_id)
    day = NOW.date() + timedelta(days=3)
    labelled(at.date_input, "Away; back at work on").set_value(day)
    click(at, "Save")
    assert get_user(user_id).absent_until == NOW.replace(hour=0) + timedelta(days=3)
    assert list(at.dataframe[0].value["state"]) == ["active", "invited"]


def test_disabling_and_enabling_are_one_click_each(admin: User) -> None:
    with transaction() as session:
        user_id = make.user(session, "csm", name="Zoe").id
    at = chosen(opened(admin), "person_id", user_id)
    click(at, "Disable this person")
    assert get_user(user_id).disabled_at == NOW
    click(at, "Enable")
    assert get_user(user_id).disabled_at is None


def test_the_last_admin_is_told_why_they_stay(admin: User) -> None:
    at = chosen(opened(admin), "person_id", admin.id)
    click(at, "Disable this person")
    assert "ask another admin" in at.error[0].value
    labelled(at.selectbox, "Role").set_value("csm")
    click(at, "Save")
    assert "last admin" in at.error[0].value
    assert get_user(admin.id).role == "admin"


def test_an_admin_makes_a_password_link_and_signs_somebody_out(admin: User) -> None:
    with transaction() as session:
        user_id = make.user(session, "csm", name="Zoe").id
        for agent in ("Firefox Linux", "<b>odd</b>"):
            sessions.begin(session, user_id, now=NOW, agent=agent)
    at = chosen(opened(admin), "person_id", user_id)
    assert {"Firefox on Linux", "<b>odd</b>"} <= {text.value for text in at.text}
    click(at, "Sign out everywhere")
    with transaction() as session:
        left = select(UserSession.user_id).distinct()
        assert session.exec(left).all() == [admin.id]
    click(at, "Make the link")
    assert "/auth/reset?token=" in at.code[0].value


def test_the_chosen_person_stays_chosen_when_rows_move(admin: User) -> None:
    """Streamlit keeps row positions; here the table is a new one when its rows are others."""
    with transaction() as session:
        user_id = make.user(session, "csm", name="Zoe").id
    at = chosen(opened(admin), "person_id", user_id)
    before = at.dataframe[0].proto.id
    with transaction() as session:
        make.user(session, "csm", name="Ben")
    at.run()
    assert at.selectbox(key="person_id").value == user_id
    assert labelled(at.text_input, "Name").value == "Zoe"
    assert at.dataframe[0].proto.id != before


def test_names_are_never_markup(admin: User) -> None:
    with transaction() as session:
        user = make.user(session, "csm", name=HOSTILE)
        make.team(session, HOSTILE[:40], lead_id=user.id)
        make.unit(session, HOSTILE[:40])
        keys.add_key(session, SHELL, name=HOSTILE[:40], scopes=["ingest"], now=NOW)
    for tab, key, row in (
        ("People", "person_id", user.id), ("Teams", "team_id", 1), ("Units", "unit_id", 1),
        ("API keys", "api_key_id", 1),
    ):  # fmt: skip
        at = chosen(opened(admin, tab), key, row)
        assert not at.exception
        marked = [*at.markdown, *at.caption, *at.error, *at.toast, *at.subheader, *at.title]
        assert not any("evil" in element.value for element in marked)
        labels = [*at.button, *at.selectbox, *at.text_input, *at.multiselect, *at.expander]
        assert not any("evil" in element.label for element in labels)


def test_a_team_says_how_its_cases_go_round_and_who_else_hears_of_them(admin: User) -> None:
    with transaction() as session:
        team = make.team(session)
        boss = make.user(session, "manager", name="Boss")
    at = chosen(opened(admin, "Teams"), "team_id", team.id)
    labelled(at.selectbox, "Hears of broken promises that the lead leaves").set_value(boss.id).run()
    labelled(at.toggle, "Give new cases to its people in turn").set_value(True).run()
    idle = "Business hours without work until a case goes back to the team"
    labelled(at.number_input, idle).set_value(16).run()
    assert not at.exception
    with transaction() as session:
        kept = session.get_one(Team, team.id)
        assert (kept.manager_id, kept.round_robin, kept.idle_hours) == (boss.id, True, 16)


def test_teams_are_added_led_renamed_and_removed(admin: User) -> None:
    at = opened(admin, "Teams")
    assert at.main.text[0].value.startswith("No teams yet")
    at.text_input(key="new_team").set_value("North")
    click(at, "Add")
    assert list(at.dataframe[0].value["label"]) == ["North"]
    chosen(at, "team_id", 1)
    labelled(at.selectbox, "Lead").set_value(admin.id)
    at.run()
    assert list(at.dataframe[0].value["lead"]) == ["Ada"]
    labelled(at.text_input, "Name").set_value("South")
    click(at, "Rename")
    assert list(at.dataframe[0].value["label"]) == ["South"]
    click(at, "Remove")
    with transaction() as session:
        assert session.exec(select(Team)).all() == []


def test_a_unit_in_use_stays_and_the_page_says_why(admin: User) -> None:
    with transaction() as session:
        unit = make.unit(session)
        make.account(session, unit_id=unit.id)
    at = chosen(opened(admin, "Units"), "unit_id", unit.id)
    click(at, "Remove")
    assert at.error[0].value == "This unit stays: it still has accounts."
    with transaction() as session:
        assert session.exec(select(Unit.name)).all() == ["EMEA"]


def test_a_key_is_shown_once_and_revoked(admin: User) -> None:
    at = opened(admin, "API keys")
    assert at.main.text[0].value.startswith("No keys yet")
    at.text_input(key="new_key").set_value("Shop")
    click(at, "Make a key")
    secret = at.code[0].value
    with transaction() as session:
        assert keys.check(session, secret, "ingest", NOW) is not None
    click(at, "I have copied it")
    chosen(at, "api_key_id", 1)
    click(at, "Revoke this key")
    assert list(at.dataframe[0].value["state"]) == ["revoked"]
    with transaction() as session:
        assert keys.check(session, secret, "ingest", NOW) is None
        assert session.exec(select(ApiKey.revoked_at)).one() == NOW


def test_what_a_key_may_is_chosen_and_shown_in_words(admin: User) -> None:
    at = opened(admin, "API keys")
    scopes = at.pills(key="new_key_scopes")
    assert scopes.value == ["ingest"]
    scopes.set_value(["cases:read", "cases:write"])
    at.text_input(key="new_key").set_value("Sync")
    click(at, "Make a key")
    assert list(at.dataframe[0].value["may"]) == ["Read cases, Work on cases"]
    with transaction() as session:
        assert session.exec(select(ApiKey.scopes)).one() == ["cases:read", "cases:write"]
    assert at.pills(key="new_key_scopes").value == ["ingest"]
    at.pills(key="new_key_scopes").set_value([])
    at.text_input(key="new_key").set_value("Nothing")
    click(at, "Make a key")
    assert "no key was made" in at.error[0].value


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_others_have_no_such_page_and_no_such_verb(admin: User, role: str) -> None:
    with transaction() as session:
        other = make.user(session, role)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(other, "people.py")
    with transaction() as session, pytest.raises(Forbidden):
        people.disable(session, make.actor(role), admin.id, now=NOW)


def test_an_admin_who_is_demoted_meanwhile_can_do_nothing_more(admin: User) -> None:
    with transaction() as session:
        other = make.user(session, "admin")
    at = chosen(opened(admin), "person_id", other.id)
    with transaction() as session:
        people.change(session, SHELL, admin.id, role="csm", now=NOW)
    labelled(at.button, "Disable this person").click()
    at.run()
    assert get_user(other.id).disabled_at is None
