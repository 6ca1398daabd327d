"""The queue: who comes first and why, tabs and their counts, filters, search, and turning pages."""

from collections.abc import Callable
from dataclasses import fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from db.models import Case, RootCause, User
from services.access import Actor, actor_for
from services.cases import verbs
from services.domain.lifecycle import Outcome
from services.domain.plays import Play
from services.domain.scores import Metric
from services.domain.syncing import Waits
from services.insights.case_filter import NOBODY, CaseFilter, Loop, Sla, View
from services.insights.case_rows import Cursor
from services.insights.play_selects import ASKS, ENDS
from services.insights.queue import QueuePage, cases_of, queue, view_counts
from tests import builders as make
from tests.builders import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Asked = Callable[..., QueuePage]


@pytest.fixture
def ann(session: Session) -> User:
    return make.user(session, "csm", name="Ann Bell", team_id=make.team(session).id)


@pytest.fixture
def me(session: Session, ann: User) -> Actor:
    return actor_for(session, ann)


@pytest.fixture
def ask(session: Session, me: Actor) -> Asked:
    def asked(view: View = View.OPEN, **values: Any) -> QueuePage:
        own = {name: values.pop(name) for name in ("cursor", "size") if name in values}
        who, at = values.pop("who", me), values.pop("now", NOW)
        return queue(session, who, CaseFilter(view, **values), now=at, me=who.id, **own)

    return asked


def numbers(page: QueuePage) -> list[int]:
    return [row.number for row in page.rows]


def test_what_is_due_first_comes_first_moved_by_value_and_score(
    session: Session, ask: Asked
) -> None:
    acme = make.account(session, arr=Decimal(84_000), currency="EUR",
                        renewal_on=date(2026, 6, 27))  # fmt: skip
    plain = make.case(session, 6, now=NOW - 2 * HOUR)
    later = make.case(session, 6)
    key = make.case(session, 2, account_id=acme.id, comment="Nobody answers")
    page = ask()
    assert numbers(page) == [key.number, plain.number, later.number]
    top = page.rows[0]
    assert top.why == ("84k EUR a year", "renews in 12 d", "lowest scores")
    assert (top.account, top.score, top.said) == ("Acme", 2, "Nobody answers")
    assert (page.first, page.last, page.total) == (1, 3, 3)


def test_each_tab_holds_its_cases_and_says_how_many(
    session: Session, ask: Asked, me: Actor
) -> None:
    mine, nobodys, waits, sleeps, done = (make.case(session, 6) for _ in range(5))
    verbs.assign(session, me, mine.number, to=me.id, version=1, now=NOW)
    verbs.wait(session, me, waits.number, version=1, now=NOW)
    verbs.snooze(session, me, sleeps.number, until=NOW + DAY, version=1, now=NOW)
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(session, me, done.number, outcome="solved", root_cause_id=why, version=1, now=NOW)
    expected = {
        View.MINE: [mine], View.UNASSIGNED: [nobodys], View.TODAY: [], View.OPEN: [mine, nobodys],
        View.ESCALATED: [], View.WAITING: [waits], View.SNOOZED: [sleeps], View.RESOLVED: [done],
        View.ANY: [done, sleeps, waits, nobodys, mine],
    }  # fmt: skip
    counts = view_counts(session, me, now=NOW, me=me.id)
    for view, cases in expected.items():
        page = ask(view)
        assert sorted(numbers(page)) == sorted(case.number for case in cases), view
        assert page.total == len(cases)
        assert counts.get(view, len(cases)) == len(cases), view
    assert numbers(ask(View.ANY)) == [5, 4, 3, 2, 1]
    later = NOW + 2 * DAY  # the sleeper has woken by itself, and a promise ends on Thursday
    assert sleeps.number in numbers(ask(View.OPEN, now=later))
    assert ask(View.TODAY, now=NOW + 3 * DAY).total == 3


def test_a_case_is_found_by_number_customer_and_words(session: Session, ask: Asked) -> None:
    acme = make.account(session, "Acme_100% Ltd")
    dana = make.contact(session, "dana@site.example.com", name="Dana Reyes", account_id=acme.id)
    case = make.case(
        session, 2, contact_id=dana.id, account_id=acme.id, comment="The export is slow again"
    )
    other = make.case(session, 2, comment="Great people, wrong price")
    for text in (
        "#1", "dana", "REYES", "site.example", "acme_100%", "export slow", '"slow again"',
        "exp*",
    ):  # fmt: skip
        assert numbers(ask(text=text)) == [case.number], text
    assert case.number in numbers(ask(text="1"))  # and whoever has a 1 in their address
    assert numbers(ask(text="price")) == [other.number]
    for text in ("nothing", "e%t", "a_b", "'; drop table", "99999999999999999999"):
        page = ask(text=text)
        assert (page.rows, page.total) == ((), 0), text


