"""The databases that are measured: a new SQLite file, a new database of a PostgreSQL server."""

from contextlib import contextmanager

import psycopg

from services.config import ROOT
from tests.conftest import _postgres_server as server
from tests.conftest import make_database

PAGES = ROOT / "pages"
database = contextmanager(make_database)


def settle(url: str) -> None:
    """What autovacuum does on PostgreSQL soon after an import."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def postgres_version() -> str:
    """The version of the server that all databases are on."""
    with psycopg.connect(server()) as connection:
        return connection.info.parameter_status("server_version") or "unknown"
