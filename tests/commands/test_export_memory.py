"""An export holds a batch in memory, however many rows there are."""

import tracemalloc
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db.engine import reading, transaction
from services import exporting
from services.exporting import Form
from services.insights import Filter, State
from services.insights.selects import RESPONSE
from tests import builders as make

ADMIN, NOW = make.actor("admin"), make.NOW


class Nowhere:
    """A file that counts what it is given and keeps none of it."""

    n = 0

    def write(self, data: bytes) -> int:
        self.n += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing to do."""


def _fill(session: Session, n: int) -> None:
    first = make.response(session, 3, comment="x" * 500, props={"plan": "Pro"})
    session.flush()
    row = dict(session.connection().execute(sa.select(RESPONSE)).mappings().one())
    rows = [row | {"id": first.id + k, "external_id": f"x{k}"} for k in range(1, n)]
    session.connection().execute(RESPONSE.insert(), rows)


def _peak(form: Form) -> tuple[int, int]:
    """(rows, bytes of memory at most) of an export of everything."""
    with reading() as session:
        plan = exporting.plan(session, ADMIN, Filter(range="all", state=State.ALL), form, now=NOW)
    with transaction() as session:
        noted = exporting.note(session, ADMIN, plan, now=NOW)
    out: Any = Nowhere()
    with reading() as session:
        tracemalloc.start()
        n = exporting.write(session, ADMIN, noted, out)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert out.n > 500
    return n, peak


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("form", [Form.CSV, Form.JSON])
def test_ten_thousand_rows_take_no_more_memory_than_a_batch(form: Form) -> None:
    with transaction() as session:
        _fill(session, 10_000)
    n, peak = _peak(form)
    assert n == 10_000
    assert peak < 8_000_000  # the comments alone are 5 MB, the rows as objects over 30 MB