def test_names_are_found_however_they_are_written(session: Session, ask: Asked) -> None:
    who = make.contact(session, name="Östen Åberg")
    first = make.case(session, 6, contact_id=who.id)
    road = make.account(session, "Straße GmbH")
    second = make.case(session, 6, account_id=road.id)
    for text in ("Östen", "östen åb", "ÅBERG"):
        assert numbers(ask(text=text)) == [first.number], text
    for text in ("Straße", "STRASSE", "straße g"):
        assert numbers(ask(text=text)) == [second.number], text


def test_a_number_that_is_named_as_one_finds_that_case_alone(session: Session, ask: Asked) -> None:
    for _ in range(3):
        make.case(session, 6, comment="Case 2 of 3 in my list")
    for text in ("#2", "case 2", "Case #2"):
        assert numbers(ask(text=text)) == [2], text
    assert len(numbers(ask(text="2"))) == 3  # also in what they wrote
    assert len(numbers(ask(text="2 of 3"))) == 3


def test_no_text_that_is_looked_for_is_an_error(session: Session, ask: Asked) -> None:
    make.case(session, 6, comment="Slow export")
    for text in ("a\0b", "\0", "%", "9" * 30):
        assert numbers(ask(text=f"{text} nowhere")) == [], text
        ask(text=text)


def test_filters_narrow_and_can_be_joined(session: Session, ask: Asked, me: Actor) -> None:
    unit = make.unit(session)
    a = make.case(session, 2, unit_id=unit.id)
    b = make.case(session, 1, metric="csat")
    verbs.assign(session, me, b.number, to=me.id, version=1, now=NOW)
    assert numbers(ask(owners=(NOBODY,))) == [a.number]
    assert numbers(ask(owners=(me.id,))) == [b.number]
    assert sorted(numbers(ask(owners=(NOBODY, me.id)))) == [1, 2]
    assert numbers(ask(teams=(me.team_id,))) == [b.number]
    assert numbers(ask(units=(unit.id,))) == [a.number]
    assert numbers(ask(metrics=(Metric.CSAT,))) == [b.number]
    assert numbers(ask(scores=(2,), metrics=(Metric.NPS,))) == [a.number]
    assert numbers(ask(opened="7d")) == numbers(ask())
    assert numbers(ask(opened="2020-01-01..2020-12-31")) == []
    assert a.due_at is not None
    assert numbers(ask(sla=(Sla.OVERDUE,), now=a.due_at)) == numbers(ask(now=a.due_at))
    assert numbers(ask(sla=(Sla.LATER,))) == numbers(ask())
    assert numbers(ask(sla=(Sla.TODAY,))) == []


def test_what_became_of_a_case_is_a_filter(session: Session, ask: Asked, me: Actor) -> None:
    kept, late, silent = (make.case(session, 6, followup="requested") for _ in range(3))
    verbs.log_contact(session, me, kept.number, way="call", body="ok", at=NOW + HOUR, now=NOW + DAY)
    after = NOW + 10 * DAY
    verbs.log_contact(session, me, late.number, way="call", body="ok", at=after, now=after)
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, me, late.number, outcome="solved", root_cause_id=why, version=2, now=after
    )

    def found(*loop: Loop) -> list[int]:
        return sorted(numbers(ask(View.ANY, loop=loop, now=after)))

    assert found(Loop.CONTACTED) == [1, 2] and found(Loop.NOT_CONTACTED) == [3]
    assert found(Loop.RESOLVED) == found(Loop.CLOSED) == [2] and found(Loop.NOT_CLOSED) == [1, 3]
    assert found(Loop.CONTACT_KEPT) == [1] and found(Loop.CONTACT_MISSED) == [2, 3]
    assert found(Loop.CLOSE_KEPT) == [] and found(Loop.CLOSE_MISSED) == [1, 2, 3]
    assert found(Loop.ASKED, Loop.CONTACTED) == [1, 2]
    assert numbers(ask(View.RESOLVED, outcomes=(Outcome.SOLVED,), causes=(why,))) == [2]
    assert numbers(ask(View.RESOLVED, outcomes=(Outcome.LEFT,))) == []
    assert silent.number == 3


