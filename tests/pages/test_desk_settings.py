"""The page of settings."""

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User
from pages import _door
from services import desk, settings
from services.access import SHELL, Forbidden
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
HOSTILE = "Ada ![x](http://evil.example/x.png)"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture
def admin() -> User:
    with transaction() as session:
        return make.user(session, "admin", name=HOSTILE)


def opened(user: User) -> AppTest:
    at = open_page(user, "desk_settings.py")
    assert not at.exception
    return at


def texts(at: AppTest) -> list[str]:
    return [text.value for text in at.main.text]


def kept(key: str) -> object:
    with transaction() as session:
        return settings.get(session, key)


def test_a_new_desk_has_its_defaults_and_says_nothing_of_changes(admin: User) -> None:
    at = opened(admin)
    assert at.text_input(key="set_desk_name").value == "Loopdesk"
    assert texts(at) == []


def test_what_opens_a_case_is_said_without_leaning_on_the_switch_above(admin: User) -> None:
    told = [caption.value for caption in opened(admin).caption]
    assert any(one.startswith("A detractor's NPS answer opens a case") for one in told)


def test_the_zone_is_previewed_with_the_time_it_is_there(admin: User) -> None:
    at = opened(admin)
    at.selectbox(key="set_reporting_zone").set_value("Asia/Tokyo")
    at.run()
    assert kept("reporting_zone") == "Asia/Tokyo"
    assert any("Monday 15 June 2026, 21:00" in caption.value for caption in at.caption)


def test_a_change_says_who_made_it_and_when_as_plain_text(admin: User) -> None:
    at = opened(admin)
    at.text_input(key="set_desk_name").set_value("Acme voice")
    at.run()
    assert kept("desk_name") == "Acme voice"
    assert f"Changed by {HOSTILE} on 15 Jun 2026, 12:00" in texts(at)
    assert not any("evil" in element.value for element in [*at.caption, *at.markdown])


def test_a_refused_name_keeps_the_old_one(admin: User) -> None:
    at = opened(admin)
    at.text_input(key="set_desk_name").set_value("   ")
    at.run()
    assert at.error[0].value == "the desk's name has 1 to 60 characters. Nothing was changed."
    assert kept("desk_name") == "Loopdesk"


def test_the_switches_are_kept(admin: User) -> None:
    at = opened(admin)
    at.toggle(key="set_csm_sees_all_units").set_value(False)
    at.run()
    assert (kept("csm_sees_all_units"), kept("support_sees_all_units")) == (False, True)
    assert [toast.value for toast in at.toast] == ["Saved."]


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_others_have_no_such_page_and_no_such_verb(role: str) -> None:
    with transaction() as session:
        other = make.user(session, role)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(other, "desk_settings.py")
    with transaction() as session, pytest.raises(Forbidden):
        desk.change(session, make.actor(role), "desk_name", "X", now=NOW)


def test_somebody_elses_change_is_seen_at_the_next_run(admin: User) -> None:
    at = opened(admin)
    with transaction() as session:
        desk.change(session, SHELL, "support_sees_all_units", False, now=NOW)
    at.run()
    assert "Changed by the desk on 15 Jun 2026, 12:00" in texts(at)


def test_hosts_of_ones_own_network_are_kept_one_a_line(admin: User) -> None:
    at = opened(admin)
    box = next(area for area in at.text_area if "own network" in area.label)
    box.set_value("Mail.Intern\n\n10.0.0.5:8080").run()
    assert kept("outgoing_allow") == ["10.0.0.5:8080", "mail.intern"]
    box = next(area for area in at.text_area if "own network" in area.label)
    assert box.value == "10.0.0.5:8080\nmail.intern"
    box.set_value("http://mail.intern/").run()
    assert "is no host" in str([*at.error, *texts(at)])
    assert kept("outgoing_allow") == ["10.0.0.5:8080", "mail.intern"]
    at.number_input(key="set_undo_seconds").set_value(0).run()
    assert kept("undo_seconds") == 0
