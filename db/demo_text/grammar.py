"""Reading the fragment files of a language, and turning one fragment into words.

One line of a file is one fragment: [a|b] picks one of several, {3-9} draws a whole number,
{city} asks for a slot. The same slot means the same word throughout one comment.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).parent
_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(?:(\d+)-(\d+)|(\w+))\}")
_YEARS = re.compile(r"\{years\}|\b(years|Jahren?|años)\b")
_SPACE_BEFORE = re.compile(r" +([,.!?;:])")

Lines = tuple[str, ...]


@dataclass(frozen=True)
class Aspect:
    """One thing that people say about a topic: `say` it, what follows (`more`), what they `ask`."""

    say: Lines
    more: Lines
    ask: Lines
    only: frozenset[str]
    never: frozenset[str]

    def fits(self, tags: frozenset[str]) -> bool:
        """Whether it can be said here: some tag of `only`, none of `never`."""
        return (not self.only or bool(self.only & tags)) and not self.never & tags


@dataclass(frozen=True)
class Topic:
    """What can be said about one topic, by mood; `fine` and `wish` are asides on other topics."""

    nouns: Lines
    fine: Lines
    wish: Lines
    neg: tuple[Aspect, ...]
    mid: tuple[Aspect, ...]
    pos: tuple[Aspect, ...]


@dataclass(frozen=True)
class Voice:
    """How a language talks, whatever the topic: tables of lines by mood, and slot fillers."""

    open: Mapping[str, Lines]
    close: Mapping[str, Lines]
    flip: Mapping[str, Lines]
    joints: Mapping[str, Lines]
    setting: Mapping[str, Lines]
    lead: Mapping[str, Lines]
    ticket: Mapping[str, Lines]
    terse: Mapping[str, Lines]
    slots: Mapping[str, Lines]


@dataclass(frozen=True)
class Book:
    """All fragments of a language."""

    topics: Mapping[str, Topic]
    voice: Voice


@cache
def book(language: str) -> Book:
    """The fragments of `language` (the name of a folder beside this file)."""
    topics: dict[str, Topic] = {}
    for part in ("product", "service"):
        read = _read(HERE / language / f"{part}.toml")
        topics |= {name: _topic(table) for name, table in read.items()}
    tables = _read(HERE / language / "voice.toml")
    return Book(topics, Voice(**{name: _tables(table) for name, table in tables.items()}))


def _read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _tables(table: Mapping[str, str]) -> dict[str, Lines]:
    return {name: _lines(text, keep_joints=name == "but") for name, text in table.items()}


def _lines(text: str, *, keep_joints: bool = False) -> Lines:
    lines = text.split("\n") if keep_joints else [line.strip() for line in text.split("\n")]
    return tuple(line for line in lines if line.strip())


def _topic(table: Mapping[str, Any]) -> Topic:
    nouns, fine, wish = (_lines(table[name]) for name in ("nouns", "fine", "wish"))
    neg, mid, pos = (tuple(map(_aspect, table[name])) for name in ("neg", "mid", "pos"))
    return Topic(nouns, fine, wish, neg, mid, pos)


def _aspect(table: Mapping[str, Any]) -> Aspect:
    say, more, ask = (_lines(table.get(name, "")) for name in ("say", "more", "ask"))
    only, never = (frozenset(table.get(name, ())) for name in ("only", "never"))
    return Aspect(say, more, ask, only, never)


class Pen:
    """Fills in fragments for one comment; remembers slots, so that a name stays the same."""

    def __init__(
        self,
        rng: Random,
        pools: Mapping[str, Lines],
        facts: Mapping[str, str],
        *,
        tactful: bool = False,  # a new customer does not speak of years
    ) -> None:
        self.rng, self._pools, self.slots = rng, pools, dict(facts)
        self.tactful = tactful

    def pick(self, lines: Sequence[str]) -> str:
        """One of `lines`, filled in."""
        if self.tactful:
            lines = [line for line in lines if not _YEARS.search(line)] or lines
        return self.fill(self.rng.choice(lines))

    def fill(self, fragment: str) -> str:
        """The words of one fragment."""
        chosen = _CHOICE.sub(lambda found: self.rng.choice(found[1].split("|")), fragment)
        return _SPACE_BEFORE.sub(r"\1", _SLOT.sub(self._slot, chosen).strip())

    def _slot(self, found: re.Match[str]) -> str:
        low, high, name = found.groups()
        if name is None:
            return str(self.rng.randint(int(low), int(high)))
        if name not in self.slots:
            self.slots[name] = self.fill(self.rng.choice(self._pools[name]))
        return self.slots[name]
