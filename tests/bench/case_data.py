"""The cases of the bench, with their journals, notes and calls.

For 1,000 answers 5 open cases and 30 closed ones. The import's own make way: they all begin today.
"""

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db import bulk
from db.engine import bump, is_sqlite, make_engine
from db.models import metadata
from services import demo_cases
from services.demo_life import Life
from tests.bench.case_lives import Staff, hire, lives, plots
from tests.bench.desks import count_on
from tests.bench.measure import progress

TABLES = tuple(metadata.tables[name] for name in ("case", "message", "case_event", "case_response"))
CASE, MESSAGE, EVENT, LINK = TABLES
TOGETHER = 2000
Rows = list[dict[str, Any]]


def fill(url: str, n: int, now: datetime, seed: int = 11) -> None:
    """Give the desk, which holds `n` answers, people, values of accounts, and cases."""
    rng = random.Random(seed)
    with opened(url) as session:
        _make_way(session)
        staff = hire(session, now)
        plan, writer = plots(session, n, now, rng), _Writer(session)
        progress(f"living through {len(plan):,} cases")
        for at in range(0, len(plan), TOGETHER):
            writer.write(_lived(session, staff, plan[at : at + TOGETHER], now, rng))
        count_on(session)
        session.commit()


@contextmanager
def opened(url: str) -> Iterator[Session]:
    """A session that looks for no row behind a key, and waits for no disk: nothing is lost here."""
    engine = make_engine(url)

    @sa.event.listens_for(engine, "connect")
    def _trusting(connection: Any, _record: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("PRAGMA cache_size=-1000000")

    with Session(engine, expire_on_commit=False) as session:
        yield session
    engine.dispose()


def _lived(session: Session, staff: Staff, *more: Any) -> list[Life]:
    found = lives(session, staff, *more)
    session.expunge_all()
    return found


def _make_way(session: Session) -> None:
    """Remove all cases; what keeps a journal from it, and looks for what refers to it, sleeps."""
    connection = session.connection()
    if not is_sqlite(session):
        sleep, wake = (
            [f"ALTER TABLE {name} {verb} TRIGGER USER" for name in (EVENT.name, "delivery_attempt")]
            for verb in ("DISABLE", "ENABLE")
        )
        for statement in (*sleep, f'TRUNCATE "{CASE.name}" CASCADE', *wake):
            connection.exec_driver_sql(statement)
        return
    found = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
    asleep = connection.exec_driver_sql(found, (EVENT.name,)).all()
    for name, _ in asleep:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    for table in reversed(TABLES):
        connection.execute(table.delete())
    for _, made in asleep:
        connection.exec_driver_sql(made)


class _Writer:
    """Writes cases with their journals and numbers all rows itself."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.numbers, self.events, self.messages = count(1), count(1), count(1)

    def write(self, found: Sequence[Life]) -> None:
        """Cases that follow those written before; their events in the order of time."""
        named = [(next(self.numbers), life) for life in found]
        seq = bump(self.session)
        cases = [{"id": k, **demo_cases._case(k, life, seq)} for k, life in named]
        happened = [(k, life, event) for k, life in named for event in life.events]
        happened.sort(key=lambda one: one[2].at)  # stable: each case keeps its order
        texts = {e.text: next(self.messages) for _, _, e in happened if e.text}
        ids = demo_cases.Written(texts, {})
        said = [
            {"id": texts[e.text], **demo_cases._message(e.text, k, life)}
            for k, life, e in happened
            if e.text
        ]
        events = [
            {"id": next(self.events), **demo_cases._event(k, e, ids)} for k, _, e in happened
        ]  # fmt: skip
        links = [
            {"case_id": k, "response_id": life.first.told.id, "joined_at": life.first.at}
            for k, life in named
        ]
        for table, rows in zip(TABLES, (cases, said, events, links), strict=True):
            if rows:  # the newest cases have no notes yet
                bulk.load(self.session, table, [*rows[0]], _values(rows), {})
        self.session.commit()


def _values(rows: Rows) -> Iterator[tuple[Any, ...]]:
    return (tuple(map(_driver, row.values())) for row in rows)


def _driver(value: Any) -> Any:
    """As `bulk.load` takes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    return json.dumps(value) if isinstance(value, dict | list) else value
