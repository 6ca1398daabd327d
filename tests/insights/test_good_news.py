"""Good news: whose answer turned for the better, what lay between, and what is none."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from sqlmodel import Session, col, select

from db.engine import is_sqlite
from db.models import Contact, Response, RootCause, UserUnit
from services import settings
from services.access import actor_for
from services.cases import verbs
from services.domain.scores import Metric
from services.insights.good_news import GoodNews, good_news
from services.insights.good_news_selects import NewsFilter, Now, looked_at, turned
from services.insights.verbatims import Cursor
from tests import builders as make
from tests.builders import NOW

BOSS, DAY = make.actor("manager"), timedelta(days=1)
Say = Callable[..., Response]


@pytest.fixture
def dana(session: Session) -> Contact:
    return make.contact(session, "dana@acme.example", name="Dana")


@pytest.fixture
def say(session: Session, dana: Contact) -> Say:
    """An answer of Dana's, so many days ago."""

    def answer(score: int, ago: int, **values: object) -> Response:
        at = NOW - ago * DAY
        return make.response(session, score, **{"contact_id": dana.id, "answered_at": at} | values)

    return answer


def told(session: Session, filter: NewsFilter | None = None) -> tuple[GoodNews, ...]:
    return good_news(session, BOSS, filter or NewsFilter()).rows


def test_who_scored_low_and_is_a_promoter_now_is_good_news(session: Session, say: Say) -> None:
    say(9, 400)
    for ago in (90, 60):
        say(2, ago)
    last = say(10, 5)
    (one,) = told(session)
    assert (one.answer.id, one.was, one.was_scale, one.lows) == (last.id, 2, "0-10", 2)
    assert one.was_at == NOW - 60 * DAY
    assert not one.first  # once, long ago, they were one
    assert one.between is None


def test_a_first_promoters_answer_is_said_to_be_one(session: Session, say: Say) -> None:
    say(3, 90)
    say(7, 60)
    say(4, 30)
    say(9, 5)
    later, earlier = told(session)
    assert (later.first, later.lows) == (True, 1)
    assert (earlier.first, earlier.answer.score) == (False, 7)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"is_test": True}, {"excluded_at": NOW, "excluded_reason": "spam"},
        {"contact_id": None, "anonymous": True}, {"metric": "csat", "score": 1},
    ],
)  # fmt: skip
def test_what_does_not_count_makes_no_news(
    session: Session, say: Say, spoilt: dict[str, object]
) -> None:
    say(9, 90)
    say(**{"score": 2, "ago": 60} | spoilt)
    say(9, 5)
    assert told(session) == ()


def test_an_answer_that_does_not_count_is_no_news_itself(session: Session, say: Say) -> None:
    say(2, 60)
    say(10, 7, is_test=True)
    say(10, 6, excluded_at=NOW, excluded_reason="spam")
    say(4, 5)
    assert told(session) == ()


def test_who_was_erased_is_thanked_by_nobody(session: Session, say: Say, dana: Contact) -> None:
    say(2, 60)
    say(10, 5)
    dana.email = dana.email_norm = dana.name = None
    dana.erased_at = NOW
    session.flush()
    assert told(session) == ()


def test_the_case_that_lay_between_is_named_with_who_worked_it(
    session: Session, dana: Contact, say: Say
) -> None:
    ann = make.user(session, name="Ann Bell")
    me = actor_for(session, ann)
    why = session.exec(select(RootCause.id).order_by(col(RootCause.id))).first() or 0
    for ago in (300, 40):
        at = NOW - ago * DAY
        case = make.case(session, 2, now=at, contact_id=dana.id)
        verbs.assign(session, me, case.number, to=ann.id, version=1, now=at)
        verbs.resolve(
            session, me, case.number, outcome="solved", root_cause_id=why, version=2, now=at + DAY
        )
    say(10, 5)
    (one,) = told(session)
    assert one.between is not None
    assert (one.between.number, one.between.owner) == (2, "Ann Bell")
    assert (one.between.status, one.between.outcome) == ("resolved", "solved")


def test_news_can_be_narrowed(session: Session, say: Say) -> None:
    north = make.unit(session, "North")
    say(2, 60)
    say(7, 5, unit_id=north.id)
    for filter, n in (
        (NewsFilter(now=(Now.PROMOTER,)), 0), (NewsFilter(now=(Now.PASSIVE,)), 1),
        (NewsFilter(metrics=(Metric.CES,)), 0), (NewsFilter(metrics=(Metric.NPS,)), 1),
        (NewsFilter(units=(99,)), 0), (NewsFilter(units=(north.id or 0,)), 1),
    ):  # fmt: skip
        assert len(told(session, filter)) == n, filter
    assert NewsFilter.from_query(NewsFilter(now=(Now.PASSIVE,)).to_query()) == (
        NewsFilter(now=(Now.PASSIVE,)), [],
    )  # fmt: skip


def test_a_reader_of_one_unit_is_told_of_its_answers_alone(session: Session, say: Say) -> None:
    north, south = make.unit(session, "North"), make.unit(session, "South")
    user = make.user(session, "csm")
    session.add(UserUnit(user_id=user.id, unit_id=north.id))
    settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    me = actor_for(session, user)
    say(9, 90, unit_id=north.id)
    say(1, 60, unit_id=south.id)
    say(10, 30, unit_id=north.id)
    assert len(told(session)) == 1
    assert good_news(session, me, NewsFilter()).rows == ()
    say(3, 20, unit_id=north.id)
    say(2, 10, unit_id=south.id)
    last = say(9, 5, unit_id=north.id)
    (one,) = good_news(session, me, NewsFilter()).rows
    assert (one.answer.id, one.was, one.lows) == (last.id, 3, 1)


def test_every_page_goes_on_where_the_last_one_ended(session: Session) -> None:
    """Whatever the size of a page and however little it may look at: all of them, each once."""
    random, expected = Random(5), []
    for _ in range(40):
        who = make.contact(session)
        for ago in random.choices(range(30), k=4):  # two at one moment among them
            score, at = random.choice([1, 8, 10]), NOW - ago * DAY
            make.response(session, score, contact_id=who.id, answered_at=at)
    rows = session.exec(
        select(Response).order_by(col(Response.contact_id), Response.answered_at, col(Response.id))  # type: ignore[arg-type]
    ).all()
    for before, after in zip(rows, rows[1:], strict=False):
        if before.contact_id == after.contact_id and before.band == -1 and after.band >= 0:
            expected.append((after.answered_at, after.id))
    expected.sort(reverse=True)
    assert len(expected) > 20
    for size, budget in ((25, 1000), (3, 1000), (25, 7), (4, 9)):
        found, cursor = [], None
        for _ in range(100):
            page = good_news(session, BOSS, NewsFilter(), cursor=cursor, size=size, budget=budget)
            found += [(one.answer.answered_at, one.answer.id) for one in page.rows]
            cursor = Cursor.parse(str(page.older)) if page.older else None
            if cursor is None:
                break
        assert found == expected


def test_the_predecessors_are_looked_up_along_indexes(session: Session) -> None:
    if not is_sqlite(session):
        return  # with so few rows PostgreSQL reads them all
    looked = looked_at(None, 100)
    asked = turned(looked, NewsFilter(), BOSS, 26).compile(
        session.get_bind(), compile_kwargs={"literal_binds": True}
    )
    plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
    assert "SCAN r USING INDEX ix_response_trend" in plan
    assert "SEARCH p USING INDEX ix_response_contact (contact_id=?)" in plan
    assert "SEARCH of USING INTEGER PRIMARY KEY (rowid=?)" in plan
