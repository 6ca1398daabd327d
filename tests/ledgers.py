"""The ledger after a test: whatever the test did with deliveries, each step of them is in it."""

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import one_moment
from services.access import SHELL
from services.ledger import verifying, wording


def refuse_gaps(engine: sa.Engine) -> None:
    """Every test on a desk ends with this: a way past the ledger fails the test that takes it."""
    looking = engine.execution_options(sqlite_begin="DEFERRED")
    with looking.connect() as connection:
        if connection.execute(sa.text("SELECT 1 FROM delivery LIMIT 1")).first() is None:
            return
    with Session(looking) as session:
        one_moment(session)
        found = verifying.verify(session, SHELL)
        # A test may put another key in place on its way: those rows are checked as far as they go.
        assert not found.found, wording.named(session, found.defects)
