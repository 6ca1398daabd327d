"""The databases that are measured: a new SQLite file, a new database of a PostgreSQL server."""

from collections.abc import Sequence
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

from db.engine import is_sqlite
from services.config import ROOT
from tests.conftest import _postgres_server as server
from tests.conftest import make_database

PAGES = ROOT / "pages"
database = contextmanager(make_database)


def settle(url: str) -> None:
    """What autovacuum does on PostgreSQL soon after an import."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def count_on(session: Session, names: Sequence[str] = ("case", "case_event", "message")) -> None:
    """PostgreSQL gives the next ids behind those that are there, as SQLite does anyway."""
    if is_sqlite(session):
        return
    for name in names:
        counter = f"pg_get_serial_sequence('\"{name}\"', 'id')"
        last = f'(SELECT max(id) FROM "{name}")'
        session.connection().execute(sa.text(f"SELECT setval({counter}, {last})"))


def postgres_version() -> str:
    """The version of the server that all databases are on."""
    with psycopg.connect(server()) as connection:
        return connection.info.parameter_status("server_version") or "unknown"
