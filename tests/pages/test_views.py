"""Saved views beside the tabs of the queue."""

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User
from services import views
from services.access import actor_for
from services.insights.case_filter import CaseFilter
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page, said_last
from tests.pages.test_trends import clock, url

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def people() -> dict[str, User]:
    with transaction() as session:
        for score in (2, 5):
            make.case(session, score)
        return {role: make.user(session, role) for role in ("manager", "csm", "support")}


def links(at: AppTest) -> str:
    return " ".join(one.proto.body for one in at.get("html"))


def adding(at: AppTest) -> str:
    """Which box it is in which a view is kept."""
    (box,) = [one for one in at.get("popover") if one.proto.popover.label == "+ view"]
    return str(box.proto.id)


def said(at: AppTest) -> list[str]:
    return [text.value for text in at.text]


def test_a_filter_is_kept_under_a_name_and_found_beside_the_tabs(people: dict[str, User]) -> None:
    at = open_page(people["csm"], "case_queue.py", {"view": "open", "score": "2"})
    box = adding(at)
    at.text_input(key="view_name").set_value("<b>Low</b>")
    at.checkbox(key="view_share").check()
    next(one for one in at.button if one.label == "Keep").click().run()
    assert not at.exception and said_last(at) == "The view is kept."
    assert adding(at) != box  # another one, and so a closed one
    assert "queue?view=open&amp;score=2" in links(at) and "1 (proposed)" in links(at)
    assert "&lt;b&gt;Low" in links(at) and "<b>Low" not in links(at) + marked_up(at)
    boss = open_page(people["manager"], "case_queue.py", {"view": "open", "score": "2"})
    boss.button(key="view_share_1").click().run()
    assert said_last(boss) == "Everybody has this view now."
    bob = open_page(people["support"], "case_queue.py", {"view": "open", "score": "2"})
    assert "ld-here" in links(bob)
    assert not [one for one in bob.button if (one.key or "").startswith("view_re")]
    assert not [one for one in bob.checkbox if one.key == "view_share"]


def test_a_view_is_renamed_and_removed_by_its_owner(people: dict[str, User]) -> None:
    with transaction() as session:
        csm = actor_for(session, people["csm"])
        views.save(session, csm, name="Low", filter=CaseFilter(scores=(2,)), now=NOW)
    at = open_page(people["csm"], "case_queue.py", {"view": "open", "score": "2"})
    at.text_input(key="view_name_1").set_value("Very low").run()
    at.button(key="view_rename_1").click().run()
    assert "Very low 1" in links(at)
    at.button(key="view_remove_1").click().run()
    assert "Very low" not in links(at) and not at.exception


def test_the_queue_opens_with_what_was_chosen_last(people: dict[str, User]) -> None:
    at = open_page(people["csm"], "case_queue.py")
    at.segmented_control(key="f_view").set_value("resolved").run()
    assert url(at) == {"view": ["resolved"]}
    again = open_page(people["csm"], "case_queue.py")
    assert again.segmented_control(key="f_view").value == "resolved"
    other = open_page(people["csm"], "case_queue.py", {"view": "open"})
    assert other.segmented_control(key="f_view").value == "open"


def test_a_view_that_asks_for_what_is_gone_says_so(people: dict[str, User]) -> None:
    query = {"view": "open", "owner": "999", "team": "998", "cause": "997", "tag": "996"}
    at = open_page(people["csm"], "case_queue.py", query)
    told = [text for text in said(at) if text.startswith("This view asks for")]
    assert len(told) == 4
    assert "This view asks for an owner who does not work here (any more)." in told
    fine = open_page(people["csm"], "case_queue.py", {"view": "open", "owner": "0"})
    assert not [text for text in said(fine) if text.startswith("This view asks for")]


def test_who_may_export_is_offered_files_of_the_list(people: dict[str, User]) -> None:
    query = {"view": "open", "score": "2"}
    boss = open_page(people["manager"], "case_queue.py", query)
    assert "export/cases?form=csv&amp;view=open&amp;score=2" in links(boss)
    assert "export/cases" not in links(open_page(people["csm"], "case_queue.py", query))
