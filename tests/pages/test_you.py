"""The page of one's own account."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import SignInFailure, User, UserSession
from pages import _door
from services import notices, passwords, sessions
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
OLD, NEW = "correct horse battery", "a longer staple here"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture(params=["admin", "manager", "csm", "support"])
def anybody(request: pytest.FixtureRequest) -> User:
    with transaction() as session:
        return make.user(session, request.param, name="Mia")


@pytest.fixture
def mia() -> User:
    with transaction() as session:
        return make.user(session, "support", name="Mia", password_hash=passwords.hashed(OLD))


def click(at: AppTest, label: str) -> AppTest:
    next(button for button in at.main.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def again(user: User) -> User:
    with transaction() as session:
        return session.get_one(User, user.id)


def passwords_typed(at: AppTest, current: str, new: str, repeated: str) -> AppTest:
    for name, text in (("current", current), ("new", new), ("again", repeated)):
        at.text_input(key=f"you_{name}").set_value(text)
    return click(at, "Change the password")


def test_everybody_has_an_account_page(anybody: User) -> None:
    at = open_page(anybody, "you.py")
    assert not at.exception
    assert at.title[0].value == "Your account"
    at.text_input(key="you_name").set_value("Mia K")
    at.selectbox(key="you_zone").set_value("Asia/Tokyo")
    click(at, "Save")
    assert (again(anybody).name, again(anybody).time_zone) == ("Mia K", "Asia/Tokyo")
    assert again(anybody).role == anybody.role


def test_a_new_password_needs_the_current_one_and_ends_other_sessions(mia: User) -> None:
    with transaction() as session:
        sessions.begin(session, mia.id, now=NOW, agent="Firefox Android")
    at = open_page(mia, "you.py")
    assert "Firefox on Android" in [text.value for text in at.main.text]
    passwords_typed(at, OLD, NEW, NEW)
    assert passwords.right(again(mia).password_hash, NEW)
    with transaction() as session:
        assert len(session.exec(select(UserSession)).all()) == 1
    assert at.title[0].value == "Your account"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("wrong", NEW, NEW), "not your current password"),
        ((OLD, NEW, NEW + "x"), "differ"),
        ((OLD, "short", "short"), "10 to 200"),
    ],
)
def test_a_refused_password_is_said_and_counted(
    mia: User, typed: tuple[str, str, str], said: str
) -> None:
    at = passwords_typed(open_page(mia, "you.py"), *typed)
    assert said in at.error[0].value
    assert passwords.right(again(mia).password_hash, OLD)
    with transaction() as session:
        assert len(session.exec(select(SignInFailure)).all()) == 1


def test_guessing_ones_password_locks_after_five(mia: User) -> None:
    at = open_page(mia, "you.py")
    for _ in range(5):
        passwords_typed(at, "wrong", NEW, NEW)
    passwords_typed(at, OLD, NEW, NEW)
    assert "Too many attempts" in at.error[0].value
    assert passwords.right(again(mia).password_hash, OLD)


def test_one_signs_out_elsewhere_and_stays_here(mia: User) -> None:
    with transaction() as session:
        sessions.begin(session, mia.id, now=NOW)
    at = open_page(mia, "you.py")
    click(at, "Sign out everywhere else")
    with transaction() as session:
        assert len(session.exec(select(UserSession)).all()) == 1
    assert any("This browser" in caption.value for caption in at.caption)


def test_everybody_chooses_what_they_hear_of_and_how(anybody: User) -> None:
    at = open_page(anybody, "you.py")
    at.button_group(key="notice_way").set_value("slack")
    at.button_group(key="notice_when").set_value("daily")
    at.selectbox(key="notice_hour").set_value(9)
    at.checkbox(key="notice_due").set_value(False)
    click(at, "Save the choice")
    wanted = notices.wishes(again(anybody))
    assert (wanted["way"], wanted["when"], wanted["hour"]) == ("slack", "daily", 9)
    assert "due" not in wanted["kinds"] and "assigned" in wanted["kinds"]
    assert ("vendor" in wanted["kinds"]) is (anybody.role == "admin")
    assert any("Slack is not connected" in caption.value for caption in at.caption)


def test_nobody_is_told_anything_before_they_ask_for_it(mia: User) -> None:
    at = open_page(mia, "you.py")
    assert at.button_group(key="notice_way").value == "off"
    assert not [box for box in at.checkbox if box.key == "notice_vendor"]


def test_one_says_that_one_is_away_and_how_much_one_can_have(anybody: User) -> None:
    at = open_page(anybody, "you.py")
    at.date_input[0].set_value(date(2026, 6, 22))
    at.number_input[0].set_value(12)
    click(at, "Save your work")
    user = again(anybody)
    assert user.absent_until == datetime(2026, 6, 22, tzinfo=UTC)
    assert (user.absent_since, user.capacity) == (NOW, 12)
    at.date_input[0].set_value(None)
    click(at, "Save your work")
    assert again(anybody).absent_until is None is again(anybody).absent_since
