"""Hours of work and holidays as they are written: "09:00", "24:00", "2026-12-25". Pure.

Errors say what is wrong in words and repeat nothing that was typed.
"""

import re
from collections.abc import Mapping
from datetime import date, time
from itertools import pairwise
from typing import Any

from services.domain.periods import EARLIEST, LATEST

KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MIDNIGHT = time()  # as an end: 24:00
MOST_SPANS, MOST_HOLIDAYS = 12, 1_000  # of a day; of a calendar
_TIME = re.compile(r"(?=[01]?[0-9]:|2[0-3]:|24:00$)([0-9]+):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Hours = tuple[tuple[time, time], ...]


def written(span: tuple[time, time]) -> tuple[str, str]:
    """A span of a day as people read it: ("13:30", "24:00")."""
    opens, closes = span
    ends = "24:00" if closes == MIDNIGHT else closes.isoformat("minutes")
    return opens.isoformat("minutes"), ends


def read_week(hours: Any) -> tuple[Hours, ...]:
    """Read {"mon": [["09:00", "12:30"], ...]}: seven days, with an hour of work or more.

    Less than that could put what is promised in hours beyond all calendars.
    """
    if not isinstance(hours, Mapping) or hours.keys() - set(KEYS):
        raise ValueError(f"the hours of a calendar are told by weekday: {', '.join(KEYS)}")
    named = zip(KEYS, NAMES, strict=True)
    week = tuple(_read_day(name, hours.get(key, [])) for key, name in named)
    if sum(_length(span) for spans in week for span in spans) < 60:
        raise ValueError("a calendar is open for an hour a week or more")
    return week


def read_holidays(days: Any) -> frozenset[date]:
    """Read ["2026-12-25", ...]."""
    if not isinstance(days, list | tuple) or len(days) > MOST_HOLIDAYS:
        raise ValueError(f"a calendar has a list of up to {MOST_HOLIDAYS:,} holidays")
    return frozenset(_read_date(n, text) for n, text in enumerate(days, 1))


def _read_day(name: str, spans: Any) -> Hours:
    """The spans of a weekday, in order and apart."""
    if not isinstance(spans, list | tuple) or len(spans) > MOST_SPANS:
        raise ValueError(f"{name}: a day has a list of up to {MOST_SPANS} spans")
    found = tuple(_read_span(name, span) for span in spans)
    for one, other in pairwise(found):
        if one[1] == MIDNIGHT or other[0] < one[1]:
            said = " and ".join("-".join(written(span)) for span in (one, other))
            raise ValueError(f"{name}: {said} overlap or are not in order")
    return found


def _read_span(name: str, span: Any) -> tuple[time, time]:
    edges = [_minutes(text) for text in span] if isinstance(span, list | tuple) else []
    match edges:
        case [int(opens), int(closes)] if opens < closes:
            return _time(opens), _time(closes)
        case [int(), int()]:
            raise ValueError(f"{name}: hours end after they begin; midnight at the end is 24:00")
    raise ValueError(f"{name}: hours are written as 09:00-12:30, 13:30-17:00")


def _minutes(text: Any) -> int | None:
    """Minutes since midnight, or None for what is no time of day."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    return None if found is None else int(found[1]) * 60 + int(found[2])


def _length(span: tuple[time, time]) -> int:
    """Minutes from the opening to the end."""
    opens, closes = (edge.hour * 60 + edge.minute for edge in span)
    return (closes or 24 * 60) - opens


def _time(minutes: int) -> time:
    return time(minutes // 60 % 24, minutes % 60)


def _read_date(n: int, text: Any) -> date:
    try:
        day = date.fromisoformat(text if _DATE.fullmatch(text) else "")
        if EARLIEST <= day <= LATEST:
            return day
    except (TypeError, ValueError):
        pass  # a number, or 30 February
    raise ValueError(f"holiday {n} is no day; days are written as 2026-12-25")
