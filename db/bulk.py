"""Many rows at once, by each engine's fastest way.

PostgreSQL copies. SQLite takes rows into a temporary table and moves them in one statement: with
indexes, foreign keys and the full-text trigger that costs half of inserting them row by row,
because every row by itself is a statement with a journal and an FTS5 flush of its own.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import is_sqlite

Rows = Iterable[tuple[Any, ...]]


def load(
    session: Session, table: sa.Table, columns: Sequence[str], rows: Rows, same: dict[str, Any]
) -> None:
    """Insert `rows` (values in the order of `columns`), each with the values of `same` too.

    The values go to the driver as they are: times as UTC text without an offset, JSON as text.
    """
    connection = session.connection()
    name = connection.dialect.identifier_preparer.format_table(table)
    listed, tail = ", ".join([*columns, *same]), tuple(same.values())
    if not is_sqlite(session):
        _copy(connection, name, listed, (row + tail for row in rows))
        return
    passing = f"load_{len(columns)}"
    names = ", ".join(f"c{number}" for number in range(len(columns)))
    connection.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS {passing} ({names})")
    _execute_many(connection, passing, len(columns), rows)
    moved = ", ".join([names, *"?" * len(same)])
    connection.exec_driver_sql(f"INSERT INTO {name} ({listed}) SELECT {moved} FROM {passing}", tail)
    connection.exec_driver_sql(f"DELETE FROM {passing}")


def stage(session: Session, table: sa.Table, rows: Rows) -> None:
    """Replace the content of `table`, which has the prefix TEMPORARY, with `rows`."""
    connection = session.connection()
    connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
    connection.execute(table.delete())
    if is_sqlite(session):
        _execute_many(connection, table.name, len(table.columns), rows)
    else:
        _copy(connection, table.name, ", ".join(column.name for column in table.columns), rows)


def _execute_many(connection: sa.Connection, name: str, columns: int, rows: Rows) -> None:
    # Straight to the driver: SQLAlchemy would copy every row once more on its way.
    raw: Any = connection.connection.driver_connection
    raw.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * columns)})", rows)


def _copy(connection: sa.Connection, name: str, listed: str, rows: Rows) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {name} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