def test_pages_turn_without_losing_or_doubling_any(session: Session, ask: Asked) -> None:
    for n in range(7):
        make.case(session, 6, now=NOW - (n // 3) * HOUR)  # some are due at the same moment
    for view in (View.OPEN, View.ANY):
        whole = numbers(ask(view))
        page, seen = ask(view, size=3), list[int]()
        firsts = []
        while True:
            seen += numbers(page)
            firsts.append(page.first)
            if page.on is None:
                break
            page = ask(view, size=3, cursor=page.on)
        assert seen == whole and firsts == [1, 4, 7] and len(set(seen)) == 7
        back = ask(view, size=3, cursor=page.back)
        assert numbers(back) == whole[3:6] and (back.first, back.last, back.total) == (4, 6, 7)
    nowhere = Cursor(NOW + 900 * DAY, 1)
    assert numbers(ask(cursor=nowhere, size=3)) == numbers(ask(size=3))


def test_nobody_sees_the_cases_of_other_units(session: Session, ask: Asked) -> None:
    north, south = make.unit(session, "North"), make.unit(session, "South")
    mine = make.case(session, 6, unit_id=north.id)
    other = make.case(session, 6, unit_id=south.id)
    make.case(session, 6)
    csm = make.actor("csm", units=(north.id,))
    assert numbers(ask(who=csm)) == numbers(ask(View.ANY, who=csm)) == [mine.number]
    assert view_counts(session, csm, now=NOW, me=None)[View.OPEN] == 1
    assert cases_of(session, csm, contact_id=other.contact_id, now=NOW) == ()


def test_cases_of_a_contact_and_of_an_account_come_newest_first(
    session: Session, me: Actor
) -> None:
    acme = make.account(session)
    dana = make.contact(session, account_id=acme.id)
    one = make.case(session, 6, contact_id=dana.id, account_id=acme.id, now=NOW - DAY)
    two = make.case(session, 6, account_id=acme.id)
    found = cases_of(session, me, account_id=acme.id, now=NOW)
    assert [row.number for row in found] == [two.number, one.number]
    assert len(cases_of(session, me, account_id=acme.id, now=NOW, limit=1)) == 1
    assert [r.number for r in cases_of(session, me, contact_id=dana.id, now=NOW)] == [one.number]


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
filters = st.builds(
    CaseFilter,
    view=st.sampled_from(View),
    text=st.just("") | texts.filter(lambda text: len(text) <= 200),
    owners=st.lists(st.integers(0, 99), max_size=3).map(tuple),
    teams=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    units=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    metrics=st.lists(st.sampled_from(Metric), max_size=3).map(tuple),
    scores=st.lists(st.integers(0, 10), max_size=3).map(tuple),
    sla=st.lists(st.sampled_from(Sla), max_size=3).map(tuple),
    opened=st.sampled_from(["", "7d", "12m", "2026-01-01..2026-03-31"]),
    loop=st.lists(st.sampled_from(Loop), max_size=3).map(tuple),
    outcomes=st.lists(st.sampled_from(Outcome), max_size=3).map(tuple),
    causes=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    tags=st.lists(st.integers(1, 99), max_size=3).map(tuple),
    plays=st.lists(st.sampled_from(Play), max_size=3).map(tuple),
    ends=st.lists(st.sampled_from(sorted(ENDS)), max_size=3).map(tuple),
    asks=st.lists(st.sampled_from(sorted(ASKS)), max_size=3).map(tuple),
    waits=st.lists(st.sampled_from(Waits), max_size=2).map(tuple),
)


@given(filters)
def test_a_filter_is_the_same_after_its_way_through_a_url(asked: CaseFilter) -> None:
    assert CaseFilter.from_query(asked.to_query()) == (asked, [])
    assert len(fields(CaseFilter)) == 17  # each one is drawn above


def test_what_a_url_spells_wrong_is_named_and_left_out() -> None:
    found, notices = CaseFilter.from_query(
        {"view": ["nowhere"], "owner": ["x", "3"], "opened": ["yesterday"], "sla": ["later"]}
    )
    assert found == CaseFilter(owners=(3,), sla=(Sla.LATER,)) and len(notices) == 3


@given(st.datetimes(timezones=st.just(NOW.tzinfo)), st.integers(1, 10**17), st.booleans())
def test_a_cursor_is_the_same_after_its_way_through_a_url(at: Any, id_: int, back: bool) -> None:
    cursor = Cursor(at, id_, back)
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize("text", ["", "down~x~1", "sideways~2026-01-01~1", "down~2026-01-01~y"])
def test_no_typed_cursor_is_an_error(text: str) -> None:
    assert Cursor.parse(text) is None


def test_every_row_is_a_case(session: Session, ask: Asked) -> None:
    case = make.case(session, 0, comment="x" * 500)
    (row,) = ask().rows
    kept = session.get_one(Case, case.id)
    assert (row.id, row.version, row.key) == (kept.id, kept.version, kept.rank_at)
    assert len(row.said) == 240
