"""Dates as people and programs write them -> UTC text; an unclear order is asked, never guessed.

Year-first dates, dates with a named month and epoch numbers mean one thing only and are taken
wherever they stand. 03/04/2024 is two different days: the whole column must settle which, or the
caller says so. A two-digit year is taken only when the column leaves one reading.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from services.importing.date_text import ORDERS, BadDate, has_short_year, numeric_orders, read

__all__ = ["AmbiguousDates", "BadDate", "DateFormat", "Evidence", "Parser", "detect", "midnight"]

_BATCH = 20_000  # distinct values that are held at once
_MEMO = 50_000  # parsed values that are remembered


class AmbiguousDates(Exception):
    """The column fits two orders of day and month; `orders` says which may be chosen."""

    def __init__(self, column: str, examples: list[str], orders: tuple[str, ...]) -> None:
        self.column, self.examples, self.orders = column, examples, orders
        super().__init__(
            f"Day and month cannot be told apart in {column!r} (for example "
            f"{', '.join(examples)}): say which order its dates have, {' or '.join(orders)}."
        )


@dataclass(frozen=True)
class DateFormat:
    """How a column writes its dates. `order` is dmy, mdy or ymd where figures need one."""

    order: str | None
    notes: tuple[str, ...] = ()


@dataclass
class Evidence:
    """Collects what a column's values say about the order; memory does not grow with the file.

    Only figures with the year last (or of two digits) say anything; `latest` is the newest date
    that can be meant.
    """

    column: str = "date"
    latest: date = date.max
    _pending: set[str] = field(default_factory=set, init=False)
    _fits: dict[str, int] = field(default_factory=dict, init=False)  # values that fit an order
    _numeric: int = field(default=0, init=False)  # values that need an order at all
    _short: bool = field(default=False, init=False)
    _differing: list[str] = field(default_factory=list, init=False)
    _only: dict[str, str] = field(default_factory=dict, init=False)  # a value that proves an order

    def add(self, value: str) -> None:
        if value[4:5] == "-":
            return  # 2024-01-31 and the like: by far the most common, and clear
        self._pending.add(value)
        if len(self._pending) >= _BATCH:
            self._digest()

    def _digest(self) -> None:
        for value in sorted(self._pending):  # the same examples on every run
            self._weigh(value)
        self._pending.clear()

    def _weigh(self, value: str) -> None:
        readings = numeric_orders(value, self.latest)
        if not readings:
            return
        self._numeric += 1
        self._short = self._short or has_short_year(value)
        for order in readings:
            self._fits[order] = self._fits.get(order, 0) + 1
        if len(set(readings.values())) > 1 and len(self._differing) < 3:
            self._differing.append(value)
        if len(readings) == 1:
            self._only.setdefault(next(iter(readings)), value)

    def decide(self, order: str | None = None) -> DateFormat:
        """The format of the column; AmbiguousDates when it needs an order that nobody gave."""
        self._digest()
        if order is not None and order not in ORDERS:
            raise ValueError(f"unknown order {order!r}: use one of {', '.join(ORDERS)}")
        if not self._numeric:
            return DateFormat(order)
        if order is not None:
            return self._chosen(order)
        fitting = [each for each in ORDERS if self._fits.get(each, 0) == self._numeric]
        if len(fitting) > 1 and not self._differing:
            fitting = fitting[:1]
        if len(fitting) == 1:
            return self._chosen(fitting[0])
        examples = list(self._only.values()) if not fitting else self._differing
        raise AmbiguousDates(self.column, examples[:3], tuple(fitting or sorted(self._fits)))

    def _chosen(self, order: str) -> DateFormat:
        notes = []
        misfits = self._numeric - self._fits.get(order, 0)
        if misfits:
            example = next((v for o, v in self._only.items() if o != order), "")
            notes.append(
                f"{misfits:,} different dates in {self.column!r} do not fit the order {order} "
                f"(for example {example}): their rows are rejected."
            )
        if self._short:
            notes.append(f"Two-digit years in {self.column!r} are read as {order}, 1970 to 2069.")
        return DateFormat(order, tuple(notes))


def detect(
    values: Iterable[str],
    *,
    column: str = "date",
    order: str | None = None,
    latest: date = date.max,
) -> DateFormat:
    """The format that all values of a column prove; see `Evidence` for AmbiguousDates."""
    evidence = Evidence(column, latest)
    for value in values:
        evidence.add(value)
    return evidence.decide(order)


class Parser:
    """Turns one written date into UTC text as the database stores it, remembering what it read.

    A date without a time is midnight and a time without an offset is local time in `zone`. A time
    that the clocks skip is read with the offset before the change, so that a missing midnight
    still falls on its own day; of a repeated hour the first one is meant.
    """

    def __init__(self, form: DateFormat, zone: ZoneInfo) -> None:
        self.form, self.zone = form, zone
        self._memo: dict[str, str] = {}
        self._hours: dict[str, str] = {}  # "2024-07-01 10" and what follows the seconds -> UTC
        self._clocks: dict[str, str] = {}  # ":45:10" -> ":45:10.000000"

    def __call__(self, text: str) -> str:
        """ "YYYY-MM-DD HH:MM:SS.ffffff" in UTC; BadDate says in words what is wrong."""
        hour, clock = self._hours.get(text[:13] + text[19:]), self._clocks.get(text[13:19])
        if hour is not None and clock is not None:
            return hour + clock
        known = self._memo.get(text)
        if known is None:
            known = self._utc(text)
            if text[4:5] == "-" and text[16:17] == ":" and len(text) >= 19:
                self._learn(text[:13], text[13:19], text[19:])
            elif len(self._memo) < _MEMO:
                self._memo[text] = known
        return known

    def _learn(self, hour: str, clock: str, tail: str) -> None:
        """Nearly all times share their hour with others: joining two parts is much faster.

        Not where the minutes shift as well, nor where seconds have fractions.
        """
        if tail and tail[0] not in "Z+- " or len(self._hours) >= _MEMO:
            return
        first, last = self._utc(f"{hour}:00:00{tail}"), self._utc(f"{hour}:59:59{tail}")
        if first[:13] == last[:13] and first[13:] == ":00:00.000000":
            self._hours[hour + tail] = first[:13]
            self._clocks[clock] = f"{clock}.000000"

    def _utc(self, text: str) -> str:
        try:
            moment = read(text, self.form.order)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self.zone)
            return moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]
        except OverflowError:
            raise BadDate("this date is out of range") from None

    def day(self, text: str) -> str:
        """ "YYYY-MM-DD" exactly as written, whatever the time zone; BadDate as above."""
        return read(text, self.form.order).date().isoformat()


def midnight(day: date, zone: ZoneInfo) -> str:
    """The UTC text of local midnight: the answering day of a file that has no date column."""
    local = datetime(day.year, day.month, day.day, tzinfo=zone)
    return local.astimezone(UTC).isoformat(" ", "microseconds")[:26]
