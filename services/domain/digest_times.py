"""When a digest is due: an hour of the day in a zone, on some days of the week. Pure.

An hour that the clocks leave out comes when they have jumped; one that comes twice counts once.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKDAYS = (0, 1, 2, 3, 4)


def moment(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The hour on that day, in UTC: the first of two, and the one after a gap."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def reached(now: datetime, hour: int, zone: ZoneInfo) -> date:
    """The last day, of any kind, on which the hour has come."""
    today = now.astimezone(zone).date()
    return today if moment(today, hour, zone) <= now else today - DAY


def due(
    now: datetime, hour: int, zone: ZoneInfo, days: Collection[int], last: date | None
) -> date | None:
    """The day for which one is due and has not been made since `last`; only the latest, however
    many were missed. `days` are 0 (Monday) to 6."""
    latest = reached(now, hour, zone)
    for back in range(7):
        day = latest - back * DAY
        if day.weekday() in days:
            return day if last is None or day > last else None
    return None


def upcoming(now: datetime, hour: int, zone: ZoneInfo, days: Collection[int]) -> datetime | None:
    """When the next one comes; None where no day is chosen."""
    after = reached(now, hour, zone)
    ahead = (after + n * DAY for n in range(1, 8))
    return next((moment(day, hour, zone) for day in ahead if day.weekday() in days), None)


def said(days: Collection[int]) -> str:
    """The days in words."""
    chosen = tuple(sorted(set(days)))
    if chosen == WORKDAYS:
        return "Monday to Friday"
    if len(chosen) == len(WEEKDAYS):
        return "Every day"
    return ", ".join(WEEKDAYS[day] for day in chosen) or "Never"
