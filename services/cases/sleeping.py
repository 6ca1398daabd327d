"""Until when a case sleeps, as people type it: "3 Dec", "fri 14:00", "2026-12-03 09:00"."""

import re
from datetime import UTC, date, datetime, time, timedelta

from services.access import Refused
from services.cases.journal import NOTHING
from services.importing.date_text import BadDate, read

MORNING = time(9, 0)  # of a day without a time
FORMS = "3 Dec, Friday 14:00 or 2026-12-03 09:00"
LONGEST = 60  # characters
_CLOCK = re.compile(
    r"(?:^|(?<=\d)t|[\s,]+)(?:at\s+)?"
    r"(?P<h>\d{1,2})(?::(?P<m>\d{2})(?::\d{2})?\s*(?P<a>[ap]m)?|\s*(?P<b>[ap]m))$",
    re.ASCII,
)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_FIGURES = re.compile(r"\d{1,2}[./-]\d{1,2}\.?", re.ASCII)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def until(text: str, now: datetime) -> datetime:
    """The moment that somebody means by this at `now`, in the zone of `now`.

    A day without a time is its morning, one without a year the next one, a weekday the next one
    after today, a time alone the next one. Refused where it cannot be read.
    """
    words = " ".join(text.split()).casefold()
    try:
        if not words or len(words) > LONGEST:
            raise BadDate("this is not a date in a known form")
        return _moment(words, now)
    except (BadDate, OverflowError) as error:
        said = str(error) if isinstance(error, BadDate) else "there is no such day or time"
        raise Refused(f"{said[:1].upper()}{said[1:]}: write {FORMS}. {NOTHING}") from None


def _moment(words: str, now: datetime) -> datetime:
    found = _CLOCK.search(words)
    clock = _time(found) if found else MORNING
    day = words[: found.start()].rstrip(" ,") if found else words
    if not day:
        today = _at(now.date(), clock, now)
        return today if today > now else _at(now.date() + timedelta(days=1), clock, now)
    near = {"today": 0, "tomorrow": 1}.get(day)
    if near is None and (weekday := _weekday(day)) is not None:
        near = (weekday - now.weekday() - 1) % 7 + 1
    if near is not None:
        return _at(now.date() + timedelta(days=near), clock, now)
    meant = _dated(day, clock, now)
    named = _weekday(day.partition(" ")[0].rstrip(",."))
    if named is not None and named != meant.weekday():
        raise BadDate(f"{meant:%d %b %Y} is a {_WEEK[meant.weekday()].title()}")
    return meant


def _dated(day: str, clock: time, now: datetime) -> datetime:
    """A date with its year, or the next one without."""
    if _YEAR.search(day):
        given = read(day, "dmy" if "." in day else None)
        return given.astimezone(now.tzinfo) if given.tzinfo else _at(given.date(), clock, now)
    try:
        this = _of_year(day, now.year, clock, now)
        return this if this > now else _of_year(day, now.year + 1, clock, now)
    except BadDate:  # the 29th of February may be one of next year
        return _of_year(day, now.year + 1, clock, now)


def _of_year(day: str, year: int, clock: time, now: datetime) -> datetime:
    if _FIGURES.fullmatch(day):
        between = next(mark for mark in day if not mark.isdigit())
        whole = f"{day.rstrip('.')}{between}{year}"
    else:
        whole = f"{day} {year}"
    return _at(read(whole, "dmy" if "." in whole else None).date(), clock, now)


def _time(found: re.Match[str]) -> time:
    hour, minute = int(found["h"]), int(found["m"] or 0)
    half = found["a"] or found["b"]
    if hour > 23 or minute > 59 or (half and not 1 <= hour <= 12):
        raise BadDate("there is no such time of day")
    return time(hour % 12 + (12 if half == "pm" else 0) if half else hour, minute)


def _weekday(word: str) -> int | None:
    """Monday is 0; three letters are enough."""
    return next((n for n, one in enumerate(_WEEK) if len(word) > 2 and one.startswith(word)), None)


def _at(day: date, clock: time, now: datetime) -> datetime:
    """That time of that day; one that the clocks skip is as much later as they skip."""
    return datetime.combine(day, clock, now.tzinfo).astimezone(UTC).astimezone(now.tzinfo)
