"""The one filter of all figures and lists, and its form in a URL.

`from_query(to_query(filter))` is the filter again. What a URL holds is typed by anybody: a value
that cannot be used is left out and named in a notice, and nothing raises.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self
from urllib.parse import unquote

from services.domain.periods import RANGES, Compare, Days, Grain
from services.domain.scores import Band, Metric

LONGEST = 200  # characters of one value in a URL
MOST = 50  # values of one field
BIGGEST_ID = 2**63 - 1
_BANDS = {"low": Band.DETRACTOR, "middle": Band.PASSIVE, "top": Band.PROMOTER}
_WORDS = {band: word for word, band in _BANDS.items()}


class State(StrEnum):
    """Which responses: those that count, or those that do not."""

    COUNTED = "counted"
    EXCLUDED = "excluded"
    TEST = "test"
    ALL = "all"


@dataclass(frozen=True)
class Filter:
    """Which responses are meant. Empty fields mean all; lists are kept sorted, each value once.

    Values of one field are alternatives; `props` holds (name, value) pairs, alternatives where the
    name is the same. Figures leave `bands`, `scores`, `commented` and `state` out (`for_figures`).
    """

    metric: Metric = Metric.NPS
    range: str = "12m"
    compare: Compare = Compare.PREVIOUS
    grain: Grain | None = None
    surveys: tuple[int, ...] = ()
    channels: tuple[str, ...] = ()
    touchpoints: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    props: tuple[tuple[str, str], ...] = ()
    bands: tuple[Band, ...] = ()
    scores: tuple[int, ...] = ()
    text: str = ""
    commented: bool = False
    state: State = State.COUNTED

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(sorted(set(value))))

    def to_query(self) -> dict[str, list[str]]:
        """The URL parameters; what has its default is left out."""
        found = {key: [*write(getattr(self, name))] for key, name, write, _ in _FIELDS}
        usual = {key: [*write(getattr(Filter(), name))] for key, name, write, _ in _FIELDS}
        return {key: texts for key, texts in found.items() if texts and texts != usual[key]}

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> tuple[Self, list[str]]:
        """The filter that `query` spells, and a notice (plain text) for each value not usable."""
        notices: list[str] = []
        values = {
            name: read(
                [text for text in query.get(key, ()) if _usable(key, text, notices)], notices
            )
            for key, name, _, read in _FIELDS
        }
        return cls(**{name: value for name, value in values.items() if value is not None}), notices

    def for_figures(self) -> "Filter":
        """This filter without what a score cannot be asked for: an NPS of detractors is -100."""
        return replace(self, bands=(), scores=(), commented=False, state=State.COUNTED)

    def narrowed(self, days: Days | None = None, **changes: Any) -> "Filter":
        """This filter within `days`, with other fields replaced as named."""
        if days is not None:
            changes["range"] = str(days)
        return replace(self, **changes)

    def with_value(self, name: str, value: str) -> "Filter":
        """This filter, narrowed to one value of a property as `by_property` names it."""
        match name:
            case "survey":
                return replace(self, surveys=(int(value),))
            case "unit":
                return replace(self, units=(int(value),))
            case "channel":
                return replace(self, channels=(value,))
            case "touchpoint":
                return replace(self, touchpoints=(value,))
        key = name.removeprefix("props.")
        others = tuple(pair for pair in self.props if pair[0] != key)
        return replace(self, props=(*others, (key, value)))


def _usable(key: str, text: str, notices: list[str]) -> bool:
    """Whether a database could hold it: no NUL, no half of a character, not endless."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = ""
    fine = 0 < len(text) <= LONGEST and "\0" not in text
    if not fine:
        notices.append(_notice(key, text))
    return fine


def _notice(key: str, text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "\N{HORIZONTAL ELLIPSIS}"
    return f"The address has a {key} that is not known here, so it was left out: {shown!r}."


Reader = Callable[[list[str], list[str]], Any]
Writer = Callable[[Any], Iterable[str]]


def _one(key: str, parse: Callable[[str], Any]) -> Reader:
    """The last value that `parse` accepts, else None."""

    def read(texts: list[str], notices: list[str]) -> Any:
        found = _many(key, parse)(texts, notices)
        return found[-1] if found else None

    return read


def _many(key: str, parse: Callable[[str], Any]) -> Reader:
    """All values that `parse` accepts, up to `MOST`."""

    def read(texts: list[str], notices: list[str]) -> tuple[Any, ...]:
        found = []
        for text in texts[:MOST]:
            try:
                found.append(parse(text))
            except (ValueError, KeyError):
                notices.append(_notice(key, text))
        if len(texts) > MOST:
            notices.append(
                f"The address has more than {MOST} values of {key}; the rest is left out."
            )
        return tuple(found)

    return read


def _range(text: str) -> str:
    return text if text in RANGES else str(Days.parse(text))


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ValueError(text)
        return int(text)

    return parse


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name and value):
        raise ValueError(text)
    return unquote(name, errors="strict"), value


def _flag(text: str) -> bool:
    return {"yes": True, "no": False}[text]


def _plain(value: Any) -> Iterable[str]:
    return [str(value)] if value is not None and value != "" else []


def _list(value: Any) -> Iterable[str]:
    return map(str, value)


def _quoted(value: Any) -> Iterable[str]:
    """Only what would be misread is escaped in the name; the value follows the first "="."""
    return (f"{name.replace('%', '%25').replace('=', '%3D')}={text}" for name, text in value)


_id = _whole(1, BIGGEST_ID)
# (parameter, field, field -> texts, texts -> field)
_FIELDS: tuple[tuple[str, str, Writer, Reader], ...] = (
    ("metric", "metric", _plain, _one("metric", Metric)),
    ("range", "range", _plain, _one("range", _range)),
    ("compare", "compare", _plain, _one("compare", Compare)),
    ("grain", "grain", _plain, _one("grain", Grain)),
    ("survey", "surveys", _list, _many("survey", _id)),
    ("channel", "channels", _list, _many("channel", str)),
    ("touchpoint", "touchpoints", _list, _many("touchpoint", str)),
    ("unit", "units", _list, _many("unit", _id)),
    ("prop", "props", _quoted, _many("prop", _pair)),
    (
        "band",
        "bands",
        lambda found: map(_WORDS.__getitem__, found),
        _many("band", _BANDS.__getitem__),
    ),
    ("score", "scores", _list, _many("score", _whole(0, 10))),
    ("q", "text", _plain, _one("q", str)),
    ("comment", "commented", lambda yes: ["yes"] if yes else [], _one("comment", _flag)),
    ("state", "state", _plain, _one("state", State)),
)
KEYS = tuple(key for key, *_ in _FIELDS)
