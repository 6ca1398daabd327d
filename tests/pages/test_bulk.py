"""The bar over the queue: what is picked, what an act would do to it, doing it, taking it back."""

from datetime import UTC, datetime

import pytest
from sqlmodel import Session, col, select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, CaseTag, Delivery, Integration, Tag, Template, User
from services.access import actor_for
from services.cases import tagging, verbs
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, notices, open_page, said_last
from tests.pages.test_case_queue import rows, said
from tests.pages.test_trends import EVIL, clock, parts

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def max_() -> User:
    """A manager, with four cases; nobody may write to the person of the last."""
    with transaction() as session:
        boss = make.user(session, "manager", name="Max Boss")
        for n in range(4):
            who = make.contact(session, f"d{n}@example.com", name=EVIL if n == 1 else f"Dana D{n}x")
            make.case(session, 3, contact_id=who.id)
            who.do_not_contact = n == 3
        session.add(
            Integration(name="email", connected_at=NOW, config={"from_address": "a@desk.example"})
        )
        session.add(Template(name="Sorry", language="en", body="Dear customer", shared=True))
        return boss


def picking(user: User, *numbers: int, act: str = "") -> AppTest:
    """The queue with these picked, and the dialog of an act open."""
    at = open_page(user, "case_queue.py", {"view": "open"})
    at.session_state["picked"] = dict.fromkeys(numbers, True)
    at.run()
    return at.button(key=f"bulk_{act}").click().run() if act else at


def all_cases() -> list[Case]:
    with transaction() as session:
        return list(session.exec(select(Case).order_by(col(Case.number))))


def owners() -> list[int | None]:
    return [case.assignee_id for case in all_cases()]


def keys(at: AppTest) -> set[str]:
    return {str(button.key) for button in at.button if str(button.key).startswith("bulk_")}


def test_the_bar_is_there_once_something_is_picked(max_: User) -> None:
    at = open_page(max_, "case_queue.py", {"view": "open"})
    assert keys(at) == set() and [row["picked"] for row in rows(at)] == [False] * 4
    at = picking(max_, 1, 3)
    assert "2 picked" in said(at)
    assert {row["number"]: row["picked"] for row in rows(at)} == {
        1: True, 2: False, 3: True, 4: False,
    }  # fmt: skip
    at.button(key="bulk_here").click().run()
    assert "4 picked" in said(at)
    at.segmented_control(key="f_view").select("waiting").run()
    assert keys(at) == set()  # another list is another choice


@pytest.mark.usefixtures("sqlite_desk", "max_")
def test_who_may_not_act_on_many_picks_nothing() -> None:
    with transaction() as session:
        bob = make.user(session, "support")
    at = picking(bob, 1, 3)
    assert keys(at) == set() and parts(at, "queue")[0]["picks"] is False


def test_cases_are_given_away_together_and_taken_back_together(max_: User) -> None:
    at = picking(max_, 1, 2, 3, act="Assign")
    assert not at.exception
    with transaction() as session:  # between the picking and the preview
        verbs.assign(session, actor_for(session, max_), 3, to=max_.id, version=1, now=NOW)
    at.selectbox(key="bulk_to").select(("person", max_.id)).run()
    assert "2 of 3 cases. Left out: 1 x It is assigned like this already." in said(at)
    left, fine = parts(at, "table")
    assert [row["cells"] for row in left["rows"]] == [
        ["3", "Dana D2x", "It is assigned like this already."]
    ]
    assert [row["cells"][0] for row in fine["rows"]] == ["1", "2"]
    assert "tracker" not in marked_up(at)
    with transaction() as session:  # between the preview and the press
        verbs.note(session, actor_for(session, max_), 2, body="hm", now=NOW)
    at.button(key="bulk_do").click().run()
    assert owners() == [max_.id, None, max_.id, None]
    assert said_last(at).startswith(
        "1 case: assigned to Max Boss. Left as they are: case 2 (Case 2"
    )
    assert notices(at)["undo"] and keys(at) == set()


def test_a_template_goes_to_those_who_may_be_written_to(max_: User) -> None:
    at = picking(max_, 1, 2, 4, act="Send a template")
    assert "bulk_do" not in keys(at)
    at.selectbox(key="bulk_template").select("Sorry").run()
    assert any("2 messages to 2 people" in text for text in said(at))
    assert "Dear customer" in said(at)
    at.button(key="bulk_do").click().run()
    assert said_last(at) == "2 cases: written to; the messages leave in 30 s."
    with transaction() as session:
        assert len(session.exec(select(Delivery)).all()) == 2


