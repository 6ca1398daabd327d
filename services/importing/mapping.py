"""Which column holds the score, the comment, the date ...; all other columns become properties."""

import difflib
import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Mapping as Fields
from dataclasses import dataclass, field

from services.importing.limits import ImportRefused

FIELDS = (
    "score", "comment", "answered_at", "external_id", "email", "name", "account", "channel",
    "touchpoint", "followup", "anonymous",
)  # fmt: skip
IGNORE = "ignore"  # `--map ignore=column`: not even a property


class MappingIncomplete(ImportRefused):
    """The columns do not cover a field that an import needs."""

    def __init__(self, missing: list[str], columns: list[str]) -> None:
        self.missing, self.columns = missing, columns
        needed = " and ".join(missing)
        example = "; ".join(f"--map {each}=COLUMN" for each in missing)
        super().__init__(
            f"No column is known to hold the {needed}: choose with {example}. "
            f"The file has {_listed(columns)}."
        )


@dataclass(frozen=True)
class Mapping:
    """field -> column, the reason for each choice, and the columns that are left out."""

    columns: Fields[str, str]
    reasons: Fields[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    @classmethod
    def from_options(
        cls,
        options: Iterable[str],
        columns: list[str],
        base: "Mapping | None" = None,
        fields: tuple[str, ...] = FIELDS,
    ) -> "Mapping":
        """Read "field=column" options over a proposal `base`; "field=" takes a field out of it.

        ImportRefused: no "=", an unknown field or column (the nearest one is named), a field or a
        column that is named twice.
        """
        given: dict[str, str] = {}
        ignored = set(base.ignored if base else ())
        for option in options:
            name, column = _parse(option, columns, fields)
            if name == IGNORE:
                ignored.add(column)
            elif name in given:
                raise ImportRefused(f"The field {name!r} is mapped twice.")
            elif column and column in given.values():
                raise ImportRefused(f"The column {column!r} is mapped to two fields.")
            else:
                given[name] = column
        return _over(base, given, frozenset(ignored))

    def require(self, needed: Iterable[str], columns: list[str]) -> None:
        """MappingIncomplete if one of these fields has no column."""
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise MappingIncomplete(missing, columns)

    def positions(self, columns: list[str]) -> dict[str, int]:
        return {name: columns.index(column) for name, column in self.columns.items()}

    def properties(self, columns: list[str]) -> list[tuple[int, str]]:
        """Position and key of each column that is kept as a property, in the file's order."""
        used = set(self.columns.values()) | self.ignored
        left = [(at, name) for at, name in enumerate(columns) if name not in used]
        reserved = {"name"} if "name" in self.columns else set()  # a name without an address
        keys = property_keys([name for _, name in left], reserved)
        return [(at, key) for (at, _), key in zip(left, keys, strict=True)]


def _parse(option: str, columns: list[str], fields: tuple[str, ...]) -> tuple[str, str]:
    name, equals, wanted = (part.strip() for part in option.partition("="))
    if not equals:
        raise ImportRefused(f"{option!r} is not of the form field=column.")
    if name not in (*fields, IGNORE):
        raise ImportRefused(f"There is no field {name!r}{_nearest(name, list(fields))}.")
    return name, find_column(wanted, columns) if wanted else ""


def _over(base: Mapping | None, given: dict[str, str], ignored: frozenset[str]) -> Mapping:
    taken = set(given.values()) | ignored
    kept = {
        name: column
        for name, column in (base.columns if base else {}).items()
        if name not in given and column not in taken
    }
    reasons = {name: (base.reasons if base else {}).get(name, "") for name in kept}
    chosen = {name: column for name, column in given.items() if column and column not in ignored}
    return Mapping(
        {**kept, **chosen}, {**reasons, **dict.fromkeys(chosen, "as you chose")}, ignored
    )


def find_column(wanted: str, columns: list[str]) -> str:
    """The column of this name, else the only one that differs in case, spaces or accents."""
    if wanted in columns:
        return wanted
    alike = [column for column in columns if plain(column) == plain(wanted)]
    if len(alike) == 1:
        return alike[0]
    hint = _nearest(wanted, columns)
    raise ImportRefused(f"There is no column {wanted!r}{hint}. The file has {_listed(columns)}.")


def _nearest(wanted: str, known: list[str]) -> str:
    by_plain = {plain(name): name for name in known}
    close = difflib.get_close_matches(plain(wanted), by_plain, n=1, cutoff=0.5)
    return f"; did you mean {by_plain[close[0]]!r}?" if close else ""


def _listed(columns: list[str]) -> str:
    shown = ", ".join(columns[:30])
    return f"the columns {shown}" + (f" and {len(columns) - 30} more" if len(columns) > 30 else "")


def plain(name: str) -> str:
    """A name without case, accents, spaces and signs: "E-Mail Adresse" -> "emailadresse"."""
    return re.sub(r"[\W_]+", "", _unaccented(name).casefold())


def _unaccented(name: str) -> str:
    spread = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def property_keys(names: list[str], reserved: Iterable[str] = ()) -> list[str]:
    """One key per column: lower snake case, "Plan (new)" -> "plan_new"; doubles get "_2"."""
    taken, keys = set(reserved), []
    for name in names:
        base = re.sub(r"\W+", "_", _unaccented(name).casefold()).strip("_") or "property"
        key, copy = base, 1
        while key in taken:
            copy += 1
            key = f"{base}_{copy}"
        taken.add(key)
        keys.append(key)
    return keys
