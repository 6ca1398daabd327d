"""The baseline of the casework: what a verb says to the database, said again by SQLAlchemy Core."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from db import engine

CORE = "the same statements through SQLAlchemy Core in one transaction"
# Met by a ratio to that baseline, or by a p95 that nobody notices: `Row.held_to`.
MOST, QUICK_MS = 3, 10
Call = tuple[Any, Any]  # a statement, and its values


@contextmanager
def recorded() -> Iterator[list[Call]]:
    """The statements that the desk sends meanwhile, with their values, ready for `replay`."""
    calls: list[Call] = []
    current = engine.current()

    def note(_connection: Any, statement: Any, many: Any, values: Any, _options: Any) -> None:
        calls.append((statement, many or values))

    sa.event.listen(current, "before_execute", note)
    try:
        yield calls
    finally:
        sa.event.remove(current, "before_execute", note)


def replay(calls: Sequence[Call], *, writing: bool) -> None:
    """Send them, read what comes back, commit."""
    current = engine.current()
    if not writing:
        current = current.execution_options(sqlite_begin="DEFERRED")
    with current.begin() as connection:
        for statement, values in calls:
            found = connection.execute(statement, values)
            if found.returns_rows:
                found.fetchall()
