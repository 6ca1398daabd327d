"""How long casework takes: what its pages ask, and the same statements through SQLAlchemy Core."""

from datetime import datetime
from functools import partial

from db import engine
from tests.bench.case_questions import Ask, questions
from tests.bench.measure import Plan, Row, frozen, progress, repeat, timed
from tests.bench.replay import CORE, MOST, QUICK_MS, recorded, replay

HELD = ("Queue:", "Case:")  # what people wait for all day


def measure(kind: str, now: datetime, plan: Plan) -> list[Row]:
    """A row for each question; the database of this process must be the desk's."""
    with engine.reading() as session:
        asked = questions(now, session)
    with frozen():
        return [_measured(kind, name, ask, plan) for name, ask in asked.items()]


def _measured(kind: str, name: str, ask: Ask, plan: Plan) -> Row:
    progress(f"{kind}: {name}")
    with recorded() as calls:
        _asked(ask)
    times = repeat(partial(_asked, ask), plan.runs)
    again = partial(replay, calls, writing=False)
    again()
    row = timed(name, kind, plan.n, times, "warm").against(CORE, repeat(again, plan.runs))
    return row.held_to(MOST, QUICK_MS) if name.startswith(HELD) else row


def _asked(ask: Ask) -> object:
    with engine.reading() as session:
        return ask(session)
