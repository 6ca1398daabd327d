"""What a backup is: a zip of tables as JSON lines, and a manifest that says what must be in it.

A line is a list of the row's values in the order of the manifest's columns. Times are ISO 8601 in
UTC, decimal numbers are texts, bytes are base64: neither engine leaves a mark on them.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field

from db.models import metadata
from services.responses import as_text

FORMAT = 1
MANIFEST = "manifest.json"
KEY = "key"
# Not taken along: who was signed out or had a link withdrawn since then would be let in again,
# and who has a case open or is about to sign in right now is nobody's history.
LEFT_OUT = frozenset({"session", "one_time_link", "presence", "sign_in_start"})

Kind = Literal["plain", "time", "date", "number", "bytes", "json"]
Turn = Callable[[Any], Any]
KINDS: dict[type[Any], Kind] = {
    sa.Integer: "plain", sa.String: "plain", sa.Boolean: "plain", sa.DateTime: "time",
    sa.Date: "date", sa.Numeric: "number", sa.LargeBinary: "bytes", sa.JSON: "json",
}  # fmt: skip
_WRITTEN: dict[Kind, Turn] = {
    "time": datetime.isoformat,
    "date": date.isoformat,
    "number": str,
    "bytes": lambda value: b64encode(value).decode(),
}


class Member(BaseModel):
    """A file in the backup, as it must be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Column(BaseModel):
    """A column of a table and what its values are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z_0-9]+$")
    kind: Kind


class Sheet(Member):
    """The rows of a table."""

    name: str = Field(pattern=r"^[a-z_0-9]+$")
    columns: list[Column]
    rows: int = Field(ge=0)

    @property
    def member(self) -> str:
        """Its file."""
        return member(self.name)


class Manifest(BaseModel):
    """What the backup holds. Tables stand in the order in which they refer to each other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    loopdesk: Literal["backup"] = "backup"
    format: int
    revision: str = Field(pattern=r"^[0-9a-z_]+$")
    engine: str = Field(pattern=r"^[a-z]+$")
    made_at: datetime
    tables: list[Sheet]
    key: Member | None = None

    @property
    def rows(self) -> int:
        """Of all tables."""
        return sum(sheet.rows for sheet in self.tables)


def tables() -> list[sa.Table]:
    """The tables that a backup takes along, each after those that it refers to."""
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def member(table: str) -> str:
    """The file of a table."""
    return f"tables/{table}.jsonl"


def columns(table: sa.Table) -> list[Column]:
    """The columns of the table, with what they hold."""
    return [Column(name=column.name, kind=_kind(column.type)) for column in table.columns]


def _kind(kept: Any) -> Kind:
    plain = getattr(kept, "impl_instance", kept)  # what a type of our own is made of
    return next(kind for known, kind in KINDS.items() if isinstance(plain, known))


def lines(known: Sequence[Column], rows: Sequence[Sequence[Any]]) -> bytes:
    """Rows as they stand in the file."""
    turns = [_WRITTEN.get(column.kind) for column in known]
    return "".join(
        json.dumps([_turned(t, v) for t, v in zip(turns, row, strict=True)], separators=(",", ":"))
        + "\n"
        for row in rows
    ).encode()


def reader(known: Sequence[Column], *, sqlite: bool) -> Callable[[bytes], tuple[Any, ...]]:
    """How a line becomes values that the engine's driver takes. ValueError: it is no such line."""
    as_kept: dict[Kind, Turn] = {"bytes": b64decode, "json": json.dumps}
    if sqlite:
        as_kept["time"] = lambda value: as_text(datetime.fromisoformat(value))
    turns = [as_kept.get(column.kind) for column in known]

    def read(line: bytes) -> tuple[Any, ...]:
        return tuple(_turned(t, v) for t, v in zip(turns, json.loads(line), strict=True))

    return read


def _turned(turn: Turn | None, value: Any) -> Any:
    return value if turn is None or value is None else turn(value)
