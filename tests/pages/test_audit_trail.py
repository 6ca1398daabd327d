"""The page of the audit trail."""

from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User
from pages import _door
from services import audit, people, settings, trail
from services.access import Forbidden, actor_for
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture
def manager() -> User:
    with transaction() as session:
        return make.user(session, "manager", name="Mo")


def opened(user: User) -> AppTest:
    at = open_page(user, "audit_trail.py")
    assert not at.exception
    return at


def told(at: AppTest) -> list[str]:
    return list(at.dataframe[0].value["what"])


def click(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    return at.run()


def fill(n: int) -> None:
    with transaction() as session:
        for k in range(n):
            at = NOW - timedelta(days=1, minutes=k)
            audit.record(session, None, "key.revoke", now=at, entity="api_key", entity_id=k)


def test_lines_are_sentences_newest_first(manager: User) -> None:
    with transaction() as session:
        mia = make.user(session, "admin", name="Mia Keller")
        tom = make.user(session)
        people.disable(session, actor_for(session, mia), tom.id, now=NOW)
    at = opened(manager)
    assert told(at)[1] == f"Mia Keller disabled user {tom.id} (sessions ended 0)"
    assert told(at)[0].startswith("Mo signed in")


def test_older_pages_follow_without_gap_and_newest_comes_back(manager: User) -> None:
    fill(230)
    at = opened(manager)
    seen = told(at)
    while not next(b for b in at.button if b.label == "Older").disabled:
        seen += told(click(at, "Older"))
    assert len(seen) == len(set(seen)) == 231
    assert told(click(at, "Newest"))[0].startswith("Mo signed in")


def test_the_trail_is_narrowed_by_verb_person_and_days(manager: User) -> None:
    fill(3)
    at = opened(manager)
    at.selectbox(key="verb").set_value("key.revoke")
    assert len(told(at.run())) == 3
    at.selectbox(key="verb").set_value(None)
    at.selectbox(key="person").set_value(manager.id)
    assert len(told(at.run())) == 1
    at.selectbox(key="person").set_value(0)
    at.date_input(key="audit_days").set_value((NOW.date() - timedelta(days=1),) * 2)
    assert len(told(at.run())) == 3
    at.date_input(key="audit_days").set_value((date(2020, 1, 1), date(2020, 1, 2)))
    at.run()
    assert len(at.dataframe) == 0
    assert at.main.text[0].value.startswith("Nothing here")


def test_narrowing_begins_again_with_the_newest(manager: User) -> None:
    fill(150)
    at = click(opened(manager), "Older")
    assert len(told(at)) == 51
    at.selectbox(key="verb").set_value("key.revoke")
    assert len(told(at.run())) == 100


def test_times_are_those_of_the_reporting_zone(manager: User) -> None:
    with transaction() as session:
        settings.put(session, "reporting_zone", "Asia/Tokyo", actor_id=None, now=NOW)
    at = opened(manager)
    assert at.dataframe[0].value["at"].iloc[0].hour == 21
    assert any("Asia/Tokyo" in caption.value for caption in at.caption)


def test_the_export_is_safe_in_a_spreadsheet_and_audited(manager: User) -> None:
    with transaction() as session:
        evil = make.user(session, "admin", name="=HYPERLINK(1)")
        audit.record(session, evil.id, "key.revoke", now=NOW, entity="api_key", entity_id=1)
        found = trail.export(session, make.actor("manager"), trail.Wanted(), now=NOW)
        text = "".join(trail.as_csv(found))
    assert text.splitlines()[0] == "id,at,who,what,verb,entity,entity_id,data"
    assert ",'=HYPERLINK(1),'=HYPERLINK(1) revoked API key 1," in text
    assert told(opened(manager))[1].startswith("the desk exported the audit trail")


@pytest.mark.parametrize("role", ["csm", "support"])
def test_others_have_no_such_page_and_no_such_verb(role: str) -> None:
    with transaction() as session:
        other = make.user(session, role)
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        open_page(other, "audit_trail.py")
    with transaction() as session, pytest.raises(Forbidden):
        trail.lines(session, make.actor(role), trail.Wanted())
