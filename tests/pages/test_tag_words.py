"""The tags on the page of causes and tags: how many cases carry each, and who changes the words."""

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User
from services import views
from services.access import actor_for
from services.cases import tag_words, tagging
from services.insights.case_filter import CaseFilter
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page
from tests.pages.test_case_queue import said
from tests.pages.test_trends import clock

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
PAGE = "root_causes.py"
EVIL = "![x](https://tracker.example/a)"


@pytest.fixture
def people() -> dict[str, User]:
    """A manager and a CSM, two cases tagged "export" and one of them "exports"."""
    with transaction() as session:
        found = {role: make.user(session, role) for role in ("manager", "csm")}
        boss = actor_for(session, found["manager"])
        for number, names in ((1, ("export",)), (2, ("export", "exports"))):
            make.case(session)
            for name in names:
                tagging.tag(session, boss, number, name=name, now=NOW)
        return found


def words() -> dict[str, int]:
    with transaction() as session:
        return {name: key for key, name in tagging.in_use(session, make.actor()).items()}


def choosing(user: User, name: str) -> AppTest:
    return open_page(user, PAGE).selectbox(key="tag_id").select(words()[name]).run()


def typing(at: AppTest, was: str, word: str) -> AppTest:
    return at.text_input(key=f"tag_{words()[was]}_{was}").set_value(word).run()


def test_a_tag_is_renamed(people: dict[str, User]) -> None:
    at = choosing(people["manager"], "exports")
    assert not at.exception
    typing(at, "exports", EVIL).button(key="rename_tag").click().run()
    assert set(words()) == {"export", EVIL} and not at.exception
    at = typing(choosing(people["manager"], "export"), "export", EVIL)
    assert any(text.startswith(f"{EVIL} is a tag already") for text in said(at))
    assert "tracker" not in marked_up(at)


def test_the_word_of_another_tag_makes_them_one_after_it_said_on_how_many_cases(
    people: dict[str, User],
) -> None:
    with transaction() as session:
        filter = CaseFilter(tags=(words()["exports"],))
        boss = actor_for(session, people["manager"])
        views.save(session, boss, name="Mine", filter=filter, now=NOW)
    at = typing(choosing(people["manager"], "exports"), "exports", " Export ")
    assert any(
        "export is a tag already, on 2 cases (2 open, 0 closed). As one tag they are on 2 cases"
        in text for text in said(at)
    )  # fmt: skip
    at.button(key="merge_tag").click().run()
    assert [one.value for one in at.toast] == ["One tag now, on 2 cases (2 open, 0 closed)."]
    assert set(words()) == {"export"} and at.selectbox(key="tag_id").value is None
    queue = open_page(people["manager"], "case_queue.py", {"tag": str(words()["export"])})
    assert "This view asks for a tag that does not exist (any more)." not in said(queue)
    assert any("Mine 2" in one.proto.body for one in queue.get("html"))


def test_a_tag_is_removed_and_who_asks_for_it_is_told(people: dict[str, User]) -> None:
    gone = words()["export"]
    at = choosing(people["manager"], "export")
    assert any(text.startswith("It is on 2 cases (2 open, 0 closed), and") for text in said(at))
    at.button(key="remove_tag").click().run()
    assert set(words()) == {"exports"} and not at.exception
    queue = open_page(people["manager"], "case_queue.py", {"tag": str(gone)})
    assert "This view asks for a tag that does not exist (any more)." in said(queue)


def test_a_csm_sees_the_words_and_changes_none(people: dict[str, User]) -> None:
    at = choosing(people["csm"], "export")
    assert not at.exception
    assert {button.key for button in at.button} & {"rename_tag", "merge_tag", "remove_tag"} == set()


def test_a_desk_without_tags_says_how_one_comes_to_be() -> None:
    with transaction() as session:
        boss = make.user(session, "admin")
    assert any(text.startswith("There is no tag yet") for text in said(open_page(boss, PAGE)))
    assert "tag_id" not in open_page(boss, PAGE).session_state


def test_a_tag_box_that_was_open_puts_no_gone_word_on_again(people: dict[str, User]) -> None:
    at = open_page(people["csm"], "case.py", {"number": "2"})
    export, exports = sorted(words().values())
    with transaction() as session:
        boss = actor_for(session, people["manager"])
        tag_words.merge(session, boss, exports, into=export, now=NOW)
    at.run()
    (box,) = [one for one in at.multiselect if one.label == "Tags"]
    assert box.value == ["export"]
    box.set_value(["export", "slow"]).run()
    assert set(words()) == {"export", "slow"}
