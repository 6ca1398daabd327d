"""An export holds a lot of rows in memory, however many there are."""

import tracemalloc
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db.engine import reading, transaction
from services import exporting
from services.exporting import Form
from services.insights import Filter, State
from services.insights.case_selects import CASE
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


def _fill_cases(session: Session, n: int) -> None:
    first = make.case(session, 3, comment="x" * 500)
    session.flush()
    row = dict(session.connection().execute(sa.select(CASE)).mappings().one())
    done = {"status": "resolved", "outcome": "solved", "root_cause_id": 1}
    rows = [row | done | {"id": first.id + k, "number": k + 1} for k in range(1, n)]
    session.connection().execute(CASE.insert(), rows)


def _peak(cases: bool, form: Form) -> tuple[exporting.Written, int]:
    """What was written, and the bytes of memory at most, of an export of everything."""
    with reading() as session:
        if cases:
            plan = exporting.plan_cases(session, ADMIN, None, form, now=NOW)
        else:
            everything = Filter(range="all", state=State.ALL)
            plan = exporting.plan(session, ADMIN, everything, form, now=NOW)
    with transaction() as session:
        noted = exporting.note(session, ADMIN, plan, now=NOW)
    out: Any = Nowhere()
    with reading() as session:
        tracemalloc.start()
        written = exporting.write(session, ADMIN, noted, out)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert out.n > 500
    return written, peak


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("form", [Form.CSV, Form.JSON])
@pytest.mark.parametrize("cases", [False, True], ids=["responses", "cases"])
def test_ten_thousand_rows_take_no_more_memory_than_a_lot(cases: bool, form: Form) -> None:
    with transaction() as session:
        (_fill_cases if cases else _fill)(session, 10_000)
    written, peak = _peak(cases, form)
    assert (written.n, written.of) == (10_000, 10_000)
    assert peak < 12_000_000  # the comments alone are 5 MB, the rows as objects over 30 MB
