"""Forgetting for good: what was removed must not live on in a journal or in an index."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import is_sqlite


@contextmanager
def rewriting(session: Session, table: str) -> Iterator[None]:
    """Inside, rows of the append-only `table` may be changed: for erasing, and for nothing else.

    It is lifted for this transaction alone: until it ends, nobody else writes into the table.
    """
    connection = session.connection()
    if not is_sqlite(session):
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
        yield
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
        return
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    triggers = connection.exec_driver_sql(query, (table,)).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, made in triggers:
        connection.exec_driver_sql(made)


def index_anew(session: Session) -> None:
    """Leave no word of removed comments in the index of the full-text search.

    SQLite only notes in it that a text is gone, and drops the words when it merges its parts.
    PostgreSQL's holds nothing else than the rows do.
    """
    if is_sqlite(session):
        session.connection().execute(
            sa.text("INSERT INTO response_fts (response_fts) VALUES ('optimize')")
        )
