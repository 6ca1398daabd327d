"""The page of retention: what each rule would do, a typed word to switch it on, and the report."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import RetentionRun, User
from pages import _door
from services.retention import choosing
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")
EVIL = "![pixel](https://evil.example/p.gif)"
OLD = NOW - timedelta(days=5 * 365)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


@pytest.fixture
def admin() -> User:
    with transaction() as session:
        return make.user(session, "admin", name=f"Ada {EVIL}")


def click(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    at.run()
    assert not at.exception
    return at


def texts(at: AppTest) -> str:
    return " ".join(str(text.value) for text in at.main.text)


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_only_an_admin_has_the_page(role: str) -> None:
    with transaction() as session:
        user = make.user(session, role)
    with pytest.raises(ValueError, match="navigation page"):
        open_page(user, "retention.py")


def test_an_empty_desk_says_that_all_is_off_and_nothing_was_removed(admin: User) -> None:
    at = open_page(admin, "retention.py")
    assert not at.exception and at.title[0].value == "Retention"
    assert sum(head.value.endswith("(off)") for head in at.header) == 6
    assert "Nothing yet." in texts(at)
    click(at, "ask_comments")
    assert "It would remove now: 0 comments." in texts(at)


def test_it_counts_for_the_months_that_are_entered_and_takes_the_word(admin: User) -> None:
    with transaction() as session:
        asked = make.survey(session, name=f"Survey {EVIL}")
        for at_ in (OLD, NOW - timedelta(days=300)):
            make.response(session, 9, survey=asked, comment="words", answered_at=at_)
    at = click(open_page(admin, "retention.py"), "ask_comments")
    assert "1 comments, the oldest of 16 Jun 2021" in texts(at)
    at.number_input(key="months_comments").set_value(6).run()
    assert "2 comments" in texts(at)
    assert at.dataframe[0].value.to_dict("records") == [{"Survey": f"Survey {EVIL}", "Comments": 2}]
    click(at, "on_comments")
    assert "Type REMOVE" in at.error[0].value
    at.text_input(key="word_comments").set_value("REMOVE")
    click(at, "on_comments")
    with transaction() as session:
        assert choosing.chosen(session, make.actor()) == {"comments": 6}
    assert "Comments of answers (on: after 6 months)" in [head.value for head in at.header]
    click(at, "ask_comments")
    click(at, "off_comments")
    with transaction() as session:
        assert choosing.chosen(session, make.actor()) == {}
    assert EVIL not in marked_up(at).replace(admin.name, "")


def test_people_who_would_be_erased_are_listed_as_cells(admin: User) -> None:
    with transaction() as session:
        make.contact(session, "x@example.com", name=f"Dana {EVIL}", created_at=OLD)
    at = click(open_page(admin, "retention.py"), "ask_contacts")
    assert at.dataframe[0].value.to_dict("records") == [{"Person": f"Dana {EVIL}", "Company": ""}]


def test_somebody_is_put_on_hold_and_released(admin: User) -> None:
    with transaction() as session:
        make.contact(session, "x@example.com", name=f"Dana {EVIL}")
    at = open_page(admin, "retention.py")
    assert "Nobody is on hold." in texts(at)
    at.text_input(key="hold_who").set_value("X@example.com")
    click(at, "hold_save")
    assert "A reason has" in at.error[0].value
    at.text_input(key="hold_reason").set_value("court case 7")
    click(at, "hold_save")
    assert f"A person: Dana {EVIL}\ncourt case 7" in texts(at) and "Dana" not in marked_up(at)
    click(at, "release_contact_1")
    assert "Nobody is on hold." in texts(at)


def test_the_report_names_what_was_removed_and_by_whom(admin: User) -> None:
    with transaction() as session:
        session.add(RetentionRun(
            rule="messages", months=24, actor_id=admin.id, started_at=NOW,
            ended_at=NOW + timedelta(seconds=75), counts={"messages": 1200, "drafts": 2},
        ))  # fmt: skip
    at = open_page(admin, "retention.py")
    (row,) = at.dataframe[0].value.to_dict("records")
    assert row["Removed"] == "1,200 messages and notes, 2 cases with drafts"
    assert (row["Took"], row["Older than"], row["By"]) == ("75 s", "24 months", admin.name)
    assert [one.proto.label for one in at.get("download_button")] == ["Download as CSV"]
