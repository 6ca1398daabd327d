"""What a rule may ask of an answer: one function a field, which says what it saw. Pure.

A new field is one function and one line of `FIELDS`.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import lru_cache
from typing import Any

from services.domain.rules.facts import Facts

# Scripts that are written without spaces: there a word begins anywhere.
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
# What phones write for a sign of the keyboard, what is not seen, and the Turkish letters that have
# no capital, or no small one, that is theirs alone.
_SAME = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "‐": "-", "‑": "-", "ı": "i",
     "\u0307": None, "\u00ad": None, "\u200b": None, "\u200e": None, "\u200f": None}
)  # fmt: skip
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Op(StrEnum):
    """How a field is held against the value of a condition."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    LACKS = "lacks"
    BETWEEN = "between"


class Kind(StrEnum):
    """What the value of a condition is: a number, names or ids out of a list, words, yes or no."""

    NUMBER = "number"
    CHOICE = "choice"
    IDS = "ids"
    NAMES = "names"
    WORDS = "words"
    YES = "yes"
    TIMES = "times"


OPS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.NUMBER: (Op.AT_MOST, Op.AT_LEAST),
    Kind.CHOICE: (Op.IS, Op.IS_NOT),
    Kind.IDS: (Op.IS, Op.IS_NOT),
    Kind.NAMES: (Op.IS, Op.IS_NOT),
    Kind.WORDS: (Op.CONTAINS, Op.LACKS),
    Kind.YES: (Op.IS,),
    Kind.TIMES: (Op.BETWEEN,),
}


@dataclass(frozen=True)
class Field:
    """Something that can be asked: `see` gives what the answer has, None where it has nothing.

    `choices` are those of a choice, by what people call them; `most` bounds a number. `named`: the
    condition names a property. `told`: what was seen may be kept as the reason.
    """

    label: str
    kind: Kind
    see: Callable[[Facts, str], Any]
    choices: Mapping[str, str] | None = None
    most: int = 1_000_000_000
    named: bool = False
    told: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Condition:
    """One thing that has to hold. `name` is the property of a condition on one."""

    field: str
    op: Op
    value: Any
    name: str = ""

    def holds(self, facts: Facts) -> dict[str, Any] | None:
        """The reason: the field, what was seen where that is no text of anybody, and which of
        several values (`hit`, its place) it was; else None."""
        asked = FIELDS[self.field]
        seen = asked.see(facts, self.name)
        if not _TESTS[self.op](seen, self.value):
            return None
        reason = {"field": self.field} | ({"seen": _plain(seen)} if asked.told else {})
        if self.op in (Op.IS, Op.CONTAINS) and isinstance(self.value, tuple | list):
            hits = (nth for nth, one in enumerate(self.value) if _TESTS[self.op](seen, (one,)))
            reason["hit"] = next(hits)
        return reason


def _plain(seen: Any) -> Any:
    return seen if seen is None or isinstance(seen, int | str) else str(seen)


def _flip(facts: Facts, _name: str) -> str | None:
    """A promoter who is a detractor now fell, too; what is worse is said."""
    if facts.before is None or facts.before == facts.band:
        return None
    if facts.before - facts.band == 2:
        return "flipped"
    return "fell" if facts.band < facts.before else "rose"


def _day(facts: Facts, _name: str) -> str:
    return DAYS[facts.local.weekday()]


def _of(name: str) -> Callable[[Facts, str], Any]:
    return lambda facts, _name: getattr(facts, name)


