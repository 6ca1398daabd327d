"""When promises are due: open hours of a week in one time zone, without holidays. Pure.

Hours are local spans, half-open `[opens, closes)`. A local time means the first moment at which a
clock there shows it or later: a time that clocks skip is the moment of the change, one that comes
twice is the first of both. So spans never overlap, and a span across a change of the clocks has its
true length. All moments are aware; results are in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from services.domain.hours import KEYS, MIDNIGHT, Hours, read_holidays, read_week, written
from services.domain.periods import DAY, LATEST

MOST_HOURS, MOST_DAYS = 20_000, 1_000  # of one promise: about ten years of work, and four
LONGEST_CLOSED = 366  # days that a calendar may be closed on end
_GIVES_UP = LONGEST_CLOSED + 34  # clocks may skip what little is open beside long holidays
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Calendar:
    """When people work: open spans per weekday as local times of `zone`, and holidays.

    `week` has seven entries, Monday first. Spans of a day ascend and do not overlap; lunch lies
    between two. An end of 00:00 means 24:00.
    """

    zone: str
    week: tuple[Hours, ...]
    holidays: frozenset[date] = frozenset()

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> "Calendar":
        """Read what `to_json` writes; ValueError says in words what is wrong.

        {"zone": "Europe/Berlin", "hours": {"mon": [["09:00", "12:30"], ["13:30", "24:00"]]},
        "holidays": ["2026-12-25"]}: a missing weekday is closed, the week has an hour of work
        or more, and the holidays leave no year without any. So a parsed calendar keeps any promise.
        """
        if not isinstance(data, Mapping) or data.keys() - {"zone", "hours", "holidays"}:
            raise ValueError("a calendar has a zone, hours and holidays, and nothing else")
        zone = data.get("zone")
        if not isinstance(zone, str) or zone not in _zones():
            raise ValueError("there is no such time zone; use a name such as Europe/Berlin")
        found = cls(zone, read_week(data.get("hours")), read_holidays(data.get("holidays", [])))
        if len(found.holidays) > LONGEST_CLOSED // 7:  # fewer cannot close a year
            _check_open(found)
        return found

    def to_json(self) -> dict[str, Any]:
        """The calendar as JSON holds it: open weekdays only, holidays ascending."""
        return {
            "zone": self.zone,
            "hours": {
                key: [list(written(span)) for span in spans]
                for key, spans in zip(KEYS, self.week, strict=True)
                if spans
            },
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
        }


@dataclass(frozen=True)
class Promise:
    """What is promised for a case: first contact in business hours, closing in business days."""

    hours: float
    days: int
    calendar: Calendar


def standard(zone: str) -> Calendar:
    """Monday to Friday, 09:00 to 17:00, no holidays."""
    return Calendar(zone, (((time(9), time(17)),),) * 5 + ((), ()))


def add_hours(start: datetime, hours: float, calendar: Calendar) -> datetime:
    """The moment when `hours` open hours have passed since `start`.

    Outside open time the clock starts at the next opening; no hours: the first open moment at or
    after `start`. What is due just when a span closes is due then, not at the next opening.
    ValueError: hours below 0 or above 20,000, a `start` without zone, no opening in sight.
    """
    if not 0 <= hours <= MOST_HOURS:
        raise ValueError(f"a promise has 0 to {MOST_HOURS:,} hours")
    start, left = _utc(start), timedelta(hours=hours)
    for _, spans in _open_days(_day(start, calendar), calendar):
        for opens, closes in spans:
            if closes <= start:
                continue
            begins = max(opens, start)
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
    raise AssertionError("open days end with a ValueError")


def add_days(start: datetime, days: int, calendar: Calendar) -> datetime:
    """The same local time on the `days`-th following business day: "closed within 5 days".

    A business day is one with open time. A `start` outside open time is first moved to the next
    opening. Where the local time is not open on the day found, it is due earlier, when work stopped
    last: at the end of the span before it; before the first span of the day, at the opening.
    ValueError: days below 0 or above 1,000, a `start` without zone, no opening in sight.
    """
    if not 0 <= days <= MOST_DAYS:
        raise ValueError(f"a promise has 0 to {MOST_DAYS:,} days")
    begins = add_hours(start, 0, calendar)
    if not days:
        return begins
    local = begins.astimezone(ZoneInfo(calendar.zone))
    found = _open_days(local.date() + DAY, calendar)
    for _ in range(days - 1):
        next(found)
    day, spans = next(found)
    return _clipped(moment(datetime.combine(day, local.time()), calendar), spans)


def between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """The open time between two moments; none when `end` is not after `start`."""
    start, end, total = _utc(start), _utc(end), timedelta()
    if end <= start:
        return total
    # Where clocks go back over midnight, a moment can belong to the hours of the day after.
    day, last = _day(start, calendar), _day(end, calendar) + DAY
    while day <= last:
        for opens, closes in _spans(calendar, day):
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += DAY
    return total


def moment(local: datetime, calendar: Calendar) -> datetime:
    """The first moment at which a clock in the calendar's zone shows `local` (naive) or later."""
    there = local.replace(tzinfo=ZoneInfo(calendar.zone), fold=0)
    late, early = there.astimezone(UTC), there.replace(fold=1).astimezone(UTC)
    if early >= late:
        return late
    while late - early > timedelta.resolution:  # skipped: look for the change of the clocks
        middle = early + (late - early) // 2
        if middle.astimezone(there.tzinfo).replace(tzinfo=None) < local:
            early = middle
        else:
            late = middle
    return late


def _clipped(at: datetime, spans: tuple[Span, ...]) -> datetime:
    due = spans[0][0]
    for opens, closes in spans:
        if at < opens:
            break
        due = min(at, closes)
    return due


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(UTC)


def _day(at: datetime, calendar: Calendar) -> date:
    """The local day of a moment: no hours of an earlier day hold it."""
    return at.astimezone(ZoneInfo(calendar.zone)).date()


def _open_days(day: date, calendar: Calendar) -> Iterator[tuple[date, tuple[Span, ...]]]:
    """Each business day with its spans, from `day` on; ValueError where none is in sight."""
    closed = 0
    while closed < _GIVES_UP and day <= LATEST:
        spans = _spans(calendar, day)
        closed = 0 if spans else closed + 1
        if spans:
            yield day, spans
        day += DAY
    raise ValueError(f"the calendar has no more open hours in the time before {day.isoformat()}")


@lru_cache(maxsize=8192)
def _spans(calendar: Calendar, day: date) -> tuple[Span, ...]:
    """The open spans of a day, in UTC."""
    if day in calendar.holidays:
        return ()
    found = (
        (
            moment(datetime.combine(day, opens), calendar),
            moment(datetime.combine(day + DAY * (closes == MIDNIGHT), closes), calendar),
        )
        for opens, closes in calendar.week[day.weekday()]
    )
    return tuple(span for span in found if span[0] < span[1])


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_open(calendar: Calendar) -> None:
    """ValueError where holidays and closed weekdays together last more than a year."""
    open_on = {number for number, spans in enumerate(calendar.week) if spans}
    first, last = min(calendar.holidays), max(calendar.holidays)
    closed = 0
    for n in range((last - first).days + 1):
        day = first + DAY * n
        rests = day in calendar.holidays or day.weekday() not in open_on
        closed = closed + 1 if rests else 0
        if closed > LONGEST_CLOSED:
            raise ValueError(f"nothing is open in the year before {day.isoformat()}: holidays")
