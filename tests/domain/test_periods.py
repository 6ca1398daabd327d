"""Buckets tile a range in any zone; ranges and the periods before them mean what they say."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.periods import (
    EARLIEST,
    LATEST,
    MOST_POINTS,
    RANGES,
    Compare,
    Days,
    Grain,
    add_months,
    before,
    buckets,
    days_label,
    first_of,
    fit,
    midnight,
    named,
    period,
)

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
TODAY = date(2026, 6, 15)
ALL = Days(date(2024, 3, 7), TODAY)
HOUR = timedelta(hours=1)

zones = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
starts = st.dates(date(1975, 1, 1), date(2060, 12, 31))
ranges = st.builds(lambda first, n: Days(first, first + timedelta(n)), starts, st.integers(0, 500))
moments = st.datetimes(datetime(1974, 1, 1), datetime(2063, 1, 1), timezones=st.just(UTC))


def days(text: str) -> Days:
    return Days.parse(text)


# --- buckets


@settings(deadline=None)
@given(ranges, st.sampled_from(Grain), zones)
def test_buckets_tile_the_range_without_gap_or_overlap_in_any_zone(
    asked: Days, grain: Grain, zone: ZoneInfo
) -> None:
    found, whole = buckets(asked, grain, zone), period(asked, zone)
    assert all(bucket.start < bucket.end for bucket in found)
    assert all(one.end == other.start for one, other in pairwise(found))
    if found:
        assert (found[0].start, found[-1].end) == (whole.start, whole.end)
    else:
        assert whole.start == whole.end  # a range of one day that the zone left out


@settings(deadline=None)
@given(ranges, st.sampled_from(Grain), zones, moments)
def test_a_moment_lies_in_the_bucket_of_its_local_day(
    asked: Days, grain: Grain, zone: ZoneInfo, moment: datetime
) -> None:
    local = moment.astimezone(zone).date()
    inside = [b for b in buckets(asked, grain, zone) if b.start <= moment < b.end]
    assert len(inside) == (asked.first <= local <= asked.last)
    assert all(b.days.first <= local <= b.days.last for b in inside)
    assert all(first_of(local, grain) <= b.days.first for b in inside)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-15", 24)]
)
def test_a_day_that_clocks_change_has_23_or_25_hours(day: str, hours: int) -> None:
    (only,) = buckets(days(f"{day}..{day}"), Grain.DAY, BERLIN)
    assert only.end - only.start == hours * HOUR


def test_a_day_begins_at_local_midnight() -> None:
    assert midnight(date(2026, 6, 15), NEW_YORK) == datetime(2026, 6, 15, 4, tzinfo=UTC)
    assert midnight(date(2026, 1, 15), NEW_YORK) == datetime(2026, 1, 15, 5, tzinfo=UTC)


def test_a_day_whose_midnight_is_skipped_begins_with_its_first_moment() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # 24 April 2026: 00:00 becomes 01:00
    begins = midnight(date(2026, 4, 24), cairo)
    assert begins.astimezone(cairo).hour == 1
    assert (begins - HOUR).astimezone(cairo).date() == date(2026, 4, 23)


def test_a_day_that_never_was_makes_no_bucket() -> None:
    found = buckets(days("2011-12-29..2011-12-31"), Grain.DAY, ZoneInfo("Pacific/Apia"))
    assert [bucket.days.first.day for bucket in found] == [29, 31]


def test_weeks_begin_on_monday_and_outer_buckets_say_that_they_are_cut_short() -> None:
    found = buckets(days("2026-06-03..2026-06-16"), Grain.WEEK, BERLIN)
    assert [str(bucket.days) for bucket in found] == [
        "2026-06-03..2026-06-07",
        "2026-06-08..2026-06-14",
        "2026-06-15..2026-06-16",
    ]
    assert [bucket.whole for bucket in found] == [False, True, False]


def test_buckets_carry_the_names_that_people_use() -> None:
    def labels(text: str, grain: Grain) -> list[str]:
        return [bucket.label for bucket in buckets(days(text), grain, BERLIN)]

    assert labels("2025-12-29..2026-01-01", Grain.WEEK) == ["29 Dec 2025 – 1 Jan 2026"]
    assert labels("2026-05-04..2026-05-12", Grain.WEEK) == ["4–10 May 2026", "11–12 May 2026"]
    assert labels("2026-05-31..2026-06-01", Grain.DAY) == ["31 May 2026", "1 Jun 2026"]
    assert labels("2026-05-31..2026-06-01", Grain.MONTH) == ["May 2026", "Jun 2026"]
    assert labels("2026-03-31..2026-04-01", Grain.QUARTER) == ["Q1 2026", "Q2 2026"]
    assert labels("2025-06-01..2026-06-01", Grain.YEAR) == ["2025", "2026"]
    assert days_label(days("2026-05-28..2026-06-03")) == "28 May – 3 Jun 2026"


# --- grains


@pytest.mark.parametrize(
    ("length", "grain"), [(1, "day"), (30, "day"), (90, "week"), (365, "month"), (4000, "quarter")]
)
def test_the_grain_fits_the_range(length: int, grain: str) -> None:
    asked = Days(TODAY - timedelta(length - 1), TODAY)
    assert fit(asked) == grain
    assert len(buckets(asked, fit(asked), BERLIN)) <= 61


@settings(deadline=None)
@given(st.dates(EARLIEST, LATEST), st.dates(EARLIEST, LATEST), st.sampled_from([*Grain, None]))
def test_no_grain_makes_more_points_than_a_chart_holds(
    one: date, other: date, wanted: Grain | None
) -> None:
    asked = Days(min(one, other), max(one, other))
    grain = fit(asked, wanted)
    assert len(buckets(asked, grain, BERLIN)) <= MOST_POINTS
    assert wanted is None or list(Grain).index(grain) >= list(Grain).index(wanted)


# --- ranges


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("7d", "2026-06-09..2026-06-15"),
        ("30d", "2026-05-17..2026-06-15"),
        ("90d", "2026-03-18..2026-06-15"),
        ("12m", "2025-07-01..2026-06-15"),
        ("month", "2026-06-01..2026-06-15"),
        ("last-month", "2026-05-01..2026-05-31"),
        ("quarter", "2026-04-01..2026-06-15"),
        ("last-quarter", "2026-01-01..2026-03-31"),
        ("year", "2026-01-01..2026-06-15"),
        ("all", "2024-03-07..2026-06-15"),
        ("2026-02-01..2026-02-28", "2026-02-01..2026-02-28"),
    ],
)
def test_a_named_range_holds_these_days(name: str, meant: str) -> None:
    assert str(named(name, TODAY, ALL)) == meant


@pytest.mark.parametrize(
    "text",
    ["", "5d", "2026-01-01", "2026-02-30..2026-03-01", "2026-03-01..2026-02-01", "x..y"]
    + ["0001-01-01..2026-01-01", "2026-01-01..9999-12-31", "20260101..20260102"],
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        named(text, TODAY, ALL)


@pytest.mark.parametrize(
    ("name", "compare", "meant"),
    [
        ("30d", "previous", "2026-04-17..2026-05-16"),
        ("12m", "previous", "2024-07-01..2025-06-15"),
        ("quarter", "previous", "2026-01-01..2026-03-15"),
        ("last-quarter", "previous", "2025-10-01..2025-12-31"),
        ("last-month", "previous", "2026-04-01..2026-04-30"),
        ("year", "previous", "2025-01-01..2025-06-15"),
        ("30d", "year", "2025-05-17..2025-06-15"),
        ("last-quarter", "year", "2025-01-01..2025-03-31"),
        ("2024-02-29..2024-02-29", "year", "2023-02-28..2023-02-28"),
    ],
)
def test_the_period_before_is_the_one_people_mean(name: str, compare: str, meant: str) -> None:
    found = before(named(name, TODAY, ALL), name, Compare(compare))
    assert str(found) == meant


def test_no_period_stands_before_all_time_or_when_none_is_asked_for() -> None:
    assert before(ALL, "all", Compare.PREVIOUS) is None
    assert before(ALL, "30d", Compare.NONE) is None
    assert before(Days(EARLIEST, TODAY), "custom", Compare.PREVIOUS) is None


@settings(deadline=None)
@given(starts, st.sampled_from([*RANGES, "custom"]), ranges, st.sampled_from(Compare))
def test_a_period_never_shares_a_day_with_the_one_before(
    today: date, name: str, custom: Days, compare: Compare
) -> None:
    asked = custom if name == "custom" else named(name, today, Days(EARLIEST, today))
    found = before(asked, name, compare)
    assert found is None or found.last < asked.first
    if found and compare is Compare.PREVIOUS and name in ("7d", "30d", "90d", "custom"):
        assert found.length == asked.length
        assert found.last + timedelta(1) == asked.first


@settings(deadline=None)
@given(starts, st.integers(-60, 60))
def test_adding_months_keeps_the_day_or_takes_the_last_of_a_short_month(
    day: date, months: int
) -> None:
    there = add_months(day, months)
    assert (there.year * 12 + there.month) - (day.year * 12 + day.month) == months
    assert there.day == day.day or (there + timedelta(1)).day == 1
