"""The engine and its transactions. Knows SQLite and PostgreSQL; nothing else does.

A door (page callback, route, worker, shell) opens one `transaction()` a change; services add and
flush in it and never commit. `reading()` is for figures: on SQLite it takes no write lock.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlmodel import Session

BUSY_SECONDS = 30
Value = TypeVar("Value")
TOGETHER = 1000  # values of one IN (...)
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-131072",
    "wal_autocheckpoint=16000",
    "temp_store=MEMORY",
    "mmap_size=268435456",
)
SPARING = {"cache_size": -16384, "mmap_size": 0}
_current: sa.Engine | None = None


def normalise(url: str) -> URL:
    """`postgres://` and `postgresql://` mean psycopg 3; SQLite and it are the two that work."""
    parsed = make_url(url)
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed.set(drivername="sqlite")
    raise ValueError(f"DATABASE_URL names {parsed.drivername!r}; use sqlite:// or postgresql://")


def make_engine(url: str) -> sa.Engine:
    """A new engine for `url`; the folder of a SQLite file is made."""
    parsed = normalise(url)
    if parsed.drivername == "sqlite":
        return _sqlite(parsed)
    return sa.create_engine(
        parsed, pool_size=10, max_overflow=20, pool_pre_ping=True,
        hide_parameters=True,  # an error in a log must not carry somebody's address
        # PostgreSQL's own 4 MB of work_mem are too few for what a common word finds in a million
        # answers: it then reads every page of them and splits each text into words again.
        connect_args={
            "options": "-c timezone=UTC -c work_mem=32MB", "application_name": "loopdesk",
        },
    )  # fmt: skip


def _sqlite(url: URL) -> sa.Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, see below
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        # Its own one leaves all but ASCII as it is: nobody would find "Östen" by his name.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A deferred transaction that turns into a write fails at once when another one is
        # writing; BEGIN IMMEDIATE waits its turn instead.
        mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def use(url: str) -> sa.Engine:
    """Make `url` this process's database and return its engine."""
    global _current
    if _current is not None:
        _current.dispose()
    _current = make_engine(url)
    return _current


def current() -> sa.Engine:
    """This process's engine; `use` must have been called by the door."""
    if _current is None:
        raise RuntimeError("no database chosen: call db.engine.use(url) first")
    return _current


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end, or rolls everything back on an exception."""
    with Session(current(), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """A session for reads: one snapshot, no write lock, nothing kept."""
    engine = current().execution_options(sqlite_begin="DEFERRED")
    with Session(engine) as session:
        yield session


def one_moment(session: Session) -> None:
    """All that the session is about to read is of one moment. Said before it reads anything."""
    if not is_sqlite(session):  # there a statement sees what was committed since the one before
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


@contextmanager
def sparing(session: Session) -> Iterator[None]:
    """For who reads through everything once: SQLite keeps little of it in memory meanwhile.

    What it maps and caches otherwise is more than all that an export itself needs.
    """
    if not is_sqlite(session):
        yield
        return
    usual = [pragma for pragma in PRAGMAS if pragma.startswith(tuple(SPARING))]
    _set(session, [f"{name}={value}" for name, value in SPARING.items()])
    try:
        yield
    finally:
        _set(session, usual)


def _set(session: Session, pragmas: Sequence[str]) -> None:
    for pragma in pragmas:
        session.connection().exec_driver_sql(f"PRAGMA {pragma}")


def is_sqlite(session: Session) -> bool:
    """Whether the session speaks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def bump(session: Session) -> int:
    """Raise the data version and return it, which is also the `change_seq` of rows written here.

    On PostgreSQL its row lock, held until commit, is what makes the sequence a feed that misses no
    late commit (and so serialises the commits). Whoever locks a row of another table before this
    takes its `turn` first.
    """
    statement = sa.text("UPDATE data_version SET n = n + 1 WHERE id = 1 RETURNING n")
    return int(session.connection().execute(statement).scalar_one())


def turn(session: Session) -> None:
    """Wait until no other writer holds the data version, and keep others out until the end.

    A writer that locks a row (a reference to one is a lock) and `bump`s after that would wait in a
    circle with one that has bumped and wants the row: so the version comes before any row.
    """
    if not is_sqlite(session):  # there a transaction that writes is alone from its beginning
        session.connection().execute(sa.text("SELECT n FROM data_version WHERE id = 1 FOR UPDATE"))


def version(session: Session) -> int:
    """The data version: the key of every cache of figures."""
    return int(session.connection().execute(sa.text("SELECT n FROM data_version")).scalar_one())


def slices(ids: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """The ids in lots that one statement takes."""
    return (ids[at : at + TOGETHER] for at in range(0, len(ids), TOGETHER))


def insert_ignore(session: Session, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, leaving out those that a unique constraint already knows."""
    if rows:
        session.connection().execute(upsert(session, table).on_conflict_do_nothing(), rows)


def upsert(session: Session, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, for the session's engine."""
    return sqlite.insert(table) if is_sqlite(session) else postgresql.insert(table)
