"""From one case to the next, to the one that a search names, and to what it finds in other tabs."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import RootCause, User
from services import people
from services.access import SHELL, Actor, actor_for
from services.cases import verbs
from services.insights.case_filter import CaseFilter, View
from services.insights.case_walk import elsewhere, next_after, numbered
from services.insights.queue import queue, view_counts
from tests import builders as make
from tests.builders import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ann(session: Session) -> User:
    return make.user(session, "csm", name="Ann Bell")


@pytest.fixture
def me(session: Session, ann: User) -> Actor:
    return actor_for(session, ann)


def walk(session: Session, who: Actor, number: int = 0, *, back: bool = False) -> list[int]:
    """The cases that one comes to by going on from this one."""
    found: list[int] = []
    while (step := next_after(session, who, number, now=NOW, me=who.id, back=back)) is not None:
        found.append(number := step)
        assert len(found) <= 20, "it goes round in a circle"
    return found


def give(session: Session, who: Actor, to: int | None, *numbers: int) -> None:
    for number in numbers:
        verbs.assign(session, who, number, to=to, version=1, now=NOW)


def test_going_on_comes_to_each_case_once_ones_own_first(session: Session, me: Actor) -> None:
    for n in range(9):  # the later the earlier due, and some at the same moment
        make.case(session, 6, now=NOW - (n // 2) * HOUR)
    give(session, me, me.id, 2, 5, 6)
    give(session, me, make.user(session, "csm").id, 8)
    whole = walk(session, me)
    assert whole == [5, 6, 2, 7, 9, 3, 4, 1]
    for n, number in enumerate(whole):
        assert walk(session, me, number) == whole[n + 1 :]
        assert walk(session, me, number, back=True) == whole[:n][::-1]
    order = queue(session, me, CaseFilter(View.UNASSIGNED), now=NOW, me=me.id).rows
    assert [row.number for row in order] == whole[3:]


def test_what_was_just_done_keeps_its_place_in_the_walk(session: Session, me: Actor) -> None:
    for _ in range(4):
        make.case(session, 6)
    give(session, me, me.id, 1, 2, 3)
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(session, me, 2, outcome="solved", root_cause_id=why, version=2, now=NOW)
    assert walk(session, me, 2) == [3, 4]
    verbs.snooze(session, me, 3, until=NOW + DAY, version=2, now=NOW)
    assert walk(session, me, 3) == [4]
    assert walk(session, me) == [1, 4]


def test_the_walk_leads_to_no_case_of_another_unit(session: Session) -> None:
    north, south = make.unit(session, "North"), make.unit(session, "South")
    mine = make.case(session, 6, unit_id=north.id)
    other = make.case(session, 6, unit_id=south.id, now=NOW - HOUR)
    csm = make.actor("csm", units=(north.id,))
    assert walk(session, csm) == walk(session, csm, other.number) == [mine.number]
    assert walk(session, csm, mine.number) == []


def test_the_cases_of_somebody_who_left_are_nobodys(session: Session, me: Actor, ann: User) -> None:
    make.case(session, 6)
    give(session, me, me.id, 1)
    boss = make.actor("manager")
    people.disable(session, SHELL, ann.id or 0, now=NOW)
    (row,) = queue(session, boss, CaseFilter(View.UNASSIGNED), now=NOW, me=None).rows
    assert (row.number, row.owner) == (1, "Ann Bell (left)")
    assert view_counts(session, boss, now=NOW, me=None)[View.UNASSIGNED] == 1
    assert walk(session, boss) == [1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2", 2), ("#2", 2), ("case 2", 2), (" Case #2 ", 2), ("CASE2", 2), ("# 2", 2), ("007", 7),
        ("3", None), ("", None), ("#", None), ("2 cases", None), ("case", None), ("-2", None),
        ("\N{ARABIC-INDIC DIGIT TWO}", None), ("9" * 30, None),
    ],
)  # fmt: skip
def test_a_case_is_found_by_its_number_whatever_its_tab(
    session: Session, me: Actor, text: str, found: int | None
) -> None:
    for _ in range(2):
        make.case(session, 6)
    make.case(session, 6).number = 7
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(session, me, 2, outcome="solved", root_cause_id=why, version=1, now=NOW)
    assert numbered(session, me, text) == found


def test_a_number_tells_nothing_of_another_unit(session: Session) -> None:
    case = make.case(session, 6, unit_id=make.unit(session).id)
    assert numbered(session, make.actor("csm", units=()), str(case.number)) is None
    assert numbered(session, make.actor("manager"), str(case.number)) == case.number


def test_a_search_says_what_it_finds_in_the_other_tabs(session: Session, me: Actor) -> None:
    acme = make.account(session, "Acme")
    for _ in range(5):
        make.case(session, 6, account_id=acme.id)
    make.case(session, 6)
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(session, me, 1, outcome="solved", root_cause_id=why, version=1, now=NOW)
    verbs.wait(session, me, 2, version=1, now=NOW)
    give(session, me, me.id, 3)
    asked = CaseFilter(View.ESCALATED, text="acme")
    found = elsewhere(session, me, asked, now=NOW, me=me.id)
    assert found == {
        View.MINE: 1, View.UNASSIGNED: 2, View.OPEN: 3, View.WAITING: 1, View.RESOLVED: 1,
        View.ANY: 5,
    }  # fmt: skip
    for view, n in found.items():
        other = CaseFilter(view, text="acme")
        assert queue(session, me, other, now=NOW, me=me.id).total == n
        assert view not in elsewhere(session, me, other, now=NOW, me=me.id)
    nothing = CaseFilter(View.OPEN, text="nobody")
    assert elsewhere(session, me, nothing, now=NOW, me=me.id) == {}
    stranger = make.actor("csm", units=())
    assert elsewhere(session, stranger, asked, now=NOW, me=None) == {}
