"""Until when a case sleeps, as people type it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.access import Refused
from services.cases.sleeping import MORNING, until

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 26, 10, 30, tzinfo=BERLIN)  # a Thursday


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("3 Dec", "2026-12-03 09:00"),
        ("  3  december ", "2026-12-03 09:00"),
        ("3rd Dec 14:30", "2026-12-03 14:30"),
        ("Dec 3, 2:30 pm", "2026-12-03 14:30"),
        ("Dec 3 at 12am", "2026-12-03 00:00"),
        ("3 dez", "2026-12-03 09:00"),
        ("٣ Dec", "2026-12-03 09:00"),
        ("3.12.", "2026-12-03 09:00"),
        ("3.12. 8:00", "2026-12-03 08:00"),
        ("3.12.2026", "2026-12-03 09:00"),
        ("2026-12-03", "2026-12-03 09:00"),
        ("2026-12-03 09:15", "2026-12-03 09:15"),
        ("2026-12-03T09:15", "2026-12-03 09:15"),
        ("2026-12-03T09:15:00", "2026-12-03 09:15"),
        ("2026-12-03T09:15+00:00", "2026-12-03 10:15"),
        ("3 Dec 2026, 9pm", "2026-12-03 21:00"),
        ("26 Nov", "2027-11-26 09:00"),
        ("26 Nov 11:00", "2026-11-26 11:00"),
        ("1 Jan", "2027-01-01 09:00"),
        ("today 17:00", "2026-11-26 17:00"),
        ("tomorrow", "2026-11-27 09:00"),
        ("Tomorrow, 14:00", "2026-11-27 14:00"),
        ("fri", "2026-11-27 09:00"),
        ("thu", "2026-12-03 09:00"),
        ("Wednesday 8:05", "2026-12-02 08:05"),
        ("Thu 3 Dec, 14:00", "2026-12-03 14:00"),
        ("17:00", "2026-11-26 17:00"),
        ("9:00", "2026-11-27 09:00"),
        ("9 am", "2026-11-27 09:00"),
        ("today", "2026-11-26 09:00"),  # it has passed: the verb says so
        ("2025-01-01", "2025-01-01 09:00"),
    ],
)
def test_a_time_is_read_as_it_is_meant(text: str, meant: str) -> None:
    assert f"{until(text, NOW):%Y-%m-%d %H:%M}" == meant


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "This is not a date"),
        ("soon", "This is not a date"),
        ("9", "This is not a date"),
        ("3 Foo", "'foo' is not the name of a month"),
        ("31 Nov", "There is no such day or time"),
        ("29 Feb", "There is no such day or time"),
        ("3/12", "Day and month cannot be told apart here"),
        ("03/12/2026", "Day and month cannot be told apart here"),
        ("3 Dec 25:00", "There is no such time of day"),
        ("3 Dec 13 pm", "There is no such time of day"),
        ("Fri 3 Dec", "03 Dec 2026 is a Thursday"),
        ("0001-01-01 00:00", "There is no such day or time"),
        ("3 Dec" * 20, "This is not a date"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_can(text: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        until(text, NOW)
    said = str(refused.value)
    assert said.startswith(why)
    assert said.endswith(": write 3 Dec, Friday 14:00 or 2026-12-03 09:00. Nothing was changed.")


def test_the_29th_of_february_is_the_next_one() -> None:
    assert until("29 feb", NOW.replace(year=2027)).date() == date(2028, 2, 29)


def test_a_time_that_the_clocks_skip_is_an_hour_later() -> None:
    skipped = until("2027-03-28 02:30", NOW)
    assert f"{skipped:%H:%M}" == "03:30" and skipped.tzinfo is BERLIN


moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1))
zones = st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]).map(ZoneInfo)
clocks = st.times(time(4, 0), time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))


@given(moments, zones, st.integers(1, 364), clocks)
def test_a_day_of_the_next_year_is_read_in_every_spelling(
    naive: datetime, zone: ZoneInfo, days: int, clock: time
) -> None:
    now = naive.replace(tzinfo=zone)
    day = now.date() + timedelta(days=days)
    meant = datetime.combine(day, clock, zone)
    for spelt in (f"{day:%d %b}", f"{day:%B %d}", f"{day:%a %d %B}", f"{day:%d.%m.}", f"{day}"):
        assert until(f"{spelt} {clock:%H:%M}", now) == meant
        assert until(f"{spelt}, {clock:%I:%M %p}", now) == meant
        assert until(spelt, now) == datetime.combine(day, MORNING, zone)


@given(st.text(max_size=70), moments)
def test_any_text_is_a_moment_or_refused(text: str, naive: datetime) -> None:
    try:
        assert until(text, naive.replace(tzinfo=UTC)).tzinfo is not None
    except Refused as refused:
        assert "Nothing was changed." in str(refused)
