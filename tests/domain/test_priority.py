"""The order of the queue: what moves a case forward, by how much, and in which words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import priority
from services.domain.bands import Direction, Scale
from services.domain.priority import Facts, Reason
from services.domain.weights import NAMES, USUAL, Weights

TODAY = date(2026, 6, 15)
DUE = datetime(2026, 6, 18, 12, tzinfo=UTC)
CODES = {
    "value": "large", "renewal": "renewal_soon", "asked": "asked", "flip": "flip",
    "depth": "lowest", "repeated": "repeated", "tenure": "known",
}  # fmt: skip
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
        ({"arr": Decimal(84_000), "currency": "EUR"}, [("84k EUR a year", 66)]),
        ({"arr": Decimal(50_000), "currency": "EUR"}, [("50k EUR a year", 48)]),
        ({"arr": Decimal(25_000), "currency": "USD"}, [("25k USD a year", 24)]),
        ({"arr": Decimal(12_500), "currency": "USD"}, []),
        ({"arr": Decimal(6_250), "currency": "USD"}, [("only 6.2k USD a year", -24)]),
        ({"arr": Decimal(100), "currency": "USD"}, [("only 100 USD a year", -48)]),
        ({"arr": Decimal(10**9), "currency": "USD"}, [("1000M USD a year", 144)]),
        ({"arr": Decimal(0), "currency": "USD"}, []),
        ({"arr": Decimal(84_000), "large": 84_000}, [("84k a year", 48)]),
        ({"renewal_on": date(2026, 6, 15)}, [("renews today", 72)]),
        ({"renewal_on": date(2026, 7, 15)}, [("renews in 30 d", 48)]),
        ({"renewal_on": date(2026, 8, 14)}, [("renews in 60 d", 24)]),
        ({"renewal_on": date(2026, 9, 13)}, []),
        ({"renewal_on": date(2026, 6, 14)}, []),
        ({"was": 9, "was_on": date(2026, 5, 3)}, [("was 9 in May 2026", 24)]),
        ({"score": 0}, [("lowest scores", 36)]),
        ({"score": 2}, [("lowest scores", 24)]),
        ({"score": 3}, [("low score", 18)]),
        ({"score": 6}, []),
        ({"cases": 1}, [("1 case in the half year before", 12)]),
        ({"cases": 3}, [("3 cases in the half year before", 24)]),
        ({"cases": 30}, [("30 cases in the half year before", 24)]),
        ({"since": date(2025, 9, 1)}, []),
        ({"since": date(2024, 6, 15)}, [("known since 2024", 4)]),
        ({"since": date(2019, 6, 15)}, [("known since 2019", 8)]),
        ({"score": 1, "scale": Scale(1, 5)}, [("lowest scores", 36)]),
        ({"score": 7, "scale": Scale(1, 7), "direction": Direction.HIGH_IS_BAD},
         [("lowest scores", 36)]),
    ],
)  # fmt: skip
def test_each_reason_moves_a_case_by_its_hours(
    values: dict[str, object], expected: list[tuple[str, int]]
) -> None:
    assert told(**values) == expected


def test_the_strongest_reason_is_said_first() -> None:
    found = told(score=0, asked=True, cases=2, renewal_on=date(2026, 8, 1))
    assert [hours for _, hours in found] == [36, 34.4, 24, 19]


def test_what_speaks_against_a_case_comes_last() -> None:
    found = told(arr=Decimal(1000), currency="EUR", asked=True)
    assert [hours for _, hours in found] == [24, -48]


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_moves_its_own_reason_and_no_other(name: str) -> None:
    full = replace(
        PLAIN, asked=True, arr=Decimal(84_000), renewal_on=TODAY, was=9, was_on=TODAY, score=0,
        cases=1, since=date(2020, 1, 1),
    )  # fmt: skip
    usual = {r["code"]: r["hours"] for r in priority.reasons(full, TODAY)}
    halved = Weights(**{name: getattr(USUAL, name) / 2})
    found = {r["code"]: r["hours"] for r in priority.reasons(full, TODAY, halved)}
    assert [code for code in usual if found[code] != usual[code]] == [CODES[name]]
    assert found[CODES[name]] == pytest.approx(usual[CODES[name]] / 2, abs=0.1)


def test_a_reason_without_weight_is_not_told_but_the_alarm_is() -> None:
    facts = replace(PLAIN, asked=True, was=9, was_on=TODAY)
    found = priority.reasons(facts, TODAY, Weights(asked=0, flip=0))
    assert [(r["code"], r["hours"]) for r in found] == [("flip", 0)] and priority.alarming(found)
    assert not priority.alarming(priority.reasons(PLAIN, TODAY))


def test_renewals_keep_their_order_as_the_days_go_by() -> None:
    near, far = (replace(PLAIN, renewal_on=TODAY + timedelta(days=d)) for d in (40, 60))
    gaps = [
        priority.shift(priority.reasons(near, day)) - priority.shift(priority.reasons(far, day))
        for day in (TODAY, TODAY + timedelta(days=25))
    ]
    assert gaps == [pytest.approx(16, abs=0.1)] * 2


def test_reasons_of_earlier_versions_are_still_readable() -> None:
    old: list[Reason] = [
        {"code": "large", "arr": "84000", "currency": "EUR", "hours": 24},
        {"code": "renewal_near", "on": "2026-07-15", "hours": 12}, {"code": "lowest", "hours": 16},
    ]  # fmt: skip
    said = [priority.words(reason, TODAY) for reason in old]
    assert said == ["84k EUR a year", "renews in 30 d", "lowest scores"]
    assert priority.hours(old) == 52


@pytest.mark.parametrize(
    ("given", "why"),
    [({"luck": 1}, "there is no weight 'luck'"), ({"value": -1}, "0 to 48 hours"),
     ({"value": 49}, "0 to 48 hours"), ({"asked": True}, "0 to 168 hours"),
     ({"asked": float("nan")}, "0 to 168 hours"), ({"asked": "24"}, "0 to 168 hours")],
)  # fmt: skip
def test_weights_that_make_no_sense_are_refused(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Weights.parse(given)


def test_weights_are_kept_in_their_shortest_form() -> None:
    assert Weights.parse({"value": 24, "asked": 30}).to_json() == {"asked": 30}
    assert Weights.parse(Weights(flip=1).to_json()) == Weights(flip=1)


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
    since=st.none() | st.dates(date(2015, 1, 1), TODAY),
)


@given(facts)
def test_reasons_move_a_case_within_their_bounds_and_add_up(one: Facts) -> None:
    found = priority.reasons(one, TODAY)
    forward = DUE - priority.rank(DUE, found)
    together = round(sum(reason["hours"] for reason in found), 1)
    bounded = max(priority.LEAST, min(priority.MOST, together))
    assert forward == timedelta(hours=bounded)
    assert all(priority.words(reason, TODAY) for reason in found)


@given(facts)
def test_what_is_long_overdue_comes_before_anything_new(one: Facts) -> None:
    worst: list[Reason] = [{"code": "small", "hours": -1000}]
    long_ago = DUE - timedelta(hours=priority.MOST - priority.LEAST, seconds=1)
    assert priority.rank(long_ago, worst) < priority.rank(DUE, priority.reasons(one, TODAY))


@given(facts)
def test_more_value_never_means_a_later_place(one: Facts) -> None:
    one = replace(one, arr=one.arr or Decimal(1))
    richer = replace(one, arr=one.arr * 10)  # type: ignore[operator]
    before, after = (priority.rank(DUE, priority.reasons(f, TODAY)) for f in (one, richer))
    assert after <= before
