"""The calendar of the reports: ranges of days, cut into buckets, in one time zone. Pure.

A period is half-open, `[start, end)`, in UTC. It begins and ends at midnight in the reporting zone,
so a day that clocks change has 23 or 25 hours and every answer lies in exactly one bucket.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MOST_POINTS = 400  # in one chart, whatever grain was asked for
EARLIEST, LATEST = date(1970, 1, 1), date(2200, 12, 31)


class Grain(StrEnum):
    """How wide a bucket is. Weeks begin on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def wider(self) -> "Grain":
        """The next grain up; a year stays a year."""
        return list(Grain)[min(list(Grain).index(self) + 1, len(Grain) - 1)]


class Compare(StrEnum):
    """The period that a period is held against."""

    PREVIOUS = "previous"
    YEAR = "year"
    NONE = "none"


# What a range may be called, and what people read. Ranges end today, and today counts.
RANGES = {
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
    "12m": "Last 12 months",
    "month": "This month",
    "last-month": "Last month",
    "quarter": "This quarter",
    "last-quarter": "Last quarter",
    "year": "This year",
    "all": "All time",
}
# Ranges made of calendar months: their previous period is as many months earlier.
_SHIFTS = {"month": 1, "last-month": 1, "quarter": 3, "last-quarter": 3, "year": 12, "12m": 12}
_MONTHS = {Grain.MONTH: 1, Grain.QUARTER: 3, Grain.YEAR: 12}
# The finest grain whose points keep enough answers each: a month of days, half a year of weeks.
_FITTING = ((Grain.DAY, 35), (Grain.WEEK, 27), (Grain.MONTH, 60), (Grain.QUARTER, 60))


