"""One written date -> a datetime, by the shapes that exports of surveys and spreadsheets use."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

ORDERS = ("dmy", "mdy", "ymd")
CENTURY = 70  # a two-digit year from here on is 19xx
_LONGEST = 60  # characters; longer texts are no dates and only cost time

_MONTHS = (
    "jan january januar jaenner jän enero ene|feb february februar febrero|"
    "mar march märz maerz mär mrz marzo|apr april abril abr|may mai mayo|jun june juni junio|"
    "jul july juli julio|aug august agosto ago|sep sept september septiembre setiembre|"
    "oct october okt oktober octubre|nov november noviembre|dec december dez dezember diciembre dic"
)
MONTHS = {
    name: number for number, names in enumerate(_MONTHS.split("|"), 1) for name in names.split()
}
_TIME = (
    r"(?:(?:[T,]\s*|\s+(?:at\s+|um\s+)?|\s*,\s*)(?P<h>\d{1,2})[:.](?P<mi>\d{2})"
    r"(?:[:.](?P<s>\d{2})(?:[.,](?P<f>\d{1,9}))?)?\s*(?P<ap>[ap]\.?\s?m\.?)?(?:\s*Uhr)?)?"
    r"\s*(?P<z>Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?(?:\d{2})?)?(?:\s*\([A-Z]+\))?"
)
_FLAGS = re.IGNORECASE | re.ASCII
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _TIME, _FLAGS)
_FIGURES = re.compile(r"(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2(?P<c>\d{4}|\d{2})" + _TIME, _FLAGS)
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
_NAME = r"(?P<n>[^\W\d_]{3,10})\.?"
_DAY_NAME = re.compile(
    _WEEKDAY + r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?[\s/-]*(?:de\s+)?" + _NAME
    + r",?[\s/-]*(?:de\s+)?(?P<y>\d{4})" + _TIME,
    re.IGNORECASE,
)  # fmt: skip
_NAME_DAY = re.compile(
    _WEEKDAY + _NAME + r"\s*(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})" + _TIME,
    re.IGNORECASE,
)
_EPOCH = re.compile(r"(?P<s>\d{9,10})(?:\.(?P<f>\d{1,9}))?|(?P<ms>\d{12,13})", re.ASCII)
_PACKED = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
_START = datetime(1970, 1, 1, tzinfo=UTC)


class BadDate(ValueError):
    """Not a date that can be taken; the message says why, in words."""


def read(text: str, order: str | None) -> datetime:
    """The datetime that `text` writes, aware if it carries an offset; BadDate if it is none."""
    text = text.strip()
    if text[4:5] == "-":
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # "2024-1-31", "2024-01-31 13:45:00 UTC": the slower way below
    if not text:
        raise BadDate("the date is empty")
    if len(text) > _LONGEST:
        raise BadDate("this is not a date in a known form")
    try:
        found = _read_shapes(text) or _read_figures(text, order)
    except BadDate:
        raise
    except (ValueError, OverflowError):
        raise BadDate("there is no such day or time") from None
    if found is None:
        raise BadDate("this is not a date in a known form")
    return found


def numeric_orders(text: str, latest: date = date.max) -> dict[str, date]:
    """Each order in which a date of figures is a day of the calendar; {} for any other text.

    With a two-digit year, a year-first reading must not lie after `latest`.
    """
    match = _FIGURES.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if match is None:
        return {}
    short = len(match["c"]) == 2
    readings = {}
    for order in ORDERS[: 3 if short else 2]:
        day = _day(match, order)
        if day is not None and (order != "ymd" or day <= latest):
            readings[order] = day
    return readings


def has_short_year(text: str) -> bool:
    """Whether a date of figures has a year of two digits."""
    match = _FIGURES.fullmatch(text.strip())
    return match is not None and len(match["c"]) == 2


def _day(match: re.Match[str], order: str) -> date | None:
    parts = dict(zip(order, (match["a"], match["b"], match["c"]), strict=True))
    year = int(parts["y"])
    if len(parts["y"]) <= 2:
        year += 1900 if year >= CENTURY else 2000
    try:
        return date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _read_figures(text: str, order: str | None) -> datetime | None:
    match = _FIGURES.fullmatch(text)
    if match is None:
        return None
    day = _day(match, order or "dmy")
    if order == "ymd" and len(match["c"]) == 4:
        day = None
    if day is not None and order is not None:
        return _with_time(match, day)
    if not numeric_orders(text):
        raise BadDate("there is no such day")
    if order is None:
        raise BadDate("day and month cannot be told apart here")
    raise BadDate(f"this date does not fit the order {order} of its column")


def _read_shapes(text: str) -> datetime | None:
    if match := _YEAR_FIRST.fullmatch(text) or _PACKED.fullmatch(text):
        day = date(int(match["y"]), int(match["m"]), int(match["d"]))
        return _with_time(match, day) if "h" in match.groupdict() else _at(day)
    if match := _DAY_NAME.fullmatch(text) or _NAME_DAY.fullmatch(text):
        month = MONTHS.get(match["n"].casefold())
        if month is None:
            raise BadDate(f"{match['n']!r} is not the name of a month")
        return _with_time(match, date(int(match["y"]), month, int(match["d"])))
    if match := _EPOCH.fullmatch(text):
        return _epoch(match)
    return None


def _epoch(match: re.Match[str]) -> datetime:
    if match["ms"]:
        return _START + timedelta(milliseconds=int(match["ms"]))
    return _START + timedelta(seconds=int(match["s"]), microseconds=_micro(match["f"]))


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _micro(fraction: str | None) -> int:
    return int((fraction or "0").ljust(6, "0")[:6])


def _with_time(match: re.Match[str], day: date) -> datetime:
    hour, half = int(match["h"] or 0), (match["ap"] or "").lower()[:1]
    if half and not 1 <= hour <= 12:
        raise BadDate("there is no such time of day")
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return datetime(
        day.year, day.month, day.day, hour, int(match["mi"] or 0), int(match["s"] or 0),
        _micro(match["f"]), _offset(match["z"]),
    )  # fmt: skip


def _offset(text: str | None) -> timezone | None:
    if not text:
        return None
    figures = re.sub(r"^(UTC|GMT|Z)", "", text.upper()).replace(":", "")
    if not figures:
        return UTC
    size = timedelta(hours=int(figures[1:3]), minutes=int(figures[3:5] or 0))
    return timezone(-size if figures[0] == "-" else size)