def test_a_text_that_changed_since_the_preview_is_looked_at_again(max_: User) -> None:
    at = picking(max_, 1, 2, act="Send a template")
    at.selectbox(key="bulk_template").select("Sorry").run()
    with transaction() as session:
        session.exec(select(Template)).one().body = "Dear {{contact.name}}"
    at.run()
    assert not any(text.startswith("Dear") for text in said(at))
    at.button(key="bulk_again").click().run()
    assert "Dear Dana D0x" in said(at)
    with transaction() as session:
        session.exec(select(Template)).one().body = "Hello"
    at.button(key="bulk_do").click().run()
    assert "Its text is another one than the preview showed." in said_last(at)
    with transaction() as session:
        assert session.exec(select(Delivery)).all() == []


def test_cases_are_resolved_and_tagged_together(max_: User) -> None:
    with transaction() as session:
        session.add(Tag(name="export"))
    at = picking(max_, 1, 2, act="Tag")
    at.selectbox(key="bulk_tag_True").select("export").run()
    at.button(key="bulk_do").click().run()
    assert said_last(at) == "2 cases: tagged export."
    assert [row["tags"] for row in rows(at)] == [["export"], ["export"], [], []]
    with transaction() as session:
        tag = session.exec(select(Tag.id)).one()
    at = open_page(max_, "case_queue.py", {"view": "open", "tag": str(tag)})
    assert [row["number"] for row in rows(at)] == [1, 2] and "Only tagged export" in said(at)
    at = picking(max_, 1, 2, act="Resolve")
    at.selectbox(key="bulk_outcome").select("solved").run()
    at.selectbox(key="bulk_cause").select(1).run()
    at.button(key="bulk_do").click().run()
    assert [case.status for case in all_cases()] == ["resolved", "resolved", "new", "new"]


def test_cases_sleep_and_wake_together(max_: User) -> None:
    at = picking(max_, 1, 2, act="Snooze")
    at.selectbox(key="bulk_until").select("Tomorrow, 09:00").run()
    at.button(key="bulk_do").click().run()
    assert [row["number"] for row in rows(at)] == [3, 4]
    at = picking(max_, 1, 3, act="Snooze")
    at.selectbox(key="bulk_until").select("Wake them").run()
    assert "1 of 2 cases. Left out: 1 x It is not snoozed." in said(at)


def test_cases_sleep_until_a_time_that_somebody_types(max_: User) -> None:
    at = picking(max_, 1, 2, act="Snooze")
    at.selectbox(key="bulk_until").select("Another day or time").run()
    assert "bulk_do" not in keys(at) and not at.error
    at.text_input(key="bulk_typed").set_value("3/12").run()
    assert "bulk_do" not in keys(at)
    assert at.error[0].value.startswith("Day and month cannot be told apart here: write 3 Dec, ")
    at.text_input(key="bulk_typed").set_value("14 Jun 2026").run()
    assert "0 of 2 cases. Left out: 2 x That time has passed." in said(at)
    at.text_input(key="bulk_typed").set_value("3 Dec 14:00").run()
    assert not at.error and "Asleep until Thu 03 Dec, 14:00." in said(at)
    at.button(key="bulk_do").click().run()
    assert said_last(at) == "2 cases: asleep until Thu 03 Dec, 14:00."
    until = datetime(2026, 12, 3, 14, 0, tzinfo=UTC)
    assert [case.snoozed_until for case in all_cases()] == [until, until, None, None]


def tags_of(session: Session, number: int) -> list[str]:
    query = select(Tag.name).join(CaseTag).join(Case).where(Case.number == number)
    return sorted(session.exec(query))


@pytest.mark.usefixtures("sqlite_desk", "max_")
def test_a_case_is_tagged_where_it_is_read() -> None:
    with transaction() as session:
        bob = make.user(session, "support")
        for name in ("export", "slow"):
            tagging.tag(session, actor_for(session, bob), 1, name=name, now=NOW)
    for page, query in (("case.py", {"number": "1"}), ("case_queue.py", {"case": "1"})):
        at = open_page(bob, page, query)
        (box,) = [one for one in at.multiselect if one.label == "Tags"]
        assert box.value == ["export", "slow"]
        box.set_value([]).run()
        assert said_last(at) == "Case 1: 2 tags changed."
        (box,) = [one for one in at.multiselect if one.label == "Tags"]
        box.set_value(["export"]).run()
        assert said_last(at) == "Case 1: Tagged export."
        (box,) = [one for one in at.multiselect if one.label == "Tags"]
        box.set_value(["export", "slow"]).run()
    with transaction() as session:
        assert tags_of(session, 1) == ["export", "slow"]
