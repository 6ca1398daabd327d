"""How long the desk's questions take, and DuckDB over the same rows."""

from datetime import datetime
from functools import partial

import duckdb

from db import engine
from tests.bench.duck import Elsewhere, own_way, translated
from tests.bench.measure import Plan, Row, progress, repeat, timed
from tests.bench.questions import OWN_WAY, Ask, questions

SAME = "DuckDB in memory, the same SELECTs"
NOTES = {"sqlite": "warm", "postgresql": "warm, after VACUUM ANALYZE"}


def measure(kind: str, copy: duckdb.DuckDBPyConnection, now: datetime, plan: Plan) -> list[Row]:
    """A row for each question; the database of this process must be the desk's."""
    rows = []
    with engine.reading() as session:
        asked = questions(now, session)
    for name, ask in asked.items():
        progress(f"{kind}: {name}")
        times = repeat(partial(_asked, ask), plan.runs + 1)[1:]
        row = timed(name, kind, plan.n, times, NOTES[kind])
        rows.append(_held_against(row, ask, copy, plan))
        if name in OWN_WAY:
            other = timed(f"{name} (DuckDB asked its own way)", kind, plan.n, times, NOTES[kind])
            rows.append(_own_way(other, ask, copy, plan))
    return rows


def _asked(ask: Ask) -> object:
    with engine.reading() as session:
        return ask(session)


def _held_against(row: Row, ask: Ask, copy: duckdb.DuckDBPyConnection, plan: Plan) -> Row:
    try:
        texts = translated(ask, copy)
    except Elsewhere as error:
        row.note = f"{row.note}; no baseline: DuckDB cannot run it ({error})"
        return row

    def theirs() -> None:
        for text in texts:
            copy.execute(text).fetchall()

    return row.against(SAME, repeat(theirs, _fewer(plan)))


def _own_way(row: Row, ask: Ask, copy: duckdb.DuckDBPyConnection, plan: Plan) -> Row:
    text = own_way(_asked(ask).trend.span)  # type: ignore[attr-defined]
    times = repeat(lambda: copy.execute(text).fetchall(), _fewer(plan))
    row.note = f"{row.note}; the times of the row above"
    return row.against("DuckDB in memory, one GROUP BY of the time cut to the grain", times)


def _fewer(plan: Plan) -> int:
    return max(1, plan.runs // 2)
