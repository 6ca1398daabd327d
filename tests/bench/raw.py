"""What the database itself takes: finished rows into a bare table, in one transaction."""

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from db.engine import PRAGMAS
from db.models import Response
from tests.bench.data import COLUMNS

Rows = Sequence[tuple[object, ...]]
assert tuple(column.name for column in Response.__table__.columns) == COLUMNS  # type: ignore[attr-defined]


def executemany(rows: Rows, folder: Path) -> float:
    """Seconds for SQLite: a file of its own with the desk's pragmas (WAL), no index."""
    file = folder / "raw.db"
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"CREATE TABLE response ({', '.join(COLUMNS)})")
    start = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    places = ", ".join("?" * len(COLUMNS))
    connection.executemany(f"INSERT INTO response VALUES ({places})", rows)
    connection.execute("COMMIT")
    took = time.perf_counter() - start
    connection.close()
    file.unlink()
    return took


def copy(rows: Rows, url: str) -> float:
    """Seconds for PostgreSQL: COPY into a table like ours, without index and constraint."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw_response (LIKE response)")
        start = time.perf_counter()
        with (
            connection.transaction(),
            connection.cursor() as cursor,
            cursor.copy("COPY raw_response FROM STDIN") as out,
        ):
            for row in rows:
                out.write_row(row)
        took = time.perf_counter() - start
        connection.execute("DROP TABLE raw_response")
    return took
