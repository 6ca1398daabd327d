"""What nobody would write into a column is named like any other change, and breaks no check."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db import engine
from db.forgetting import rewriting
from db.models import Integration
from services.cases import pushing
from services.ledger import verifying, wording
from services.ledger.nightly import At, added, part
from services.ledger.sealing import COLUMNS
from services.outbox import sending
from tests import builders as make
from tests.builders import NOW
from tests.fakes import Remembering
from tests.outbox.test_outbox import PACE, Clock

ADMIN = make.actor("admin")
JUNK = ("'junk'", "x'6a756e6b'", "CAST(x'ff6a' AS TEXT)", "1.5")


@pytest.fixture
def sent(desk: sa.Engine) -> sa.Engine:
    """A case with two steps of a delivery, one outside cases."""
    with engine.transaction() as session:
        session.add(Integration(name="webhook", connected_at=NOW))
        case = make.case(session)
        pushing.push(session, ADMIN, case.number, vendor="webhook", now=NOW)
    claimed = sending.take("webhook", "w", PACE, Clock())
    assert claimed
    sending.note(claimed, sending.attempt(Remembering(), claimed), PACE, Clock())
    return desk


@contextmanager
def past_the_desk(statement: str) -> Iterator[Session]:
    """The database after the statement, which then comes to nothing."""
    with Session(engine.current()) as session:
        with rewriting(session, "ledger"):
            session.connection().exec_driver_sql(statement)
        yield session
        session.rollback()


def told(session: Session) -> list[str]:
    found = verifying.verify(session, ADMIN)
    assert not found.intact and found.foreign + found.found
    return wording.named(session, found.defects)


@pytest.mark.parametrize("junk", JUNK)
def test_a_column_of_a_row_with_anything_in_it_is_named(sent: sa.Engine, junk: str) -> None:
    if sent.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes what its columns are for")
    with sent.connect() as connection:
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    for name in {*COLUMNS, "hash"} - {"key_id"}:
        with past_the_desk(f"UPDATE ledger SET {name} = {junk} WHERE seq = 2") as session:
            said = told(session)
        assert any(" was changed" in line for line in said), name
    for name in ("n", "hash", "key_id", "seal"):
        with past_the_desk(f"UPDATE ledger_head SET {name} = {junk}") as session:
            assert told(session), name
    both = f"UPDATE ledger SET key_id = {junk}, delivery_id = {junk} WHERE seq = 2"
    with past_the_desk(both) as session:
        assert told(session)
    with past_the_desk(f"UPDATE delivery SET payload = {junk}") as session:
        assert "holds something else" in told(session)[0]


def test_the_check_of_the_night_says_the_same(sent: sa.Engine) -> None:
    if sent.dialect.name != "sqlite":
        pytest.skip("PostgreSQL takes what its columns are for")
    with past_the_desk("UPDATE ledger SET why = 'junk', at = 'junk' WHERE seq = 2") as session:
        verdict, _ = part(session, At())
        assert added(session, {}, verdict)["named"] == ["case 1: row 2 was changed (delivery 1)"]
    with engine.transaction() as session:  # the connection reads as ever
        assert verifying.verify(session, ADMIN).intact


@pytest.mark.parametrize(
    "change", ["at = 'infinity'", "at = '20000-01-01'", "why = '\"junk\"'", "why = '[7]'"]
)
def test_what_postgresql_takes_and_python_does_not_is_named(sent: sa.Engine, change: str) -> None:
    if sent.dialect.name == "sqlite":
        pytest.skip("of PostgreSQL")
    with past_the_desk(f"UPDATE ledger SET {change} WHERE seq = 2") as session:
        assert "case 1: row 2 was changed (delivery 1)" in told(session)


def test_a_payload_that_says_it_was_emptied_and_was_not_is_named(sent: sa.Engine) -> None:
    other = """UPDATE delivery SET payload = '{"erased": true, "text": "other words"}'"""
    with past_the_desk(other) as session:
        assert told(session) == ["case 1: delivery 1 holds something else than row 1 says"]
    with past_the_desk("""UPDATE delivery SET payload = '{"erased": true}'""") as session:
        assert verifying.verify(session, ADMIN).intact
    assert sent
