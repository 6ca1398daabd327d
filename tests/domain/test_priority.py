"""The order of the queue: what moves a case forward, by how much, and in which words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import priority
from services.domain.bands import Direction, Scale
from services.domain.priority import Facts, Reason

TODAY = date(2026, 6, 15)
DUE = datetime(2026, 6, 18, 12, tzinfo=UTC)
PLAIN = Facts(
    score=6, scale=Scale(0, 10), direction=Direction.HIGH_IS_GOOD, asked=False, arr=None,
    currency=None, renewal_on=None, large=50_000, was=None, was_on=None, cases=0,
)  # fmt: skip


def told(**values: object) -> list[tuple[str, int]]:
    found = priority.reasons(replace(PLAIN, **values), TODAY)  # type: ignore[arg-type]
    return [(priority.words(reason, TODAY), reason["hours"]) for reason in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"asked": True}, [("asked to be contacted", 24)]),
        ({"arr": Decimal(84_000), "currency": "EUR"}, [("84k EUR a year", 24)]),
        ({"arr": Decimal(12_500), "currency": "USD"}, [("12k USD a year", 12)]),
        ({"arr": Decimal(12_499)}, []),
        ({"renewal_on": date(2026, 6, 15)}, [("renews today", 24)]),
        ({"renewal_on": date(2026, 7, 15)}, [("renews in 30 d", 24)]),
        ({"renewal_on": date(2026, 7, 16)}, [("renews in 31 d", 12)]),
        ({"renewal_on": date(2026, 9, 13)}, [("renews in 90 d", 12)]),
        ({"renewal_on": date(2026, 9, 14)}, []),
        ({"renewal_on": date(2026, 6, 14)}, []),
        ({"was": 9, "was_on": date(2026, 5, 3)}, [("was 9 in May 2026", 16)]),
        ({"score": 2}, [("lowest scores", 16)]),
        ({"score": 3}, [("low score", 8)]),
        ({"score": 5}, []),
        ({"cases": 1}, [("1 case in the half year before", 12)]),
        ({"cases": 3}, [("3 cases in the half year before", 12)]),
        ({"score": 1, "scale": Scale(1, 5)}, [("lowest scores", 16)]),
        ({"score": 7, "scale": Scale(1, 7), "direction": Direction.HIGH_IS_BAD},
         [("lowest scores", 16)]),
    ],
)  # fmt: skip
def test_each_reason_moves_a_case_by_its_hours(
    values: dict[str, object], expected: list[tuple[str, int]]
) -> None:
    assert told(**values) == expected


def test_the_strongest_reason_is_said_first() -> None:
    found = told(score=0, asked=True, cases=2, renewal_on=date(2026, 8, 1))
    assert [hours for _, hours in found] == [24, 16, 12, 12]


def test_words_follow_the_day_they_are_read_on() -> None:
    reason: Reason = {"code": "renewal_soon", "on": "2026-06-20", "hours": 24}
    assert priority.words(reason, TODAY) == "renews in 5 d"
    assert priority.words(reason, date(2026, 6, 22)) == "renewal was 2 d ago"


@pytest.mark.parametrize(
    ("amount", "said"),
    [("900", "900 EUR"), ("1500", "1.5k EUR"), ("84000", "84k EUR"), ("1200000", "1.2M EUR"),
     ("2000", "2k EUR")],
)  # fmt: skip
def test_money_is_said_at_a_glance(amount: str, said: str) -> None:
    assert priority.money(Decimal(amount), "EUR") == said


facts = st.builds(
    Facts,
    score=st.integers(0, 6),
    scale=st.just(Scale(0, 10)),
    direction=st.just(Direction.HIGH_IS_GOOD),
    asked=st.booleans(),
    arr=st.none() | st.decimals(0, 10**8, places=2),
    currency=st.none() | st.just("EUR"),
    renewal_on=st.none() | st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    large=st.integers(1, 10**7),
    was=st.none() | st.integers(9, 10),
    was_on=st.none() | st.dates(date(2024, 1, 1), TODAY),
    cases=st.integers(0, 5),
)


@given(facts)
def test_no_reason_moves_a_case_back_nor_further_than_the_most(one: Facts) -> None:
    found = priority.reasons(one, TODAY)
    place = priority.rank(DUE, found)
    assert DUE - timedelta(hours=priority.MOST) <= place <= DUE
    assert all(priority.words(reason, TODAY) for reason in found)


@given(facts)
def test_what_is_overdue_by_more_than_the_most_comes_before_anything_new(one: Facts) -> None:
    forgotten = priority.rank(DUE - timedelta(hours=priority.MOST + 1), [])
    assert forgotten < priority.rank(DUE, priority.reasons(one, TODAY))


@given(facts)
def test_more_value_never_means_a_later_place(one: Facts) -> None:
    richer = replace(one, arr=(one.arr or Decimal(0)) * 10 + 1)
    before, after = (priority.rank(DUE, priority.reasons(f, TODAY)) for f in (one, richer))
    assert after <= before
