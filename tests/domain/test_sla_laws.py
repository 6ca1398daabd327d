"""Laws of business hours: what holds of any calendar, start and promise."""

from datetime import UTC, date, datetime, time, timedelta
from timeit import repeat
from typing import Any
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.sla import (
    Calendar,
    add_days,
    add_hours,
    between,
)
from tests.domain.test_sla import HOUR, LUNCH, MINUTE, MOMENT, MONDAY, always


@st.composite
def days_of_work(draw: st.DrawFn) -> tuple[tuple[time, time], ...]:
    """Zero to three spans, some to midnight, some touching."""
    edges = sorted(draw(st.lists(st.integers(0, 96), unique=True, max_size=6)))
    if len(edges) % 2:
        edges.pop()
    if len(edges) >= 4 and draw(st.booleans()):
        edges[2] = edges[1]
    at = [time(quarter // 4 % 24, quarter % 4 * 15) for quarter in edges]
    return tuple(zip(at[::2], at[1::2], strict=True))


CHANGES = [
    "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo",
    "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Kathmandu", "America/Sao_Paulo",
    "Asia/Tehran", "Asia/Beirut", "UTC",
]  # fmt: skip
zones = st.sampled_from(CHANGES) | st.sampled_from(sorted(available_timezones() - {"localtime"}))
holidays = st.frozensets(st.dates(date(2005, 1, 1), date(2030, 12, 31)), max_size=40)
weeks = (
    st.lists(days_of_work(), min_size=7, max_size=7)
    .map(tuple)
    .filter(lambda week: between(MONDAY, MONDAY + timedelta(7), Calendar("UTC", week)) >= HOUR)
)
calendars = st.builds(Calendar, zones, weeks, holidays)
changing = st.sampled_from(["2006-10-28", "2011-12-29", "2026-03-07", "2026-03-28", "2026-04-23",
                            "2026-10-24", "2026-10-31"]).map(datetime.fromisoformat)  # fmt: skip
moments = (
    st.datetimes(datetime(2004, 1, 1), datetime(2031, 1, 1))
    | st.builds(lambda day, n: day + n * MINUTE, changing, st.integers(0, 3000))
).map(lambda found: found.replace(tzinfo=UTC))
minutes = st.integers(0, 12_000)


def hours(minutes: int) -> float:
    return minutes / 60


@settings(deadline=None, max_examples=300)
@given(calendars, moments, minutes)
def test_the_open_time_until_a_due_moment_is_what_was_promised(
    calendar: Calendar, start: datetime, given: int
) -> None:
    due = add_hours(start, hours(given), calendar)
    assert between(start, due, calendar) == given * MINUTE
    assert due >= start


@settings(deadline=None, max_examples=300)
@given(calendars, moments, minutes, st.integers(1, 12_000))
def test_hours_add_up(calendar: Calendar, start: datetime, one: int, other: int) -> None:
    twice = add_hours(add_hours(start, hours(one), calendar), hours(other), calendar)
    assert twice == add_hours(start, hours(one + other), calendar)


@settings(deadline=None, max_examples=200)
@given(calendars, moments, moments, minutes, minutes)
def test_who_comes_later_or_is_promised_more_is_not_due_earlier(
    calendar: Calendar, one: datetime, other: datetime, few: int, many: int
) -> None:
    first, second = sorted((one, other))
    few, many = sorted((few, many))
    assert add_hours(first, hours(few), calendar) <= add_hours(second, hours(few), calendar)
    assert add_hours(first, hours(few), calendar) <= add_hours(first, hours(many), calendar)


@settings(deadline=None, max_examples=200)
@given(calendars, moments, minutes)
def test_what_is_due_lies_in_open_time_or_at_its_edge(
    calendar: Calendar, start: datetime, given: int
) -> None:
    for due in (add_hours(start, hours(given), calendar), add_days(start, given % 9, calendar)):
        assert between(due - MOMENT, due + MOMENT, calendar) > timedelta()
    opening = add_hours(start, 0, calendar)
    assert between(opening, opening + MOMENT, calendar) == MOMENT
    assert between(start, opening, calendar) == timedelta()


@settings(deadline=None, max_examples=200)
@given(calendars, moments, st.integers(0, 10**6), st.integers(0, 10**6))
def test_open_time_adds_up_and_is_never_more_than_the_time(
    calendar: Calendar, a: datetime, first: int, second: int
) -> None:
    b, c = a + first * MINUTE, a + (first + second) * MINUTE
    whole = between(a, c, calendar)
    assert between(a, b, calendar) + between(b, c, calendar) == whole
    assert timedelta() <= whole <= c - a
    assert between(c, a, calendar) == timedelta()


@settings(deadline=None, max_examples=200)
@given(zones, moments, st.integers(0, 20_000))
def test_round_the_clock_business_time_is_plain_time(
    zone: str, start: datetime, minutes: int
) -> None:
    calendar, end = always(zone), start + minutes * MINUTE
    assert between(start, end, calendar) == end - start
    assert add_hours(start, hours(minutes), calendar) == end


@settings(deadline=None, max_examples=200)
@given(calendars, moments, st.integers(0, 12))
def test_days_go_forward_one_business_day_at_a_time(
    calendar: Calendar, start: datetime, days: int
) -> None:
    due = add_days(start, days, calendar)
    assert add_hours(start, 0, calendar) <= due < add_days(start, days + 1, calendar)


@settings(deadline=None, max_examples=20)
@given(weeks, zones)
def test_the_longest_promise_of_the_settings_can_be_made_in_any_week(week: Any, zone: str) -> None:
    kept = Calendar.parse(Calendar(zone, week).to_json())
    assert between(MONDAY, add_hours(MONDAY, 1000, kept), kept) == 1000 * HOUR
    assert add_days(MONDAY, 100, kept) > MONDAY


@settings(deadline=None)
@given(calendars)
def test_json_and_back_is_the_same_calendar(calendar: Calendar) -> None:
    assert Calendar.parse(calendar.to_json()) == calendar
    assert hash(Calendar.parse(calendar.to_json())) == hash(calendar)


def test_a_promise_is_worked_out_in_microseconds() -> None:
    """About 5 on a laptop; the bound is for a machine that is busy with other things."""
    start = datetime(2026, 5, 7, 12, tzinfo=UTC)
    took = min(repeat(lambda: add_hours(start, 24, LUNCH), number=500, repeat=5)) / 500
    assert took < 100e-6
