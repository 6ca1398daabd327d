"""Plays in the pages: the box on a case, the answers that start one, the results, the good news."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Ask, Case, User, UserUnit
from services import settings
from services.access import actor_for
from services.cases import playing
from services.domain.plays import Reply
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import identity, marked_up, notices, open_page, said_last
from tests.pages.test_trends import EVIL, clock, parts, url

__all__ = ["clock"]
DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def ann() -> User:
    """A CSM; case 1 is about a detractor, case 2 about a promoter whose play she has started."""
    with transaction() as session:
        ann = make.user(session, "csm", name="Ann Bell")
        make.case(session, 2)
        fan = make.contact(session, name=EVIL)
        make.response(session, 3, contact_id=fan.id, answered_at=NOW - 60 * DAY)
        said = make.response(session, 10, contact_id=fan.id, comment=EVIL)
        playing.open_and_start(session, actor_for(session, ann), said.id, now=NOW)
        return ann


def on_case(user: User, number: int) -> AppTest:
    return open_page(user, "case.py", {"number": str(number)})


def kept(number: int) -> Case:
    with transaction() as session:
        return session.exec(select(Case).where(Case.number == number)).one()


def texts(at: AppTest) -> list[str]:
    return [text.value for text in (*at.text, *at.caption)]


# --- the box on a case


def test_a_low_answer_asks_first_whether_we_want_the_customer(ann: User) -> None:
    at = on_case(ann, 1)
    assert not at.exception
    assert "Do we want this customer?" in texts(at)
    at.button(key="play_No: point elsewhere").click().run()
    assert said_last(at) == "Case 1: Play: Point elsewhere."
    assert (kept(1).play, kept(1).ideal_customer) == ("point_elsewhere", False)
    assert "Play: Point elsewhere" in [header.value for header in at.header]
    at.segmented_control(key="play_ideal_1").set_value(True).run()
    assert (kept(1).play, kept(1).ideal_customer) == ("win_back", True)


def test_steps_are_ticked_and_unticked_and_what_was_asked_is_kept(ann: User) -> None:
    at = on_case(ann, 2)
    at.checkbox(key="play_step_2_thank").check().run()
    at.checkbox(key="play_step_2_review").check().run()
    assert kept(2).steps == ["review", "thank"]
    assert "2 of 5 steps done" in texts(at)
    assert at.checkbox(key="play_step_2_referral").disabled  # the cap, in words
    assert "They were asked for a review on 15 Jun 2026; again from 13 Sep 2026 on." in texts(at)
    at.segmented_control(key="play_reply_2_review").set_value(Reply.GIVEN).run()
    with transaction() as session:
        assert session.exec(select(Ask.result)).one() == "given"
    at.checkbox(key="play_step_2_review").uncheck().run()
    assert kept(2).steps == ["thank"]
    assert not at.checkbox(key="play_step_2_referral").disabled


def test_a_play_is_ended_and_what_was_said_put_right(ann: User) -> None:
    at = on_case(ann, 2)
    at.button(key="play_Helps us").click().run()
    assert "Ended: Helps us, 0 of 5 steps done" in texts(at)
    assert at.checkbox(key="play_step_2_thank").disabled
    at.button(key="play_Would rather not").click().run()
    assert kept(2).play_result == "declined"


def test_a_tick_that_is_refused_is_none(ann: User) -> None:
    at = on_case(ann, 2)
    with transaction() as session:
        me = actor_for(session, make.user(session, "csm", name="Bo"))
        playing.tick(session, me, 2, step="share", version=3, now=NOW)
    at.checkbox(key="play_step_2_thank").check().run()
    assert "Bo ticked: Tell the team what was said" in said_last(at)
    assert at.checkbox(key="play_step_2_thank").value is False
    assert at.checkbox(key="play_step_2_share").value is True


# --- an answer that starts one


def test_an_answer_starts_its_play_in_one_act(ann: User) -> None:
    with transaction() as session:
        make.response(session, 9, contact_id=make.contact(session).id)
        make.response(session, 9)  # nobody known
        make.response(session, 1, contact_id=make.contact(session).id)
    at = open_page(ann, "verbatims.py", {"range": "all"})
    (listed,) = parts(at, "cards")
    offered = {card["id"]: [act["name"] for act in card["actions"]] for card in listed["rows"]}
    assert {key: offered[key] for key in (4, 5, 6)} == {
        4: ["open", "play"],
        5: ["open"],
        6: ["open"],
    }
    at = pressed(ann, {"action": "play", "id": 4})
    assert said_last(at) == "Case 3 is open and yours, its play started." and notices(at)["undo"]
    assert (kept(3).play, kept(3).assignee_id) == ("promoter", ann.id)
    at.button(key="back").click().run()
    assert said_last(at).startswith("1 case: ") and not notices(at)["refused"]
    case = kept(3)
    assert (case.status, case.play, case.assignee_id) == ("new", None, None)


def test_an_answer_that_joins_a_case_with_a_play_offers_nothing_to_take_back(ann: User) -> None:
    with transaction() as session:
        make.response(session, 9, contact_id=kept(2).contact_id)
    at = pressed(ann, {"action": "play", "id": 4})
    assert said_last(at) == "Case 2 is open. It had an owner and a play already."
    assert not notices(at)["undo"]


def pressed(user: User, act: dict[str, Any]) -> AppTest:
    """What the button of a card does, as a page of its own: AppTest cannot press it."""

    def script(act: dict) -> None:  # type: ignore[type-arg]  # it runs by itself
        from types import SimpleNamespace

        import streamlit as st

        from pages import _cards, _notice

        def press() -> None:
            st.session_state["list"] = SimpleNamespace(act=act)
            _cards._acted("list")

        def back() -> None:
            _notice.take_back(*st.session_state[_notice.UNDO][:2])

        _notice.notice(only=_notice.MANY)
        st.button("press", key="press", on_click=press)
        st.button("back", key="back", on_click=back)

    at = AppTest.from_function(script, kwargs={"act": act}, default_timeout=15)
    at.user = identity(user)
    return at.run().button(key="press").click().run()


# --- a person


def test_a_person_shows_what_they_were_asked_for(ann: User) -> None:
    with transaction() as session:
        me = actor_for(session, session.get(User, ann.id) or ann)
        playing.tick(session, me, 2, step="review", version=3, now=NOW)
    at = open_page(ann, "contact.py", {"id": str(kept(2).contact_id)})
    assert not at.exception
    (table,) = [one for one in parts(at, "table") if one["caption"].startswith("What this person")]
    assert [row["cells"] for row in table["rows"]] == [
        ["review", "15 Jun 2026", "Ann Bell", "nothing heard yet"]
    ]


# --- the results


def test_results_without_a_play_say_how_one_begins() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
    at = open_page(boss, "plays.py")
    assert not at.exception
    assert [header.value for header in at.header] == ["No plays"]
    at.button(key="all_time").click().run()
    assert url(at)["range"] == ["all"]


def test_each_number_of_the_results_leads_to_its_cases(ann: User) -> None:
    with transaction() as session:
        me = actor_for(session, session.get(User, ann.id) or ann)
        playing.tick(session, me, 2, step="review", version=3, now=NOW)
        playing.end(session, me, 2, result="helped", version=4, now=NOW)
    at = open_page(ann, "plays.py")
    assert not at.exception
    tables = {table["caption"].split(",")[0]: table for table in parts(at, "numbers")}
    rows = [row["cells"] for row in tables["Plays"]["rows"]]
    assert rows == [["Thank and ask", "1", "0", "1", "1", "1 of 1", "too few to say"]]
    links = tables["Plays"]["links"][0]
    assert links[1].startswith("queue?view=any&opened=12m&play=promoter")
    assert "play_end=helped" in links[4]
    assert links[2] is None
    ended = [row["cells"][:3] for row in tables["How plays ended"]["rows"]]
    assert ended[:2] == [["Thank and ask", "Helps us", "1"],
                         ["", "Thanked, not asked", "0"]]  # fmt: skip
    assert at.title[0].value == "Too few plays have ended to say how they do; none still runs"
    assert tables["Favours asked for"]["rows"][0]["cells"][:2] == ["Review", "1"]
    assert "favour=review" in tables["Favours asked for"]["links"][0][1]


@pytest.mark.parametrize(
    ("file", "report", "title"),
    [("plays.py", "plays._cells", "Plays"), ("sla.py", "sla.cohort", "Promises"),
     ("loop.py", "loop.cohort", "Loop")],
)  # fmt: skip
def test_a_report_that_cannot_be_had_still_says_which_one_it_is(
    ann: User, monkeypatch: pytest.MonkeyPatch, file: str, report: str, title: str
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(f"services.insights.{report}", away)
    at = open_page(ann, file)
    assert not at.exception
    assert [one.value for one in at.title] == [title]
    assert "did not answer in time" in at.error[0].value


def test_the_queue_reads_those_filters_and_says_them(ann: User) -> None:
    at = open_page(
        ann, "case_queue.py",
        {"view": "any", "play": "promoter", "play_end": "running", "favour": "review"},
    )  # fmt: skip
    assert not at.exception
    assert "Only play Thank and ask; play still running; asked for a review" in texts(at)


# --- good news


def test_good_news_names_what_turned_and_offers_the_play(ann: User) -> None:
    with transaction() as session:
        happy = make.contact(session, name="Dana")
        make.case(session, 2, now=NOW - 40 * DAY, contact_id=happy.id)
        make.response(session, 9, contact_id=happy.id, comment=EVIL)
    at = open_page(ann, "good_news.py")
    assert not at.exception
    (listed,) = parts(at, "cards")
    first, second = listed["rows"]
    assert first["name"] == "Dana"
    assert first["note"].startswith("Was 2 on 06 May 2026, their first answer in the top band.")
    assert first["before"] == {"text": "Case 3: new", "href": "case?number=3"}
    assert [act["name"] for act in first["actions"]] == ["open", "play"]
    assert second["case"]["href"] == "case?number=2"  # its play runs: it is not offered again
    assert "No case lay between." in second["note"]
    assert second["actions"] == []
    assert EVIL not in marked_up(at)
    assert EVIL in json.dumps(listed, ensure_ascii=False).replace('\\"', '"')


def test_no_good_news_says_what_it_would_be(ann: User) -> None:
    at = open_page(ann, "good_news.py", {"metric": "ces", "at": "nonsense", "now": "angry"})
    assert not at.exception
    assert [header.value for header in at.header] == ["No good news yet"]
    assert any("'angry'" in text for text in texts(at))
    at.button(key="loosen").click().run()
    assert "metric" not in url(at)
    assert len(parts(at, "cards")[0]["rows"]) == 1


def test_news_of_a_unit_that_one_does_not_see_is_not_told(ann: User) -> None:
    with transaction() as session:
        north = make.unit(session, "North")
        session.add(UserUnit(user_id=ann.id, unit_id=north.id))
        settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    at = open_page(ann, "good_news.py")
    assert not at.exception
    assert parts(at, "cards") == []
    assert [one for one in at.button if one.key.startswith("turn_")] == []  # there is no other page
    assert open_page(ann, "plays.py").header[0].value == "No plays"


def test_older_news_goes_on_where_the_page_ended(ann: User) -> None:
    with transaction() as session:
        for n in range(26):
            who = make.contact(session)
            make.response(session, 1, contact_id=who.id, answered_at=NOW - 90 * DAY)
            make.response(session, 8, contact_id=who.id, answered_at=NOW - (n + 2) * DAY)
    at = open_page(ann, "good_news.py")
    assert len(parts(at, "cards")[0]["rows"]) == 25
    at.button(key="turn_older").click().run()
    assert len(parts(at, "cards")[0]["rows"]) == 2
    assert at.button(key="turn_older").disabled
    at.button(key="turn_latest").click().run()
    assert "at" not in url(at)
