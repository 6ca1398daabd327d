"""Due moments in business hours: vectors worked out by hand, and what is refused."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.domain.sla import (
    LONGEST_CLOSED,
    Calendar,
    add_days,
    add_hours,
    between,
    moment,
    standard,
)

MONDAY = datetime(2026, 5, 11, tzinfo=UTC)
HOUR, MINUTE, MOMENT = timedelta(hours=1), timedelta(minutes=1), timedelta.resolution
EDGE_OF_DAY = time()
ROUND_THE_CLOCK = ((time(), time()),)
BERLIN, NEW_YORK, KOLKATA = standard("Europe/Berlin"), standard("America/New_York"), "Asia/Kolkata"
LUNCH = Calendar(
    "Europe/Berlin",
    (((time(9), time(12, 30)), (time(13, 30), time(17))),) * 4 + (((time(9), time(15)),), (), ()),
    frozenset({date(2026, 5, 14)}),  # Ascension Day, a Thursday
)


def always(zone: str, holidays: frozenset[date] = frozenset()) -> Calendar:
    return Calendar(zone, (ROUND_THE_CLOCK,) * 7, holidays)


def only(weekday: int, zone: str, *spans: tuple[time, time], off: Any = ()) -> Calendar:
    week = tuple(spans if day == weekday else () for day in range(7))
    return Calendar(zone, week, frozenset(off))


def at(text: str, calendar: Calendar) -> datetime:
    """The moment a clock in the calendar's zone shows `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone))


def local(due: datetime, calendar: Calendar) -> str:
    return due.astimezone(ZoneInfo(calendar.zone)).strftime("%Y-%m-%dT%H:%M")


# --- hours, by hand


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-05-11T09:00", 1, "2026-05-11T10:00"),  # a Monday
        ("2026-05-11T09:00", 3.5, "2026-05-11T12:30"),  # due when lunch begins, not after it
        ("2026-05-11T12:00", 1, "2026-05-11T14:00"),  # half an hour before lunch, half after
        ("2026-05-11T12:30", 0, "2026-05-11T13:30"),  # lunch begins: not open any more
        ("2026-05-11T12:45", 1, "2026-05-11T14:30"),
        ("2026-05-11T09:00", 7, "2026-05-11T17:00"),  # the whole day, to its last minute
        ("2026-05-11T17:00", 0, "2026-05-12T09:00"),
        ("2026-05-11T17:00", 0.25, "2026-05-12T09:15"),
        ("2026-05-11T03:00", 2, "2026-05-11T11:00"),  # before work
        ("2026-05-11T23:59", 2, "2026-05-12T11:00"),  # after work
        ("2026-05-13T16:00", 2, "2026-05-15T10:00"),  # Wednesday over the holiday to Friday
        ("2026-05-14T11:00", 1, "2026-05-15T10:00"),  # on the holiday
        ("2026-05-15T14:30", 1, "2026-05-18T09:30"),  # Friday ends at 15:00; over the weekend
        ("2026-05-16T12:00", 6, "2026-05-18T16:00"),  # on a Saturday
        ("2026-05-11T09:00", 24, "2026-05-15T12:00"),  # 7 + 7 + 7 + (holiday) + 3
        ("2026-05-11T09:00", 0.1, "2026-05-11T09:06"),
    ],
)
def test_hours_count_open_time_with_lunch_weekend_and_holiday(
    start: str, hours: float, due: str
) -> None:
    assert local(add_hours(at(start, LUNCH), hours, LUNCH), LUNCH) == due


def test_the_usual_24_business_hours_are_three_days() -> None:
    start = datetime(2026, 5, 7, 12, 30, tzinfo=UTC)  # Thursday 14:30 in Berlin
    assert add_hours(start, 24, BERLIN) == datetime(2026, 5, 12, 12, 30, tzinfo=UTC)
    friday = at("2026-05-08T16:30", NEW_YORK)
    assert local(add_hours(friday, 24, NEW_YORK), NEW_YORK) == "2026-05-13T16:30"


def test_a_result_is_in_utc_whatever_the_start_is_in() -> None:
    start = datetime(2026, 5, 7, 14, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    for due in (add_hours(start, 1, BERLIN), add_days(start, 1, BERLIN)):
        assert due.tzinfo is UTC
    assert add_hours(start, 1, BERLIN) == datetime(2026, 5, 7, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("Asia/Kolkata", "2026-03-29", 24),
        ("Africa/Cairo", "2026-04-24", 23),  # midnight itself is skipped
        ("America/St_Johns", "2006-10-29", 25),  # went back at 00:01, into the day before
        ("Pacific/Apia", "2011-12-30", 0),  # a day that never was
    ],
)
def test_a_day_has_the_length_that_clocks_give_it(zone: str, day: str, length: float) -> None:
    calendar, first = always(zone), date.fromisoformat(day)
    start, end = (
        moment(datetime.combine(first + n * timedelta(1), time()), calendar) for n in (0, 1)
    )
    assert between(start, end, calendar) == end - start == length * HOUR
    weekday = only(first.weekday(), zone, *ROUND_THE_CLOCK)
    assert between(start - 24 * HOUR, end + 24 * HOUR, weekday) == length * HOUR


