"""Merge fields: `{{contact.first_name|there}}` in a text becomes what it stands for. Pure.

A value is put in once and never read again: a comment that holds `{{...}}` stays as it was said.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

FIELDS: dict[str, str] = {
    "contact.first_name": "the first name of the person",
    "contact.name": "the name of the person",
    "account.name": "the company",
    "case.number": "the number of the case",
    "score": "the score that was given",
    "comment": "what was said with it",
    "answer.date": "the day of the answer",
    "survey.name": "the survey",
    "agent.name": "your name",
    "agent.first_name": "your first name",
    "desk.name": "the name of this desk",
}

_FIELD = re.compile(r"\{\{([^{}|]*)(?:\|([^{}]*))?\}\}")
_TITLES = frozenset(
    ["dr", "prof", "ing", "mr", "mrs", "ms", "mx", "sir", "herr", "frau"]
    + ["señor", "señora", "sr", "sra", "m", "mme", "mlle"]
)


class Written(Protocol):
    """Something that is there in several languages, and this is one of them."""

    @property
    def language(self) -> str: ...


Kind = TypeVar("Kind", bound=Written)


@dataclass(frozen=True)
class Merged:
    """`missing`: fields that stay as they were written, because nothing is known to put there."""

    text: str
    missing: list[str]


def fields(text: str) -> list[str]:
    """The names between braces, each once, in the order of the text."""
    return list(dict.fromkeys(match[1].strip() for match in _FIELD.finditer(text)))


def unknown(text: str) -> list[str]:
    """The names between braces that are not among FIELDS."""
    return [name for name in fields(text) if name not in FIELDS]


def needed(text: str) -> frozenset[str]:
    """The names that something has to be known for: they say nothing to put there instead."""
    found = ((match[1].strip(), match[2]) for match in _FIELD.finditer(text))
    return frozenset(name for name, instead in found if instead is None or name not in FIELDS)


def of_language(found: Sequence[Kind], language: str | None) -> Kind | None:
    """The one in the person's language, else in English, else the first."""
    wanted = (language or "en").partition("-")[0].casefold()
    by_language = {one.language.partition("-")[0]: one for one in reversed(found)}
    return by_language.get(wanted) or by_language.get("en") or (found[0] if found else None)


def merged(text: str, values: Mapping[str, str | None]) -> Merged:
    """`text` with its fields filled in; a blank value counts as none, an empty fallback as said."""
    missing: dict[str, None] = {}

    def filled(match: re.Match[str]) -> str:
        name, fallback = match[1].strip(), match[2]
        value = (values.get(name) if name in FIELDS else None) or ""
        if value.strip():
            return value.strip()
        if name in FIELDS and fallback is not None:
            return fallback.strip()
        missing[name] = None
        return match[0]

    return Merged(_FIELD.sub(filled, text), list(missing))


def first_name(name: str | None) -> str | None:
    """What to call somebody of that name; None where it cannot be told: better the fallback."""
    family, comma, given = (name or "").partition(",")
    words = [word for word in (given if comma else family).split() if not _is_title(word)]
    if not words or (len(words) == 1 and not comma and len((name or "").split()) > 1):
        return None
    first = words[0]
    return first if len(first.rstrip(".")) > 1 and _is_name(first) else None


def _is_title(word: str) -> bool:
    return word.rstrip(".").casefold() in _TITLES


def _is_name(word: str) -> bool:
    return all(unicodedata.category(sign)[0] in "LM" or sign in "-'’·" for sign in word)
