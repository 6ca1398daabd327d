"""A whole desk taken in at once: what each engine needs so that rows may come in any order."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa
from psycopg import Error as PgError
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from db import bulk
from db.engine import current, is_sqlite
from db.models import metadata

LOT = 2000  # rows that SQLite takes in memory at a time


class Unfit(RuntimeError):
    """The database does not take a row; the message names the table and says why."""


@contextmanager
def moving_in() -> Iterator[Session]:
    """A transaction in which SQLite checks no reference by itself; ask `dangling` at its end.

    It would look through all children for each parent that comes after one of them.
    """
    with current().connect() as connection:
        raw: Any = connection.connection.driver_connection
        if connection.dialect.name == "sqlite":  # to be said before it begins
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with Session(connection, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            if connection.dialect.name == "sqlite":
                raw.execute("PRAGMA foreign_keys=ON")


def alone(session: Session, tables: Sequence[str]) -> None:
    """Nobody else writes into these tables until the end; they are read as they were."""
    if tables and not is_sqlite(session):  # there who writes is alone from the beginning
        listed = ", ".join(_quoted(session, name) for name in tables)
        _run(session, f"LOCK TABLE {listed} IN SHARE ROW EXCLUSIVE MODE")


@contextmanager
def any_order(session: Session, order: Sequence[str]) -> Iterator[None]:
    """Tables are filled in this order; references to a later one are checked at the end."""
    later = [] if is_sqlite(session) else _to_later_ones(session, order)
    for table, name in later:
        _run(session, f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED")
    yield
    if later:
        _run(session, "SET CONSTRAINTS ALL IMMEDIATE")
    for table, name in later:
        _run(session, f"ALTER TABLE {table} ALTER CONSTRAINT {name} NOT DEFERRABLE")


def _to_later_ones(session: Session, order: Sequence[str]) -> list[tuple[str, str]]:
    inspector, place = sa.inspect(session.connection()), {n: at for at, n in enumerate(order)}
    return [
        (_quoted(session, table), _quoted(session, key["name"] or ""))
        for table in order
        for key in inspector.get_foreign_keys(table)
        if place.get(key["referred_table"], 0) > place[table]
    ]


def fill(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Insert rows as `bulk.load` takes them, in bounded memory. Unfit: the table refuses one."""
    named, into = [_quoted(session, name) for name in columns], sa.Table(table, sa.MetaData())
    waiting = iter(rows)
    try:
        if not is_sqlite(session):  # all in one statement, at whose end references are checked
            bulk.load(session, into, named, waiting, {})
        while lot := list(islice(waiting, LOT)):
            bulk.load(session, into, named, lot, {})
    except PgError as error:  # what it says further has the row in it
        raise Unfit(f"{table}: {error.diag.message_primary}") from None
    except DBAPIError as error:
        raise Unfit(f"{table}: {error.orig}") from None


def dangling(session: Session) -> str | None:
    """A table whose row leads to one that is not there. PostgreSQL has refused it already."""
    if not is_sqlite(session):
        return None
    found = session.connection().exec_driver_sql("PRAGMA foreign_key_check").first()
    return None if found is None else str(found[0])


def follow_ids(session: Session) -> None:
    """The next id of each table comes after those that were brought along."""
    if is_sqlite(session):  # there it is always the one after the last
        return
    for table in metadata.sorted_tables:
        if "id" in table.c:
            name = _quoted(session, table.name)
            _run(
                session,
                f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name} "
                "HAVING max(id) IS NOT NULL",
            )


def count(session: Session, table: str) -> int:
    """How many rows the table has."""
    return int(_run(session, f"SELECT count(*) FROM {_quoted(session, table)}").scalar_one())


def clear(session: Session, table: str) -> None:
    """Remove every row of the table."""
    _run(session, f"DELETE FROM {_quoted(session, table)}")


def _run(session: Session, statement: str) -> sa.CursorResult[Any]:
    return session.connection().exec_driver_sql(statement)


def _quoted(session: Session, name: str) -> str:
    return session.connection().dialect.identifier_preparer.quote_identifier(name)
