"""Case: what was said, what happened, what can be done, and what is being typed."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, Draft, User, UserUnit
from services import settings
from services.access import actor_for
from services.cases import verbs
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page, press, said_last
from tests.pages.test_trends import EVIL, clock, parts

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def ann() -> User:
    """A CSM; case 1 is about Dana, who was a promoter and has an earlier case."""
    with transaction() as session:
        ann = make.user(session, "csm", name="Ann Bell")
        acme = make.account(session)
        dana = make.contact(session, "dana@example.com", name="Dana Reyes", account_id=acme.id)
        make.response(session, 9, contact_id=dana.id, answered_at=NOW - timedelta(days=40))
        make.case(
            session, 2, contact_id=dana.id, account_id=acme.id, comment="It broke",
            followup="requested", now=NOW - timedelta(hours=3),
        )  # fmt: skip
        return ann


def opened(user: User, number: int = 1) -> AppTest:
    return open_page(user, "case.py", {"number": str(number)})


def head(at: AppTest) -> dict[str, Any]:
    return parts(at, "facts")[0]


def steps(at: AppTest) -> list[dict[str, Any]]:
    return list(parts(at, "journal")[0]["rows"])


def typed(user: User) -> list[str]:
    """What stands in the box for a note and in that for a contact."""
    kinds = {kind["name"]: kind for kind in parts(opened(user), "composer")[0]["kinds"]}
    return [kinds[name]["value"]["body"] for name in ("note", "contact")]


def kept(number: int = 1) -> Case:
    with transaction() as session:
        return session.exec(select(Case).where(Case.number == number)).one()


def ways(at: AppTest) -> dict[str, str]:
    """The links to other cases and to the list."""
    (nav,) = [one.proto.body for one in at.get("html") if one.proto.body.startswith("<nav")]
    return {words: unescape(to) for to, words in re.findall(r'href="([^"]*)"[^>]*>([^<]*)<', nav)}


def written(kind: str, body: str, n: int = 1, **given: str) -> dict[str, Any]:
    """What the box sends."""
    return {
        "kind": kind,
        "body": body,
        "way": "",
        "at": "",
        "subject": "",
        "rev": "",
        "once": body,
        "n": n,
    } | given


def test_the_head_says_who_how_and_why(ann: User) -> None:
    at = opened(ann)
    assert not at.exception
    told = head(at)
    assert told["title"] == "Case 1: Dana Reyes"
    assert [chip["text"] for chip in told["chips"]] == [
        "fell from promoter", "2 on 0-10", "new", "contact in 2\N{NO-BREAK SPACE}d",
        "asked to be contacted",
    ]  # fmt: skip
    assert "Why now: asked to be contacted; was 9 in May 2026; lowest scores" in told["subtitle"]
    facts = {row["label"]: row for row in told["rows"]}
    assert facts["Account"]["href"] == f"account?id={kept().account_id}"
    assert facts["Owner"]["value"] == "nobody" and "not yet" in facts["First contact"]["value"]
    assert len(told["lines"][0]["points"]) == 2
    assert parts(at, "cards")[0]["rows"][0]["comment"] == "It broke"
    assert [(step["who"], step["said"]) for step in steps(at)] == [
        ("The desk", "opened it because the answer is low")
    ]


def test_the_journal_tells_what_happened_and_offers_ones_own_steps(ann: User) -> None:
    with transaction() as session:
        me = actor_for(session, ann)
        bob = actor_for(session, make.user(session, "csm", name="Bob Ito"))
        verbs.note(session, bob, 1, body="Seen.", now=NOW)
        verbs.assign(session, me, 1, to=ann.id, version=2, now=NOW)
    at = opened(ann)
    assert [(s["who"], s["said"], s["body"], s["action"]) for s in steps(at)[:2]] == [
        ("Ann Bell", "assigned it to Ann Bell", "", True),
        ("Bob Ito", "left a note", "Seen.", False),
    ]
    mine = press("undo", ann, event_id=steps(at)[0]["id"])
    assert said_last(mine) == "Case 1: took back the assignment." and kept().assignee_id is None
    theirs = press("undo", ann, event_id=steps(at)[1]["id"])
    assert "somebody else's doing" in said_last(theirs)
    top = steps(opened(ann))
    assert top[0]["said"] == "took back the assignment" and top[1]["undone"]


def test_a_note_and_a_call_are_sent_from_the_box(ann: User) -> None:
    at = press("send", ann, given=written("note", "Asked the site office"))
    assert said_last(at) == "Case 1: Note added." and kept().version == 2
    reached = written("contact", "Reached her", way="meeting", at="2026-06-15T13:30")
    at = press("send", ann, given=reached)
    assert said_last(at) == "Case 1: Contact logged."
    assert kept().contacted_at == NOW - timedelta(minutes=30)
    assert steps(opened(ann))[0]["kind"] == "contacted"


def test_what_is_sent_twice_is_taken_once(ann: User) -> None:
    for n in (1, 2):
        press("send", ann, given=written("note", "Asked the site office", n))
    assert [step["body"] for step in steps(opened(ann))] == ["Asked the site office", ""]
    press("send", ann, given=written("note", "Asked the site office", once="another time"))
    assert len(steps(opened(ann))) == 3


def test_what_is_refused_stays_as_a_draft_and_the_box_says_why(ann: User) -> None:
    early = written("contact", "Reached her", way="visit", at="2026-06-06T13:30")
    at = press("send", ann, given=early)
    assert kept().contacted_at is None
    heard = at.session_state["compose_1_heard"]["contact"]
    assert "before the case was opened" in heard["refused"] and heard["sent"] == early["n"]
    assert "undo_case" not in at.session_state
    (_, contact, _) = parts(opened(ann), "composer")[0]["kinds"]
    value = contact["value"]
    assert (value["body"], value["way"], value["at"]) == (
        "Reached her", "visit", "2026-06-06T11:30",  # sent in Berlin, shown in UTC
    )  # fmt: skip


def test_a_draft_is_kept_as_it_is_typed_and_is_there_on_the_next_visit(ann: User) -> None:
    press("keep", ann, given=written("note", "half a th"))
    assert typed(ann) == ["half a th", ""]
    with transaction() as session:
        bob = make.user(session, "support")
        assert len(session.exec(select(Draft)).all()) == 1
    assert typed(bob) == ["", ""]


def test_a_draft_does_not_replace_what_another_tab_has_written(ann: User) -> None:
    press("keep", ann, given=written("note", "from the first tab"))
    at = press("keep", ann, given=written("note", "from the second"))
    assert at.session_state["compose_1_heard"]["note"]["clash"]
    assert typed(ann) == ["from the first tab", ""]
    seen = parts(opened(ann), "composer")[0]["kinds"][0]["value"]["rev"]
    press("keep", ann, given=written("note", "from the second", rev=seen))
    assert typed(ann) == ["from the second", ""]


def test_what_was_sent_is_not_kept_as_a_draft_by_the_same_click(ann: User) -> None:
    press("send and keep", ann, given=written("note", "Asked the site office"))
    assert typed(ann) == ["", ""]


def test_the_next_case_and_the_one_before_are_one_click_away(ann: User) -> None:
    with transaction() as session:
        second = make.case(session, 6)
    assert ways(opened(ann)) == {"Case queue": "queue", "Next case": f"case?number={second.number}"}
    assert ways(opened(ann, second.number)) == {
        "Case queue": "queue",
        "Previous case": "case?number=1",
    }


def test_the_way_back_leads_to_the_list_that_one_came_from(ann: User) -> None:
    at = open_page(ann, "case_queue.py", {"view": "open", "q": "Dana", "case": "1"})
    at.switch_page("case.py")
    at.query_params["number"] = "1"
    assert ways(at.run())["Case queue"] == "queue?view=open&q=Dana"


def test_other_cases_of_the_person_stand_beside_it(ann: User) -> None:
    with transaction() as session:
        low = make.response(
            session, 9, contact_id=kept().contact_id, answered_at=NOW - timedelta(days=2)
        )
        from services.cases.opening import open_by_hand

        number = open_by_hand(session, actor_for(session, ann), low.id or 0, now=NOW)
    at = opened(ann)
    (table,) = parts(at, "table")
    assert table["rows"][0]["href"] == f"case?number={number}"


@pytest.mark.parametrize("number", ["", "x", "999", "9" * 30])
def test_an_unknown_number_says_so(ann: User, number: str) -> None:
    at = open_page(ann, "case.py", {"number": number})
    assert not at.exception and at.title[0].value == "No such case"


def test_a_case_of_another_unit_is_as_unknown(ann: User) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
        session.add(UserUnit(user_id=ann.id, unit_id=make.unit(session).id))
    assert opened(ann).title[0].value == "No such case"


def test_what_customers_and_colleagues_write_is_shown_as_text_only(ann: User) -> None:
    with transaction() as session:
        firm = make.account(session, EVIL)
        evil = make.contact(session, "e@example.com", name=EVIL, account_id=firm.id)
        bad = make.case(session, 0, contact_id=evil.id, account_id=firm.id, comment=EVIL)
        verbs.note(session, actor_for(session, ann), bad.number, body=EVIL, now=NOW)
    at = opened(ann, bad.number)
    assert not at.exception and head(at)["title"].endswith(EVIL)
    assert "tracker" not in marked_up(at)
