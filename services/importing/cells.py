"""One cell -> one clean value: texts, e-mail addresses, yes/no answers, and the score."""

import re
import unicodedata
from collections.abc import Callable
from typing import Generic, TypeVar

from services.importing.mapping import plain

LONGEST_COMMENT = 20_000  # characters
LONGEST_WORD = 200  # characters of an id, a name, a channel
_MEMO = 50_000  # values per column that are remembered

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_ENDS = re.compile("\r\n?")
_ATEXT = r"[^@\s\"'(),:;<>\[\]\\]"
_LOCAL = re.compile(rf"{_ATEXT}+")
_DOMAIN = re.compile(rf"(?:(?![.]){_ATEXT})+(?:\.(?:(?![.]){_ATEXT})+)+")
_IN_BRACKETS = re.compile(r".*<([^<>]+)>")
_LONGEST_EMAIL = 254


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(word) for word in text.split("|"))


_YES = _words("yes|y|true|t|1|x|ja|j|wahr|sí|s|verdadero|on")
_NO = _words("no|n|false|f|0|nein|falsch|falso|off|none")
_REQUESTED = _YES | _words("requested|please contact me|contact me|follow up|gewünscht")
_DECLINED = _NO | _words("declined|do not contact|abgelehnt|rechazado")
_NOT_ASKED = _words("|not asked|n/a|null|unknown")
_ANONYMOUS = _YES | _words("anonymous|anonym|anonimo")

T = TypeVar("T")


class BadCell(Exception):
    """A cell for whose sake the row is rejected; the message is the reason in words."""

    def __init__(self, column: str | None, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


class Memo(dict[str, T], Generic[T]):
    """Computes a value once per text, for as many texts as are worth remembering."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, text: str) -> T:
        value = self._make(text)
        if len(self) < _MEMO:
            self[text] = value
        return value


def folded(text: str) -> str | None:
    """One line without control characters and doubled spaces; None if nothing is left."""
    text = " ".join(text.split())
    return (text if text.isprintable() else _CONTROLS.sub("", text).strip()) or None


def short(text: str) -> str | None:
    """As `folded`, for what is looked up later; BadCell for more than an index can hold."""
    word = folded(text)
    if word is not None and len(word) > LONGEST_WORD:
        raise BadCell(None, text, f"a cell is longer than {LONGEST_WORD} characters")
    return word


def unspoiled(text: str) -> str:
    """Trimmed; line breaks stay (as \\n), tabs stay, NUL and other control characters go."""
    text = text.strip()
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _LINE_ENDS.sub("\n", text)).strip()


def email(text: str) -> tuple[str, str] | None:
    """(normalised, as given) of an address, "Jane <jane@...>" included; None if it is none.

    Normalised: NFC and case-folded, so that one person is not two.
    """
    given = text.strip()
    if given.endswith(">") and (match := _IN_BRACKETS.fullmatch(given)):
        given = match[1].strip()
    if given[:7].casefold() == "mailto:":
        given = given[7:]
    local, _, domain = given.partition("@")
    if len(given) > _LONGEST_EMAIL or not _domains[domain] or not _LOCAL.fullmatch(local):
        return None
    if given.isascii():
        return given.lower(), given
    return unicodedata.normalize("NFC", given).casefold(), given


def _is_domain(text: str) -> bool:
    return _DOMAIN.fullmatch(text) is not None and text.isprintable()


_domains = Memo(_is_domain)


def followup(text: str) -> str | None:
    """requested, declined or not_asked; None for an answer that is not understood."""
    word = plain(text)
    if word in _REQUESTED:
        return "requested"
    if word in _DECLINED:
        return "declined"
    return "not_asked" if word in _NOT_ASKED else None


def anonymous(text: str) -> bool | None:
    """Whether the person wants to stay unknown; None for an answer that is not understood."""
    word = plain(text)
    if word in _ANONYMOUS:
        return True
    return False if word in _NO | _NOT_ASKED else None


def truthy(text: str) -> bool:
    return plain(text) in _YES
