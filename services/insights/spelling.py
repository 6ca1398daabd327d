"""How a filter is spelt in a URL and read from one.

What a URL holds is typed by anybody: a value that cannot be used is left out and named in a notice,
and nothing raises. A field is (parameter, attribute, value -> texts, texts -> value).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self

from services.domain.periods import RANGES, Days

LONGEST = 200  # characters of one value in a URL
MOST = 50  # values of one field
BIGGEST_ID = 2**63 - 1

Reader = Callable[[list[str], list[str]], Any]
Writer = Callable[[Any], Iterable[str]]
Field = tuple[str, str, Writer, Reader]


@dataclass(frozen=True)
class Spelt:
    """A filter that has a form in a URL: `from_query(to_query(filter))` is the filter again.

    Its lists are kept sorted, each value once. `SPELT` are its fields, set beside the class.
    """

    SPELT: ClassVar[Sequence[Field]] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(sorted(set(value))))

    def to_query(self) -> dict[str, list[str]]:
        """The URL parameters; what has its default is left out."""
        return to_query(self, type(self)(), self.SPELT)

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> tuple[Self, list[str]]:
        """The filter that `query` spells, and a notice (plain text) for each value not usable."""
        values, notices = from_query(query, cls.SPELT)
        return cls(**values), notices

    def narrowed(self, **changes: Any) -> Self:
        """This filter with fields replaced as named."""
        return replace(self, **changes)


def to_query(filter: Any, usual: Any, spelt: Sequence[Field]) -> dict[str, list[str]]:
    """The URL parameters of `filter`; what is as in `usual` is left out."""
    found = {key: [*write(getattr(filter, name))] for key, name, write, _ in spelt}
    given = {key: [*write(getattr(usual, name))] for key, name, write, _ in spelt}
    return {key: texts for key, texts in found.items() if texts and texts != given[key]}


def from_query(
    query: Mapping[str, Sequence[str]], spelt: Sequence[Field]
) -> tuple[dict[str, Any], list[str]]:
    """The values that `query` spells, and a notice (plain text) for each one not usable."""
    notices: list[str] = []
    values = {
        name: read([text for text in query.get(key, ()) if usable(key, text, notices)], notices)
        for key, name, _, read in spelt
    }
    return {name: value for name, value in values.items() if value is not None}, notices


def usable(key: str, text: str, notices: list[str]) -> bool:
    """Whether a database could hold it: no NUL, no half of a character, not endless."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = ""
    fine = 0 < len(text) <= LONGEST and "\0" not in text
    if not fine:
        notices.append(notice(key, text))
    return fine


def notice(key: str, text: str) -> str:
    shown = text if len(text) <= 40 else text[:39] + "\N{HORIZONTAL ELLIPSIS}"
    return f"The address has a {key} that is not known here, so it was left out: {shown!r}."


def one(key: str, parse: Callable[[str], Any]) -> Reader:
    """The last value that `parse` accepts, else None."""

    def read(texts: list[str], notices: list[str]) -> Any:
        found = many(key, parse)(texts, notices)
        return found[-1] if found else None

    return read


def many(key: str, parse: Callable[[str], Any]) -> Reader:
    """All values that `parse` accepts, up to `MOST`."""

    def read(texts: list[str], notices: list[str]) -> tuple[Any, ...]:
        found = []
        for text in texts[:MOST]:
            try:
                found.append(parse(text))
            except (ValueError, KeyError):
                notices.append(notice(key, text))
        if len(texts) > MOST:
            notices.append(
                f"The address has more than {MOST} values of {key}; the rest is left out."
            )
        return tuple(found)

    return read


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ValueError(text)
        return int(text)

    return parse


def flag(text: str) -> bool:
    return {"yes": True, "no": False}[text]


def plain(value: Any) -> Iterable[str]:
    return [str(value)] if value is not None and value != "" else []


def listed(value: Any) -> Iterable[str]:
    return map(str, value)


def days(text: str) -> str:
    """A name of RANGES, or days as "2026-01-01..2026-03-31"; ValueError for anything else."""
    return text if text in RANGES else str(Days.parse(text))
