"""Verbatims: every row once, in order, counted, searchable, and only those that may be read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session

from services import insights
from services.domain.scores import Band, Metric
from services.insights import Cursor, Filter, Page, State
from tests import builders as make
from tests.builders import NOW
from tests.insights.conftest import Answer

ADMIN = make.actor()
JUNE = Filter(range="2026-06-01..2026-06-30")


def ids(page: Page) -> list[int]:
    return [row.id for row in page.rows]


def read(session: Session, filter: Filter = JUNE, **values: Any) -> Page:
    return insights.verbatims(session, ADMIN, filter, now=NOW, **values)


# --- pages


def test_pages_hold_every_row_once_in_order_and_ties_stay_in_place(
    berlin: Session, answer: Answer
) -> None:
    made = [
        answer(9, answered_at=NOW - timedelta(days=n // 4)).id or 0  # four at each moment
        for n in range(23)
    ]
    expected = sorted(made, key=lambda i: (-(made.index(i) // 4), i), reverse=True)
    there, seen, cursor = [], [], None
    while True:
        page = read(berlin, cursor=cursor, size=5)
        there.append(page)
        seen += ids(page)
        if page.older is None:
            break
        cursor = page.older
    assert seen == expected
    assert [(p.first, p.last, p.total) for p in there] == [
        (1, 5, 23), (6, 10, 23), (11, 15, 23), (16, 20, 23), (21, 23, 23),
    ]  # fmt: skip
    back = [ids(page := there[-1])]
    while page.newer is not None:
        page = read(berlin, cursor=page.newer, size=5)
        back.insert(0, ids(page))
    assert [i for part in back for i in part] == expected
    assert page.first == 1


@pytest.mark.parametrize("hour", [0, 12, 23])
def test_the_list_begins_with_the_answer_that_is_asked_for_whatever_became_of_it(
    berlin: Session, answer: Answer, hour: int
) -> None:
    at = datetime(2024, 6, 5, hour, 59, tzinfo=UTC)  # long before the usual range
    made = [answer(9, answered_at=at).id or 0 for _ in range(3)]  # all at one moment
    newer = answer(2, answered_at=at + timedelta(minutes=5)).id or 0
    out = answer(7, answered_at=at, excluded_at=NOW, excluded_reason="double").id or 0
    for wanted in (*made, out):
        filter, cursor = insights.around(Metric.NPS, at, wanted)
        found = read(berlin, filter, cursor=cursor)
        rest = [one for one in (out, *reversed(made)) if one <= wanted]
        assert ids(found) == rest and found.total == 5
        assert found.newer is not None
        ahead = read(berlin, filter, cursor=found.newer)
        assert newer in ids(ahead) and ahead.first == 1


def test_a_new_row_does_not_shift_the_page_being_read(berlin: Session, answer: Answer) -> None:
    for n in range(6):
        answer(9, answered_at=NOW - timedelta(hours=n))
    first = read(berlin, size=3)
    second = ids(read(berlin, cursor=first.older, size=3))
    answer(9, answered_at=NOW)
    later = read(berlin, cursor=first.older, size=3)
    assert ids(later) == second and (later.first, later.total) == (5, 7)


def test_a_cursor_behind_which_nothing_is_left_leads_to_the_newest(
    berlin: Session, answer: Answer
) -> None:
    only = answer(9).id
    page = read(berlin, cursor=Cursor(datetime(2020, 1, 1, tzinfo=UTC), 1))
    assert (ids(page), page.first, page.newer, page.older) == ([only], 1, None, None)


def test_no_rows_make_an_empty_page(berlin: Session) -> None:
    page = read(berlin)
    assert (page.rows, page.first, page.last, page.total) == ((), 0, 0, 0)
    assert (page.newer, page.older) == (None, None)


def test_a_cursor_reads_back_and_junk_is_none() -> None:
    cursor = Cursor(NOW + timedelta(microseconds=7), 12, True)
    assert Cursor.parse(str(cursor)) == cursor
    for junk in ("", "older", "older~x~1", "older~2026-01-01~y", "up~2026-01-01T00:00:00Z~1"):
        assert Cursor.parse(junk) is None
    assert Cursor.parse("older~0001-01-01T00:00:00+23:59~1") is None


@pytest.mark.parametrize(
    ("state", "found"),
    [(State.COUNTED, "c"), (State.TEST, "tu"), (State.EXCLUDED, "xu"), (State.ALL, "ctux")],
)
def test_everything_reaches_to_the_ends_of_what_is_listed(
    berlin: Session, answer: Answer, state: State, found: str
) -> None:
    out = {"excluded_at": NOW, "excluded_reason": "spam"}
    made = {
        answer(9).id: "c",
        answer(9, is_test=True, answered_at=NOW - timedelta(days=900)).id: "t",
        answer(9, answered_at=NOW + timedelta(days=90), **out).id: "x",
        answer(9, is_test=True, answered_at=NOW - timedelta(days=990), **out).id: "u",
    }
    page = read(berlin, Filter(range="all", state=state))
    assert sorted(made[i] for i in ids(page)) == sorted(found)
    first = min(row.answered_at for row in page.rows).date()
    assert page.span.current.days.first == first


# --- filters


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        (JUNE, "abcd"),
        (JUNE.narrowed(channels=("email",)), "ab"),
        (JUNE.narrowed(channels=("email", "sms")), "abc"),
        (JUNE.narrowed(touchpoints=("support",)), "ac"),
        (JUNE.narrowed(props=(("plan", "pro"),)), "bc"),
        (JUNE.narrowed(bands=(Band.DETRACTOR,)), "cd"),
        (JUNE.narrowed(bands=(Band.DETRACTOR, Band.PASSIVE)), "bcd"),
        (JUNE.narrowed(scores=(10, 3)), "ac"),
        (JUNE.narrowed(commented=True), "ad"),
        (JUNE.narrowed(text="invoice"), "a"),
        (JUNE.narrowed(channels=("email",), props=(("plan", "pro"),)), "b"),
        (JUNE.narrowed(metric=Metric.CSAT), "e"),
        (JUNE.narrowed(state=State.TEST), "t"),
        (JUNE.narrowed(state=State.EXCLUDED), "x"),
        (JUNE.narrowed(state=State.ALL), "abcdtx"),
        (JUNE.narrowed(range="last-month"), ""),
    ],
    ids=lambda value: str(value.to_query()) if isinstance(value, Filter) else value,
)
def test_each_filter_finds_its_rows(
    berlin: Session, answer: Answer, filter: Filter, found: str
) -> None:
    day = NOW - timedelta(days=2)
    rows: dict[str, dict[str, Any]] = {
        "a": {"score": 10, "channel": "email", "touchpoint": "support", "comment": "The INVOICE"},
        "b": {"score": 8, "channel": "email", "props": {"plan": "pro"}},
        "c": {"score": 3, "channel": "sms", "touchpoint": "support", "props": {"plan": "pro"}},
        "d": {"score": 0, "comment": "slow"},
        "e": {"score": 1, "metric": "csat"},
        "t": {"score": 0, "is_test": True},
        "x": {"score": 0, "excluded_at": NOW, "excluded_reason": "spam"},
    }
    for name, values in rows.items():
        answer(**values, external_id=name, answered_at=day)
    page = read(berlin, filter)
    wanted = {row.id: row.external_id for row in _all(berlin)}
    assert "".join(sorted(wanted[i] for i in ids(page))) == found
    assert page.total == len(found)


def _all(session: Session) -> list[Any]:
    from sqlmodel import select

    from db.models import Response

    return list(session.exec(select(Response)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("support", [1, 2]),
        ("SUPPORT slow", [1]),
        ('"slow support"', [1]),
        ('"support slow"', []),
        ("sup*", [1, 2, 3]),
        ("support -slow", [2]),
        ("-slow", [1, 2, 3, 4]),  # nothing is asked for, so nothing is left out
        ("FÜR", [4]),
        ("100%", [4]),
        ("' OR 1=1 --", []),
        ('"', [1, 2, 3, 4]),
    ],
)
def test_search_finds_the_same_on_both_engines(
    berlin: Session, answer: Answer, query: str, found: list[int]
) -> None:
    comments = ["Slow support!", "support, great", "superb", "Für uns zu 100% gut"]
    numbers = {answer(9, comment=text).id: n for n, text in enumerate(comments, 1)}
    page = read(berlin, JUNE.narrowed(text=query))
    assert sorted(numbers[i] for i in ids(page)) == found
    head = insights.headline(berlin, ADMIN, JUNE.narrowed(text=query), now=NOW)
    assert head.main.now.n == len(found)


def test_found_words_are_marked_where_they_stand(berlin: Session, answer: Answer) -> None:
    answer(9, comment="Support? supported SUPPORT")
    (row,) = read(berlin, JUNE.narrowed(text="support")).rows
    assert [(row.comment or "")[a:b] for a, b in row.marks] == ["Support", "SUPPORT"]


# --- rows


def test_a_row_tells_who_where_and_what_became_of_it(berlin: Session, answer: Answer) -> None:
    boss = make.user(berlin, "manager", name="Ann")
    acme = make.account(berlin, "Acme")
    dana = make.contact(berlin, "dana@example.com", name="Dana", account_id=acme.id)
    answer(
        3,
        comment="Slow",
        contact_id=dana.id,
        account_id=acme.id,
        unit_id=make.unit(berlin, "North").id,
        followup="requested",
        props={"plan": "pro", "seats": 5},
        excluded_at=NOW,
        excluded_by=boss.id,
        excluded_reason="a competitor",
    )
    (row,) = read(berlin, JUNE.narrowed(state=State.EXCLUDED)).rows
    assert (row.name, row.email, row.account, row.unit) == (
        "Dana", "dana@example.com", "Acme", "North",
    )  # fmt: skip
    assert (row.band, row.metric, row.scale, row.survey) == (Band.DETRACTOR, "nps", "0-10", "NPS")
    assert row.props == (("plan", "pro"), ("seats", "5"))
    assert row.exclusion is not None
    assert (row.exclusion.by, row.exclusion.reason) == ("Ann", "a competitor")


def test_units_limit_the_rows_and_their_number(berlin: Session, answer: Answer) -> None:
    north, south = make.unit(berlin, "North"), make.unit(berlin, "South")
    mine = answer(9, unit_id=north.id, comment="mine").id
    for unit in (south.id, None):
        answer(9, unit_id=unit, comment="theirs")
    csm = make.actor("csm", units=(north.id,))
    for filter in (
        JUNE,
        JUNE.narrowed(state=State.ALL),
        JUNE.narrowed(units=(north.id, south.id)),
        JUNE.narrowed(text="mine"),
    ):
        page = insights.verbatims(berlin, csm, filter, now=NOW)
        assert (ids(page), page.total) == ([mine], 1)
    for filter in (JUNE.narrowed(units=(south.id,)), JUNE.narrowed(text="theirs")):
        assert insights.verbatims(berlin, csm, filter, now=NOW).total == 0


def test_the_rows_of_a_point_are_as_many_as_it_says(berlin: Session, answer: Answer) -> None:
    for hours in range(0, 24 * 60, 5):
        answer(hours % 11, answered_at=NOW - timedelta(hours=hours))
    for point in insights.score_trend(berlin, ADMIN, Filter(range="90d"), now=NOW).points:
        narrowed = Filter(range="90d").narrowed(point.bucket.days)
        assert read(berlin, narrowed).total == point.estimate.n
