"""When a digest is due: once a day at its hour, whatever the clocks and the worker do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.digest_times import DAY, WORKDAYS, due, moment, reached, said, upcoming

BERLIN = ZoneInfo("Europe/Berlin")
ALL = range(7)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def test_an_hour_that_the_clocks_leave_out_comes_when_they_have_jumped() -> None:
    spring = date(2026, 3, 29)
    assert moment(spring, 2, BERLIN).astimezone(BERLIN).hour == 3
    assert due(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), 2, BERLIN, [6], None) == spring - 7 * DAY
    assert due(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 2, BERLIN, [6], None) == spring


def test_an_hour_that_comes_twice_counts_once() -> None:
    autumn, first = date(2026, 10, 25), datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
    assert due(first, 2, BERLIN, ALL, autumn - DAY) == autumn
    for later in (timedelta(minutes=59), timedelta(hours=1), timedelta(hours=2)):
        assert due(first + later, 2, BERLIN, ALL, autumn) is None


def test_the_hour_is_that_of_its_own_zone() -> None:
    at = datetime(2026, 6, 15, 21, 30, tzinfo=UTC)
    assert due(at, 6, ZoneInfo("Asia/Tokyo"), ALL, date(2026, 6, 15)) == date(2026, 6, 16)
    assert due(at, 6, BERLIN, ALL, date(2026, 6, 15)) is None


def test_a_worker_that_was_away_for_days_makes_one() -> None:
    back = datetime(2026, 6, 18, 12, tzinfo=UTC)
    assert due(back, 8, BERLIN, ALL, date(2026, 6, 14)) == date(2026, 6, 18)
    assert due(back, 8, BERLIN, ALL, date(2026, 6, 18)) is None


def test_only_the_chosen_days_count_and_no_day_is_never() -> None:
    sunday = datetime(2026, 6, 14, 12, tzinfo=UTC)
    assert due(sunday, 8, BERLIN, WORKDAYS, date(2026, 6, 11)) == date(2026, 6, 12)
    assert due(sunday, 8, BERLIN, WORKDAYS, date(2026, 6, 12)) is None
    assert due(sunday, 8, BERLIN, [], None) is None is upcoming(sunday, 8, BERLIN, [])


@pytest.mark.parametrize(
    ("days", "words"),
    [(WORKDAYS, "Monday to Friday"), (ALL, "Every day"), ([4, 0], "Monday, Friday"), ([], "Never")],
)
def test_the_days_are_said_in_words(days: range, words: str) -> None:
    assert said(days) == words


@settings(max_examples=30)
@given(MOMENTS, st.integers(0, 23), ZONES, st.sets(st.integers(0, 6), min_size=1))
def test_looking_every_minute_makes_each_day_once_and_in_order(
    start: datetime, hour: int, name: str, days: set[int]
) -> None:
    zone, made = ZoneInfo(name), list[date]()
    last = reached(start, hour, zone)
    for n in range(0, 9 * 24 * 4):
        day = due(start + n * timedelta(minutes=15), hour, zone, days, last)
        if day is not None:
            made.append(day)
            last = day
    assert made == sorted(set(made)) and {day.weekday() for day in made} <= days
    whole = {reached(start, hour, zone) + n * DAY for n in range(1, 9)}
    assert {day for day in whole if day.weekday() in days} <= set(made)


@given(MOMENTS, st.integers(0, 23), ZONES, st.sets(st.integers(0, 6), min_size=1))
def test_the_next_one_is_due_when_it_is_said_to_come(
    now: datetime, hour: int, name: str, days: set[int]
) -> None:
    zone = ZoneInfo(name)
    at = upcoming(now, hour, zone, days)
    assert at is not None and at > now
    day = due(at, hour, zone, days, None)
    assert day is not None and moment(day, hour, zone) == at