@pytest.mark.parametrize(
    ("day", "hours", "due"),
    [
        # Clocks are put forward from 02:00 to 03:00: 01:00-05:00 has three hours.
        ("2026-03-29", 1, "2026-03-29T03:00+02:00"),
        ("2026-03-29", 2, "2026-03-29T04:00+02:00"),
        ("2026-03-29", 3, "2026-03-29T05:00+02:00"),
        ("2026-03-29", 4, "2026-04-05T02:00+02:00"),
        # Clocks go back from 03:00 to 02:00: it has five.
        ("2026-10-25", 1, "2026-10-25T02:00+02:00"),
        ("2026-10-25", 2, "2026-10-25T02:00+01:00"),
        ("2026-10-25", 5, "2026-10-25T05:00+01:00"),
        ("2026-10-25", 6, "2026-11-01T02:00+01:00"),
    ],
)
def test_a_night_shift_in_berlin_has_its_true_length(day: str, hours: int, due: str) -> None:
    night = only(6, "Europe/Berlin", (time(1), time(5)))
    assert add_hours(at(f"{day}T01:00", night), hours, night) == datetime.fromisoformat(due)


def test_a_weekend_over_which_clocks_change_keeps_local_opening_in_new_york() -> None:
    for friday, due in (("2026-03-06", "2026-03-09T10:00-04:00"),
                        ("2026-10-30", "2026-11-02T10:00-05:00")):  # fmt: skip
        start = at(f"{friday}T16:00", NEW_YORK)
        assert add_hours(start, 2, NEW_YORK) == datetime.fromisoformat(due)
        assert between(start, datetime.fromisoformat(due), NEW_YORK) == 2 * HOUR
        assert local(add_days(start, 1, NEW_YORK), NEW_YORK) == f"{due[:10]}T16:00"


def test_a_zone_with_half_an_hour_in_its_offset_opens_at_its_own_nine_o_clock() -> None:
    start = datetime(2026, 5, 11, 0, 0, tzinfo=UTC)  # 05:30 in Kolkata
    assert add_hours(start, 0, standard(KOLKATA)) == datetime(2026, 5, 11, 3, 30, tzinfo=UTC)
    assert add_hours(start, 8, standard(KOLKATA)) == datetime(2026, 5, 11, 11, 30, tzinfo=UTC)


def test_edges_that_clocks_skip_or_show_twice_neither_overlap_nor_leave_a_gap() -> None:
    split = only(6, "Europe/Berlin", (time(), time(2, 30)), (time(2, 30), EDGE_OF_DAY))
    for day, length in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25)):
        start = moment(datetime.combine(day, time()), split)
        assert between(start, start + 30 * HOUR, split) == length * HOUR
        edge = add_hours(start, 0, only(6, "Europe/Berlin", (time(2, 30), time(5))))
        assert edge == moment(datetime.combine(day, time(2, 30)), split)
    assert moment(datetime(2026, 3, 29, 2, 30), split) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment(datetime(2026, 10, 25, 2, 30), split) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_span_that_clocks_skip_altogether_is_no_business_day() -> None:
    skipped = only(6, "Europe/Berlin", (time(2, 10), time(2, 50)))
    start = at("2026-03-28T12:00", skipped)
    assert local(add_hours(start, 0, skipped), skipped) == "2026-04-05T02:10"
    assert (
        local(add_days(at("2026-03-22T02:20", skipped), 1, skipped), skipped)[:10] == "2026-04-05"
    )


def test_hours_to_midnight_run_on_into_the_day_after() -> None:
    late = only(0, "UTC", (time(20), EDGE_OF_DAY))
    start = datetime(2026, 5, 11, 23, tzinfo=UTC)
    assert add_hours(start, 1, late) == datetime(2026, 5, 12, tzinfo=UTC)
    assert add_hours(start, 2, late) == datetime(2026, 5, 18, 21, tzinfo=UTC)


