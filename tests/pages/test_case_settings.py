"""The settings of cases, and business hours: the desk's on Settings, a team's under People."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Team, User
from pages import _door
from services import calendars, desk, settings
from services.access import SHELL, Forbidden
from services.domain.sla import Calendar, standard
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
TOKYO = {"zone": "Asia/Tokyo", "hours": {"mon": [["10:00", "18:00"]]}, "holidays": ["2026-07-20"]}
USUAL = "Monday to Friday, 9 to 17, in the reporting time zone"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture
def admin() -> User:
    with transaction() as session:
        return make.user(session, "admin")


@pytest.fixture
def team() -> Team:
    with transaction() as session:
        return make.team(session, "North")


def on_settings(user: User) -> AppTest:
    at = open_page(user, "desk_settings.py")
    assert not at.exception
    return at


def on_team(user: User, team: Team) -> AppTest:
    at = open_page(user, "people.py")
    at.session_state["tab"] = "Teams"
    at.run()
    at.selectbox(key="team_id").set_value(team.id)
    at.run()
    assert not at.exception
    return at


def kept(key: str) -> Any:
    with transaction() as session:
        return settings.get(session, key)


def hours_of(team: Team | None) -> Calendar:
    with transaction() as session:
        return calendars.calendar_of(session, team and team.id)


def labelled(found: Any, label: str) -> Any:
    return next(element for element in found if element.label == label)


def choose(at: AppTest, whose: str) -> AppTest:
    labelled(at.radio, "Which hours").set_value(whose)
    return at.run()


def type_in(at: AppTest, **texts: str) -> None:
    for label, text in texts.items():
        labelled(at.text_input, label).set_value(text)


def save(at: AppTest) -> AppTest:
    labelled(at.button, "Save the hours").click()
    at.run()
    assert not at.exception
    return at


def promises(at: AppTest) -> list[str]:
    return [text.value for text in at.caption if text.value.startswith("An answer that came in")]


# --- promises and what opens a case


def test_the_promises_have_their_defaults(admin: User) -> None:
    at = on_settings(admin)
    numbers = {box.key: box.value for box in at.number_input if box.key.startswith("set_")}
    assert numbers == {
        "set_first_contact_hours": 24, "set_close_days": 5, "set_case_age_days": 30,
        "set_warn_hours": 4, "set_undo_seconds": 30,
        "set_escalate_hours": 16, "set_ask_any_days": 90, "set_ask_same_days": 365,
        "set_auto_gap_days": 7,
    }  # fmt: skip
    assert at.toggle(key="set_csat_opens_cases").value is True
    assert at.toggle(key="set_ces_opens_cases").value is True
    assert labelled(at.radio, "Which hours").value == USUAL


@pytest.mark.parametrize(
    ("key", "value"),
    [("first_contact_hours", 8.5), ("close_days", 3), ("case_age_days", 60)],
)  # fmt: skip
def test_a_number_is_kept(admin: User, key: str, value: float) -> None:
    at = on_settings(admin)
    at.number_input(key=f"set_{key}").set_value(value)
    at.run()
    assert kept(key) == value
    assert at.number_input(key=f"set_{key}").value == value
    assert [toast.value for toast in at.toast] == ["Saved."]


def test_an_emptied_number_is_refused_and_the_old_one_stays(admin: User) -> None:
    at = on_settings(admin)
    at.number_input(key="set_close_days").set_value(None)
    at.run()
    assert not at.exception
    assert kept("close_days") == 5


def test_the_switches_are_kept(admin: User) -> None:
    at = on_settings(admin)
    at.toggle(key="set_ces_opens_cases").set_value(False)
    at.run()
    assert (kept("csat_opens_cases"), kept("ces_opens_cases")) == (True, False)


# --- the desk's hours


def test_a_sentence_proves_the_hours_and_the_promises(admin: User) -> None:
    at = on_settings(admin)
    assert promises(at) == [
        "An answer that came in now would be due for first contact on Thu 18 Jun, 12:00, and for "
        "closing on Mon 22 Jun, 12:00 (UTC)."
    ]
    at.number_input(key="set_first_contact_hours").set_value(2.0)
    at.run()
    assert "first contact on Mon 15 Jun, 14:00" in promises(at)[0]


def test_the_desks_own_hours_are_typed_and_saved(admin: User) -> None:
    at = choose(on_settings(admin), "Own hours")
    assert labelled(at.text_input, "Monday").value == "09:00-17:00"
    assert labelled(at.text_input, "Sunday").value == ""
    type_in(at, Monday="9-12:30, 13:30-17", Friday="")
    labelled(at.selectbox, "Time zone").set_value("Europe/Berlin")
    save(at)
    assert kept("business_hours")["zone"] == "Europe/Berlin"
    assert kept("business_hours")["hours"]["mon"] == [["09:00", "12:30"], ["13:30", "17:00"]]
    assert list(kept("business_hours")["hours"]) == ["mon", "tue", "wed", "thu"]
    assert labelled(at.text_input, "Monday").value == "09:00-12:30, 13:30-17:00"
    assert promises(at)[0].endswith("(Europe/Berlin).")
    save(choose(at, USUAL))
    assert (kept("business_hours"), hours_of(None)) == ({}, standard("UTC"))


def test_refused_hours_say_why_and_what_was_typed_stays(admin: User) -> None:
    at = choose(on_settings(admin), "Own hours")
    type_in(at, Tuesday="9 to five ![x](http://evil.example)")
    save(at)
    assert [error.value for error in at.error] == [
        "Tuesday: hours are written as 09:00-12:30, 13:30-17:00. Nothing was changed."
    ]
    assert labelled(at.text_input, "Tuesday").value == "9 to five ![x](http://evil.example)"
    assert kept("business_hours") == {}
    type_in(at, Tuesday="9-17")
    save(at)
    assert (len(at.error), hours_of(None)) == (0, standard("UTC"))


def test_boxes_stay_the_same_with_what_is_typed_when_something_else_changes(admin: User) -> None:
    """A browser keeps what was typed into a form as long as its boxes keep their identity."""
    at = choose(on_settings(admin), "Own hours")
    before = [box.proto.id for box in at.text_input]
    with transaction() as session:
        desk.change(session, SHELL, "close_days", 9, now=NOW)
    at.run()
    assert [box.proto.id for box in at.text_input] == before


# --- a team's hours


def test_a_team_works_as_the_desk_until_it_has_hours_of_its_own(admin: User, team: Team) -> None:
    at = on_team(admin, team)
    assert labelled(at.radio, "Which hours").value == "As the desk"
    assert promises(at)[0].endswith("(UTC).")
    choose(at, "Own hours")
    type_in(at, Friday="9-15")
    labelled(at.selectbox, "Time zone").set_value("Asia/Kolkata")
    labelled(at.text_area, "Holidays, one a line").set_value("2026-12-25\n2026-06-16")
    save(at)
    found = hours_of(team)
    assert (found.zone, len(found.holidays)) == ("Asia/Kolkata", 2)
    assert calendars.to_text(found.week[4]) == "09:00-15:00"
    assert hours_of(None) == standard("UTC")
    assert labelled(at.text_area, "Holidays, one a line").value == "2026-06-16\n2026-12-25"
    assert promises(at)[0].endswith("(Asia/Kolkata).")


def test_a_team_goes_back_to_the_desks_hours_only_when_that_is_saved(
    admin: User, team: Team
) -> None:
    with transaction() as session:
        calendars.set_team_calendar(session, SHELL, team.id, TOKYO, now=NOW)
    at = choose(on_team(admin, team), "As the desk")
    assert hours_of(team) == Calendar.parse(TOKYO)
    save(at)
    assert hours_of(team) == standard("UTC")
    assert not [button for button in at.button if button.label == "Save the hours"]


def test_refused_hours_of_a_team_say_why_and_what_was_typed_stays(admin: User, team: Team) -> None:
    at = choose(on_team(admin, team), "Own hours")
    labelled(at.text_area, "Holidays, one a line").set_value("2026-12-25\nEaster")
    save(at)
    said = "holiday 2 is no day; days are written as 2026-12-25. Nothing was changed."
    assert [error.value for error in at.error] == [said]
    assert labelled(at.text_area, "Holidays, one a line").value == "2026-12-25\nEaster"
    assert hours_of(team) == standard("UTC")


def test_an_admin_who_is_demoted_meanwhile_saves_nothing(admin: User, team: Team) -> None:
    at = choose(on_team(admin, team), "Own hours")
    type_in(at, Friday="9-15")
    with transaction() as session:
        make.user(session, "admin")
        session.get_one(User, admin.id).role = "csm"
    labelled(at.button, "Save the hours").click()
    at.run()
    assert hours_of(team) == standard("UTC")


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_others_may_not_change_hours(team: Team, role: str) -> None:
    with transaction() as session:
        other = make.user(session, role)
    for page in ("desk_settings.py", "people.py"):
        with pytest.raises(ValueError, match="Could not find a navigation page"):
            open_page(other, page)
    with transaction() as session, pytest.raises(Forbidden):
        calendars.set_team_calendar(session, make.actor(role), team.id, TOKYO, now=NOW)
    with transaction() as session, pytest.raises(Forbidden):
        desk.change(session, make.actor(role), "business_hours", TOKYO, now=NOW)
