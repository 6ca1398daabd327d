"""The baseline of the figures: the same rows in DuckDB, asked the same SELECTs."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from db import engine
from db.models import metadata
from services.insights import Span
from tests.bench.questions import Ask

BATCH = 50_000
POSTGRES = postgresql.dialect()  # type: ignore[no-untyped-call]


def copy_of(file: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with all tables of a SQLite desk, typed."""
    copy = duckdb.connect()
    source = sqlite3.connect(file)
    for table in metadata.sorted_tables:
        _copy_table(source, copy, table)
    source.close()
    return copy


def _copy_table(
    source: sqlite3.Connection, copy: duckdb.DuckDBPyConnection, table: sa.Table
) -> None:
    types = {column.name: _type(column) for column in table.columns}
    listed = ", ".join(f'"{name}"' for name in types)
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    copy.execute(f'CREATE TABLE "{table.name}" ({columns})')
    values = ", ".join(f'"{name}"::{kind}' for name, kind in types.items())
    cursor = source.execute(f'SELECT {listed} FROM "{table.name}"')
    while rows := cursor.fetchmany(BATCH):
        batch = pa.table(dict(zip(types, map(pa.array, zip(*rows, strict=True)), strict=True)))
        copy.register("batch", batch)
        copy.execute(f'INSERT INTO "{table.name}" SELECT {values} FROM batch')
        copy.unregister("batch")


def _type(column: sa.Column[Any]) -> str:
    """PostgreSQL's type, but for JSONB; times are in UTC, with or without saying so."""
    written = str(column.type.compile(POSTGRES))
    return written.replace("JSONB", "JSON").replace(" WITH TIME ZONE", "")


@contextmanager
def captured() -> Iterator[list[sa.Executable]]:
    """The statements that the desk sends meanwhile, with their values."""
    seen: list[sa.Executable] = []
    current = engine.current()

    def note(_connection: Any, statement: Any, _many: Any, values: Any, _options: Any) -> None:
        seen.append(statement.params(values) if values else statement)

    sa.event.listen(current, "before_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(current, "before_execute", note)


class Elsewhere(Exception):
    """DuckDB cannot run a statement of the question, or it says something else."""


def translated(ask: Ask, copy: duckdb.DuckDBPyConnection) -> list[str]:
    """The SELECTs behind a question as DuckDB runs them, checked to give the same rows."""
    texts = []
    with engine.reading() as session:
        with captured() as statements:
            ask(session)
        for statement in statements:
            texts.append(_text(statement))
            _same(session, statement, copy, texts[-1])
    return texts


def _text(statement: sa.Executable) -> str:
    try:
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=POSTGRES, compile_kwargs={"literal_binds": True}
        )
    except sa.exc.CompileError as error:
        raise Elsewhere(str(error)) from None
    return str(compiled).replace("%%", "%")


def _same(
    session: Session, statement: sa.Executable, copy: duckdb.DuckDBPyConnection, text: str
) -> None:
    ours = list(session.connection().execute(statement))
    try:
        theirs = copy.execute(text).fetchall()
    except duckdb.Error as error:
        raise Elsewhere(str(error).splitlines()[0]) from None
    if _plain(ours) != _plain(theirs):
        raise AssertionError(f"DuckDB answers something else to: {text[:400]}")


def _plain(rows: Iterable[Sequence[Any]]) -> list[tuple[str, ...]]:
    """Rows in one form and order; times are left out, since SQLite has texts for them."""
    return sorted(tuple(map(_cell, row)) for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, int | Decimal):
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))  # as the import writes it
    return value if isinstance(value, str) else ""


def own_way(span: Span) -> str:
    """The trend of a span, and of the one before, as one would write it for DuckDB (in UTC)."""
    first = (span.previous or span.current).start
    return (
        f"SELECT date_trunc('{span.grain}', answered_at), survey_id, score, band, count(*) "
        "FROM response WHERE excluded_at IS NULL AND NOT is_test "
        f"AND answered_at >= '{first}' AND answered_at < '{span.current.end}' GROUP BY ALL"
    )