def test_a_week_with_one_open_day_takes_weeks() -> None:
    fridays = only(4, "Europe/Berlin", (time(10), time(12)), off=[date(2026, 5, 22)])
    start = at("2026-05-09T00:00", fridays)
    assert local(add_hours(start, 5, fridays), fridays) == "2026-06-05T11:00"
    assert local(add_days(start, 2, fridays), fridays) == "2026-06-05T10:00"


# --- days, by hand


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-05-11T10:15", 0, "2026-05-11T10:15"),
        ("2026-05-11T10:15", 1, "2026-05-12T10:15"),
        ("2026-05-11T10:15", 3, "2026-05-15T10:15"),  # over the holiday on Thursday
        ("2026-05-11T10:15", 5, "2026-05-19T10:15"),
        ("2026-05-13T16:30", 1, "2026-05-15T15:00"),  # Friday ends at 15:00
        ("2026-05-15T13:00", 1, "2026-05-18T12:30"),  # Friday has no lunch, Monday has
        ("2026-05-15T20:00", 1, "2026-05-19T09:00"),  # moved to Monday's opening first
        ("2026-05-16T12:00", 0, "2026-05-18T09:00"),
        ("2026-05-14T12:00", 5, "2026-05-22T09:00"),
        ("2026-05-11T12:45", 2, "2026-05-13T13:30"),  # at lunch: from its end
    ],
)
def test_days_keep_the_local_time_and_never_lie_outside_work(
    start: str, days: int, due: str
) -> None:
    assert local(add_days(at(start, LUNCH), days, LUNCH), LUNCH) == due


def test_before_the_first_hour_of_the_day_found_it_is_due_at_its_opening() -> None:
    late_tuesday = Calendar(
        "UTC", (((time(9), time(17)),), ((time(12), time(13)), (time(15), time(16)))) + ((),) * 5
    )
    for hour, due in ((9, 12), (12, 12), (13, 13), (14, 13), (15, 15), (16, 16)):
        start = datetime(2026, 5, 11, hour, tzinfo=UTC)
        assert add_days(start, 1, late_tuesday) == datetime(2026, 5, 12, due, tzinfo=UTC)


def test_five_business_days_over_a_change_of_clocks_keep_the_local_time() -> None:
    start = at("2026-10-22T16:00", BERLIN)
    due = add_days(start, 5, BERLIN)
    assert local(due, BERLIN) == "2026-10-29T16:00"
    assert due - start == timedelta(days=7) + HOUR


def test_a_local_time_that_clocks_skip_or_show_twice_on_the_day_found() -> None:
    night = always("Europe/Berlin")
    assert add_days(at("2026-03-28T02:30", night), 1, night) == at("2026-03-29T03:00", night)
    due = add_days(at("2026-10-24T02:30", night), 1, night)
    assert due == datetime.fromisoformat("2026-10-25T02:30+02:00")


# --- what is refused


def test_a_calendar_that_is_closed_for_years_says_so_and_does_not_search_for_ever() -> None:
    closed = frozenset(date(2026, 1, 1) + timedelta(n) for n in range(4000))
    calendar = Calendar("UTC", standard("UTC").week, closed)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for ask in (add_hours, add_days):
        with pytest.raises(ValueError, match="no more open hours"):
            ask(start, 1, calendar)
    assert between(start, start + timedelta(3000), calendar) == timedelta()
    with pytest.raises(ValueError, match="no more open hours"):
        add_hours(start, 20_000, only(0, "UTC", (time(9), time(9, 1))))


@pytest.mark.parametrize("hours", [-1, float("nan"), float("inf"), 20_001])
def test_a_promise_is_a_number_of_hours_that_makes_sense(hours: float) -> None:
    with pytest.raises(ValueError, match="hours"):
        add_hours(datetime(2026, 1, 1, tzinfo=UTC), hours, BERLIN)