@dataclass(frozen=True)
class Days:
    """Whole days of the reporting zone, both ends included, as people write them."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if not EARLIEST <= self.first <= self.last <= LATEST:
            raise ValueError(f"{self.first} to {self.last} is no range of days")

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @classmethod
    def parse(cls, text: str) -> "Days":
        """Read "2026-01-01..2026-03-31"; ValueError for anything else."""
        first, dots, last = text.partition("..")
        if not dots or len(first) != 10 or len(last) != 10:
            raise ValueError(f"{text!r} is not written as 2026-01-01..2026-03-31")
        return cls(date.fromisoformat(first), date.fromisoformat(last))


@dataclass(frozen=True)
class Period:
    """`[start, end)` in UTC, and the days of the zone that it holds."""

    start: datetime
    end: datetime
    days: Days


@dataclass(frozen=True)
class Bucket(Period):
    """A piece of a period. `whole` is False where the period cuts it short."""

    label: str
    whole: bool


def named(name: str, today: date, everything: Days) -> Days:
    """The days that a name of RANGES, or "2026-01-01..2026-03-31", means; ValueError otherwise.

    "12m" is this month and the eleven before it. `everything` is what "all" means.
    """
    if name not in RANGES:
        return Days.parse(name)
    if name == "all":
        return everything
    if name.endswith("d"):
        return Days(today - DAY * (int(name[:-1]) - 1), today)
    if name == "12m":
        return Days(add_months(today.replace(day=1), -11), today)
    grain = Grain(name.removeprefix("last-"))
    first = first_of(today, grain)
    if name.startswith("last-"):
        return Days(add_months(first, -_MONTHS[grain]), first - DAY)
    return Days(first, today)


def before(days: Days, name: str, compare: Compare) -> Days | None:
    """The days to hold `days` (of the range `name`) against, or None where there are none.

    Previous: the same days of the month, quarter or year before for a range made of those, else as
    many days directly before. The two never share a day, since one answer may not count twice.
    """
    if compare is Compare.NONE or name == "all":
        return None
    shift = 12 if compare is Compare.YEAR else _SHIFTS.get(name)
    if shift is None:
        first, last = days.first - DAY * days.length, days.first - DAY
    else:
        first = add_months(days.first, -shift)
        last = add_months(days.last + DAY, -shift) - DAY
    return Days(first, last) if EARLIEST <= first <= last < days.first else None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment `day` begins in `zone`, in UTC (where midnight is skipped, the first moment)."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def period(days: Days, zone: ZoneInfo) -> Period:
    """The moments of `days` in `zone`."""
    return Period(midnight(days.first, zone), midnight(days.last + DAY, zone), days)


def buckets(days: Days, grain: Grain, zone: ZoneInfo) -> tuple[Bucket, ...]:
    """`days` cut at the calendar's edges: no gap, no overlap, the outer ones cut short if need be.

    A day that the zone left out (Samoa, 30 December 2011) holds no moment and makes no bucket.
    """
    found = (_bucket(piece, grain, zone) for piece in _pieces(days, grain))
    return tuple(bucket for bucket in found if bucket.start < bucket.end)


def fit(days: Days, wanted: Grain | None = None) -> Grain:
    """The grain to draw `days` with: the one wanted if it makes no more than 400 points."""
    if wanted is not None:
        wider = list(Grain)[list(Grain).index(wanted) :]
        return next(grain for grain in wider if _points(days, grain) <= MOST_POINTS)
    fitting = (grain for grain, most in _FITTING if _points(days, grain) <= most)
    return next(fitting, Grain.YEAR)


def first_of(day: date, grain: Grain) -> date:
    """The first day of the bucket that holds `day`."""
    if grain is Grain.DAY:
        return day
    if grain is Grain.WEEK:
        return day - DAY * day.weekday()
    months = _MONTHS[grain]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of a month that is too short for it."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - DAY).day))


def _after(first: date, grain: Grain) -> date:
    if grain in _MONTHS:
        return add_months(first, _MONTHS[grain])
    return first + (7 * DAY if grain is Grain.WEEK else DAY)


def _pieces(days: Days, grain: Grain) -> Iterator[Days]:
    first = first_of(days.first, grain)
    while first <= days.last:
        after = _after(first, grain)
        yield Days(max(first, days.first), min(after - DAY, days.last))
        first = after


def _points(days: Days, grain: Grain) -> int:
    if grain in _MONTHS:
        months = (days.last.year - days.first.year) * 12 + days.last.month - days.first.month
        return months // _MONTHS[grain] + 1
    return days.length // (7 if grain is Grain.WEEK else 1) + 1


def _bucket(piece: Days, grain: Grain, zone: ZoneInfo) -> Bucket:
    inside = period(piece, zone)
    first = first_of(piece.first, grain)
    whole = piece == Days(max(first, EARLIEST), min(_after(first, grain) - DAY, LATEST))
    return Bucket(inside.start, inside.end, piece, bucket_label(piece, grain), whole)


def bucket_label(piece: Days, grain: Grain) -> str:
    """What a bucket is called: "3 May 2026", "4-10 May 2026", "May 2026", "Q2 2026", "2026"."""
    first = piece.first
    if grain is Grain.QUARTER:
        return f"Q{(first.month + 2) // 3} {first.year}"
    if grain is Grain.MONTH:
        return f"{_month(first)} {first.year}"
    if grain is Grain.YEAR:
        return str(first.year)
    return days_label(piece)


def days_label(days: Days) -> str:
    """A range of days in words: "3 May 2026", "4-10 May 2026", "28 Dec 2025 - 3 Jan 2026"."""
    first, last = days.first, days.last
    end = f"{last.day} {_month(last)} {last.year}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{first.day} {_month(first)} {first.year} \N{EN DASH} {end}"
    if first.month != last.month:
        return f"{first.day} {_month(first)} \N{EN DASH} {end}"
    return f"{first.day}\N{EN DASH}{end}"


def _month(day: date) -> str:
    names = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"  # not the server's locale
    return names.split()[day.month - 1]
