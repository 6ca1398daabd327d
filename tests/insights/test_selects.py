"""The SELECTs walk along the index made for them, and say the same in a third engine."""

from datetime import date
from zoneinfo import ZoneInfo

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Session

from db.engine import is_sqlite
from services.domain.periods import Days, Grain, buckets, period
from services.domain.scores import Band
from services.insights.filters import Filter, State
from services.insights.selects import (
    column,
    conditions,
    decode,
    property_select,
    reach_select,
    trend_select,
    within,
)
from tests.insights.conftest import Answer

BERLIN = ZoneInfo("Europe/Berlin")
YEAR = Days(date(2026, 1, 1), date(2026, 12, 31))
MONTHS = buckets(YEAR, Grain.MONTH, BERLIN)
WHERE = conditions(Filter(channels=("email",)), units=(1,), surveys=(1, 2))


def plan(session: Session, statement: sa.Executable) -> str:
    engine = session.get_bind()
    text = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]
    if is_sqlite(session):
        lines = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
    else:
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        lines = session.connection().exec_driver_sql(f"EXPLAIN {text}".replace("%", "%%")).all()
    return "\n".join(str(line[-1]) for line in lines)


def test_figures_walk_along_the_index_made_for_them(session: Session) -> None:
    whole = period(YEAR, BERLIN)
    for statement in (
        trend_select(MONTHS, WHERE),
        reach_select(whole, WHERE),
        property_select(column("channel"), whole, WHERE, 51),
    ):
        found = plan(session, statement)
        assert "ix_response_trend" in found
        assert "SCAN response" not in found and "Seq Scan" not in found


def test_the_rows_taken_out_have_an_index_of_their_own(session: Session) -> None:
    for state in (State.EXCLUDED, State.TEST):
        meant = conditions(Filter(state=state), units=None, surveys=(1,))
        query = sa.select(sa.func.count()).where(*meant, *within(period(YEAR, BERLIN)))
        assert "ix_response_out" in plan(session, query)


def test_the_same_trend_runs_in_duckdb(berlin: Session, answer: Answer) -> None:
    for month in (2, 2, 7, 12):
        answer(3 + month % 5, answered_at=MONTHS[month - 1].start)
    asked = answer(9, answered_at=MONTHS[0].start).survey_id
    statement = trend_select(MONTHS, conditions(Filter(), units=None, surveys=(asked,)))
    ours = sorted(map(tuple, berlin.connection().execute(statement)))
    copy = duckdb.connect()
    copy.execute(
        "CREATE TABLE response (survey_id BIGINT, score INTEGER, band INTEGER, "
        "answered_at TIMESTAMPTZ, is_test BOOLEAN, excluded_at TIMESTAMPTZ)"
    )
    rows = berlin.connection().execute(
        sa.text("SELECT survey_id, score, band, answered_at FROM response")
    )
    for row in rows:
        moment = row.answered_at if isinstance(row.answered_at, str) else str(row.answered_at)
        values = [*row[:3], moment if "+" in moment else f"{moment}+00"]
        copy.execute("INSERT INTO response VALUES (?, ?, ?, ?, false, NULL)", values)
    text = statement.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    theirs = copy.execute(str(text)).fetchall()
    assert sorted(theirs) == ours and len(ours) == 4


def test_a_code_says_which_survey_score_and_band() -> None:
    for survey_id, score, band in ((1, 0, -1), (77, 10, 1), (2**40, 7, 0)):
        code = (survey_id * 16 + score) * 4 + band + 1
        assert decode(code) == (survey_id, score, Band(band))
