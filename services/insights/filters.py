"""The one filter of all figures and lists, and its form in a URL.

`from_query(to_query(filter))` is the filter again; see `spelling` for what a URL may hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self
from urllib.parse import unquote

from services.domain.periods import Compare, Days, Grain
from services.domain.scores import Band, Metric
from services.insights.spelling import (
    BIGGEST_ID,
    Field,
    Spelt,
    days,
    flag,
    listed,
    many,
    one,
    plain,
    whole,
)

_BANDS = {"low": Band.DETRACTOR, "middle": Band.PASSIVE, "top": Band.PROMOTER}
_WORDS = {band: word for word, band in _BANDS.items()}


class State(StrEnum):
    """Which responses: those that count, or those that do not."""

    COUNTED = "counted"
    EXCLUDED = "excluded"
    TEST = "test"
    ALL = "all"


@dataclass(frozen=True)
class Filter(Spelt):
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

    def for_figures(self) -> "Filter":
        """This filter without what a score cannot be asked for: an NPS of detractors is -100."""
        return replace(self, bands=(), scores=(), commented=False, state=State.COUNTED)

    def narrowed(self, days: Days | None = None, **changes: Any) -> Self:
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


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name and value):
        raise ValueError(text)
    return unquote(name, errors="strict"), value


def _quoted(value: Any) -> Iterable[str]:
    """Only what would be misread is escaped in the name; the value follows the first "="."""
    return (f"{name.replace('%', '%25').replace('=', '%3D')}={text}" for name, text in value)


_id = whole(1, BIGGEST_ID)
# (parameter, field, field -> texts, texts -> field)
_FIELDS: tuple[Field, ...] = (
    ("metric", "metric", plain, one("metric", Metric)),
    ("range", "range", plain, one("range", days)),
    ("compare", "compare", plain, one("compare", Compare)),
    ("grain", "grain", plain, one("grain", Grain)),
    ("survey", "surveys", listed, many("survey", _id)),
    ("channel", "channels", listed, many("channel", str)),
    ("touchpoint", "touchpoints", listed, many("touchpoint", str)),
    ("unit", "units", listed, many("unit", _id)),
    ("prop", "props", _quoted, many("prop", _pair)),
    (
        "band",
        "bands",
        lambda found: map(_WORDS.__getitem__, found),
        many("band", _BANDS.__getitem__),
    ),
    ("score", "scores", listed, many("score", whole(0, 10))),
    ("q", "text", plain, one("q", str)),
    ("comment", "commented", lambda yes: ["yes"] if yes else [], one("comment", flag)),
    ("state", "state", plain, one("state", State)),
)
KEYS = tuple(key for key, *_ in _FIELDS)
Filter.SPELT = _FIELDS