@pytest.mark.parametrize("days", [-1, 1001])
def test_a_promise_is_a_number_of_days_that_makes_sense(days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        add_days(datetime(2026, 1, 1, tzinfo=UTC), days, BERLIN)


def test_a_moment_without_a_zone_is_refused() -> None:
    bare = datetime(2026, 1, 1)
    for ask in (add_hours, add_days):
        with pytest.raises(ValueError, match="time zone"):
            ask(bare, 1, BERLIN)
    with pytest.raises(ValueError, match="time zone"):
        between(bare, bare, BERLIN)


NINE_TO_FIVE = {"mon": [["09:00", "17:00"]]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"zone": "Mars/Base"}, "no such time zone"),
        ({"zone": None}, "no such time zone"),
        ({"zone": "../etc"}, "no such time zone"),
        ({"hours": {}}, "open for an hour a week or more"),
        ({"hours": {"mon": [["09:00", "09:30"], ["23:31", "24:00"]]}}, "an hour a week"),
        ({"hours": None}, "by weekday"),
        ({"hours": {"monday": []}}, "by weekday: mon, tue"),
        ({"hours": {"mon": "09:00-17:00"}}, "Monday: a day has a list"),
        ({"hours": {"mon": [["09:00", "09:01"]] * 13}}, "up to 12 spans"),
        ({"hours": {"tue": [["9", "17"]]}}, "Tuesday: hours are written as 09:00-12:30"),
        ({"hours": {"tue": [["09:00"]]}}, "Tuesday: hours are written"),
        ({"hours": {"tue": [["09:00", "25:00"]]}}, "Tuesday: hours are written"),
        ({"hours": {"tue": [["09:00", "24:30"]]}}, "Tuesday: hours are written"),
        ({"hours": {"tue": [[9, 17]]}}, "Tuesday: hours are written"),
        ({"hours": {"tue": [None]}}, "Tuesday: hours are written"),
        ({"hours": {"wed": [["17:00", "09:00"]]}}, "Wednesday: hours end after they begin"),
        ({"hours": {"wed": [["09:00", "09:00"]]}}, "Wednesday: hours end after they begin"),
        ({"hours": {"wed": [["09:00", "00:00"]]}}, "midnight at the end is 24:00"),
        ({"hours": {"wed": [["24:00", "24:00"]]}}, "Wednesday: hours end after"),
        (
            {"hours": {"thu": [["09:00", "12:00"], ["11:00", "17:00"]]}},
            "Thursday: 09:00-12:00 and 11:00-17:00 overlap",
        ),
        (
            {"hours": {"thu": [["13:00", "24:00"], ["09:00", "12:00"]]}},
            "Thursday: 13:00-24:00 and 09:00-12:00 overlap or are not in order",
        ),
        ({"holidays": ["2026-12-25", "25.12.2026"]}, "holiday 2 is no day"),
        ({"holidays": ["2026-02-30"]}, "holiday 1 is no day"),
        ({"holidays": ["20261225"]}, "holiday 1 is no day"),
        ({"holidays": ["0001-01-01"]}, "holiday 1 is no day"),
        ({"holidays": [20261225]}, "holiday 1 is no day"),
        ({"holidays": "2026-12-25"}, "list of up to 1,000 holidays"),
        ({"holidays": ["2026-12-25"] * 1001}, "list of up to 1,000 holidays"),
        ({"lunch": "12:00"}, "a zone, hours and holidays, and nothing else"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_in_words(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Calendar.parse({"zone": "UTC", "hours": NINE_TO_FIVE} | change)


@pytest.mark.parametrize("data", [[], None, "UTC", {}])
def test_what_is_no_calendar_at_all_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match=r"zone"):
        Calendar.parse(data)


def test_holidays_may_not_close_a_whole_year() -> None:
    mondays = [(date(2026, 1, 5) + timedelta(7 * n)).isoformat() for n in range(80)]
    with pytest.raises(ValueError, match="nothing is open in the year before 2027"):
        Calendar.parse({"zone": "UTC", "hours": NINE_TO_FIVE, "holidays": mondays})
    both = NINE_TO_FIVE | {"fri": [["09:00", "10:00"]]}
    found = Calendar.parse({"zone": "UTC", "hours": both, "holidays": mondays})
    assert add_hours(datetime(2026, 1, 5, tzinfo=UTC), 0, found).day == 9


def test_a_parsed_calendar_closed_for_as_long_as_it_may_be_still_comes_to_an_opening() -> None:
    most = LONGEST_CLOSED // 7
    sundays = [(date(2026, 1, 4) + timedelta(7 * n)).isoformat() for n in range(most - 1)]
    hours = {"sun": [["02:00", "03:00"]]}
    found = Calendar.parse({"zone": "Europe/Berlin", "hours": hours, "holidays": sundays})
    assert add_hours(datetime(2026, 1, 1, tzinfo=UTC), 0, found) > datetime(2026, 12, 1, tzinfo=UTC)


def test_json_is_what_people_wrote() -> None:
    written = {
        "zone": "Europe/Berlin",
        "hours": {"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "sun": [["00:00", "24:00"]]},
        "holidays": ["2026-01-01", "2026-12-25"],
    }
    assert Calendar.parse(written).to_json() == written
    assert Calendar.parse(written | {"holidays": written["holidays"][::-1]}).to_json() == written
    assert Calendar.parse({"zone": "UTC", "hours": {"mon": [["9:00", "17:00"]]}}) == only(
        0, "UTC", (time(9), time(17))
    )
    assert standard("UTC").to_json()["hours"]["fri"] == [["09:00", "17:00"]]