FIELDS: Mapping[str, Field] = {
    "metric": Field("Metric", Kind.CHOICE, _of("metric"),
                    {"nps": "NPS", "csat": "CSAT", "ces": "CES"}),
    "survey": Field("Survey", Kind.IDS, _of("survey_id")),
    "score": Field("Score", Kind.NUMBER, _of("score"), most=10, told=True),
    "band": Field("Band", Kind.CHOICE, lambda facts, _: facts.band.name.lower(),
                  {"detractor": "low (detractor)", "passive": "middle (passive)",
                   "promoter": "high (promoter)"}),
    "flip": Field("Change since the answer before", Kind.CHOICE, _flip,
                  {"flipped": "from promoter to detractor", "fell": "down by a band or more",
                   "rose": "up"}),
    "lows": Field("Low answers in the half year before", Kind.NUMBER, _of("lows"), most=100,
                  told=True),
    "comment": Field("Comment", Kind.WORDS, _of("comment")),
    "commented": Field("Has a comment", Kind.YES, lambda facts, _: bool(facts.comment)),
    "asked": Field("Asks to be contacted", Kind.YES,
                   lambda facts, _: facts.followup == "requested"),
    "touchpoint": Field("Touchpoint", Kind.NAMES, _of("touchpoint")),
    "channel": Field("Channel", Kind.NAMES, _of("channel")),
    "property": Field("Property", Kind.NAMES, lambda facts, name: facts.props.get(name),
                      named=True),
    "unit": Field("Unit", Kind.IDS, _of("unit_id")),
    "arr": Field("ARR", Kind.NUMBER, _of("arr"), told=True, unit="in the account's currency"),
    "large": Field("Large account", Kind.YES, _of("large")),
    "renewal": Field("Days to the renewal", Kind.NUMBER,
                     lambda facts, _: facts.renewal_days if (facts.renewal_days or 0) >= 0
                     else None, most=3650, told=True),
    "stage": Field("Stage", Kind.NAMES, _of("stage")),
    "role": Field("Role", Kind.CHOICE, _of("role"),
                  {"buyer": "buyer", "admin": "admin", "end_user": "end user"}),
    "language": Field("Language of the person", Kind.NAMES, _of("language")),
    "hours": Field("Time it came in", Kind.CHOICE,
                   lambda facts, _: "open" if facts.open_hours else "closed",
                   {"open": "in business hours", "closed": "outside business hours"}),
    "time": Field("Time of day", Kind.TIMES, lambda facts, _: facts.local.time()),
    "weekday": Field("Day of the week", Kind.CHOICE, _day, {
        "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday",
        "fri": "Friday", "sat": "Saturday", "sun": "Sunday"}),
    "case": Field("Has a case already", Kind.YES, lambda facts, _: facts.case is not None),
}  # fmt: skip


def _among(seen: Any, value: Any) -> bool:
    if isinstance(value, bool):
        return seen is value
    if seen == "flipped" and "fell" in value:  # it did both
        return True
    return (seen.casefold() if isinstance(seen, str) else seen) in _folded(tuple(value))


@lru_cache(maxsize=1000)
def _folded(values: tuple[Any, ...]) -> frozenset[Any]:
    return frozenset(one.casefold() if isinstance(one, str) else one for one in values)


def _contains(seen: str, words: Any) -> bool:
    folded = fold(seen)
    return any(_pattern(word).search(folded) for word in words)


@lru_cache(maxsize=100)  # every rule asks for the comment of the same answer
def fold(text: str) -> str:
    """The form in which words are compared: no accents of writing, no case, one space for any."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_SAME).split())


@lru_cache(maxsize=1000)
def _pattern(word: str) -> re.Pattern[str]:
    """The word where one begins: `cancel` is in "cancelling", `port` is not in "support"."""
    folded = fold(word)
    spaced = not unicodedata.name(folded[:1], "").startswith(_UNSPACED)
    return re.compile((r"(?<!\w)" if spaced and folded[:1].isalnum() else "") + re.escape(folded))


def _between(seen: time, value: Any) -> bool:
    """From the first time to before the second; a span over midnight where that is earlier."""
    start, end = (time.fromisoformat(one) for one in value)
    if start <= end:
        return start <= seen < end
    return seen >= start or seen < end


_TESTS: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.AT_LEAST: lambda seen, value: seen is not None and seen >= value,
    Op.AT_MOST: lambda seen, value: seen is not None and seen <= value,
    Op.IS: _among,
    Op.IS_NOT: lambda seen, value: not _among(seen, value),
    Op.CONTAINS: _contains,
    Op.LACKS: lambda seen, value: not _contains(seen, value),
    Op.BETWEEN: _between,
}
