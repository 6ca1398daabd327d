"""How fast rules are: in memory, over the answers of a desk in a simulation, and at work."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from db import engine
from db.engine import reading, transaction
from db.models import Response, RuleFiring
from services.access import SHELL
from services.domain.rules.body import parse
from services.domain.rules.deciding import Standing, decide
from services.domain.rules.world import World
from services.ingest import ingest
from services.keys import ApiKey
from services.rules import keeping, running
from services.rules.gathering import Gatherer
from services.rules.simulating import lineup, replay
from tests.bench.desks import database, settle
from tests.bench.measure import Plan, Row, progress, repeat, timed

RULES = 20
TOGETHER = 1000  # answers of a request
WORDS = (
    "the", "export", "broke", "twice", "and", "nobody", "of", "support", "called", "back", "about",
    "an", "invoice",
)  # fmt: skip
AT_WORK = 2000  # answers that the rules look at as they come in


@dataclass(frozen=True)
class Sizes:
    """How many answers are there, and how many more come in while rules are at work."""

    there: int
    more: int


def measure(kind: str, folder: Path, plan: Plan) -> list[Row]:
    """Rules a second in memory, answers a second in a simulation and at work."""
    progress(f"{kind}: rules")
    folder.mkdir()
    sizes = Sizes(500, 100) if plan.runs == 1 else Sizes(20_000, AT_WORK)
    now = datetime.now(UTC)
    with database(kind, folder) as url:
        desk = engine.use(url)
        _answers(sizes.there, now - timedelta(days=20), "then")
        with transaction() as session:
            for body in _bodies():
                keeping.save(session, SHELL, name=body["name"], body=body["says"], now=now)
        if kind == "postgresql":
            settle(url)
        rows = [_in_memory(kind), _simulated(kind, now, plan.runs)]
        rows.append(_at_work(kind, sizes, now))
        desk.dispose()
    return rows


def _bodies() -> list[dict[str, Any]]:
    """Rules as desks have them: two or three conditions, a word in a comment in every third."""
    found = []
    for n in range(RULES):
        conditions = [
            {"field": "score", "op": "at_most", "value": n % 7},
            {"field": "weekday", "op": "is_not", "value": ["sun"]},
            {"field": "property", "name": "plan", "op": "is", "value": [f"plan {n % 5}"]},
        ]
        if n % 3 == 0:
            words = {"field": "comment", "op": "contains", "value": ["invoice", "cancel", "twice"]}
            conditions = [words, *conditions[:2]]
        actions = [{"do": "priority", "hours": 1 + n}, {"do": "tag", "name": f"tag {n}"}]
        says = {"conditions": conditions, "actions": actions}
        found.append({"name": f"Rule {n}", "says": says})
    return found


def _answers(count: int, now: datetime, name: str) -> None:
    chance, key = random.Random(7), ApiKey(name="bench", prefix="x", hash="x", scopes=["ingest"],
                                           created_at=now)  # fmt: skip
    for at in range(0, count, TOGETHER):
        items = [_answer(chance, f"{name} {n}") for n in range(at, min(at + TOGETHER, count))]
        with transaction() as session:
            ingest(session, key, items, now)


def _answer(chance: random.Random, id_: str) -> dict[str, Any]:
    return {
        "metric": "nps", "score": chance.choices(range(11), [2] * 7 + [10, 20, 20, 20])[0],
        "external_id": id_, "email": f"p{chance.randrange(5000)}@example.com",
        "comment": " ".join(chance.choices(WORDS, k=12)) if chance.random() < 0.6 else None,
        "properties": {"plan": f"plan {chance.randrange(5)}"},
    }  # fmt: skip


def _in_memory(kind: str) -> Row:
    with reading() as session:
        facts = Gatherer(session).facts([n + 1 for n in range(2000)])
    rules = [Standing(n, 1, parse(body["says"])) for n, body in enumerate(_bodies())]
    world, began = World(), time.perf_counter()
    for one in facts:
        decide(rules, one, world)
    value = len(rules) * len(facts) / (time.perf_counter() - began)
    note = f"{RULES} rules of two or three conditions, one core, effects decided and not done"
    return Row("Rules: evaluated in memory", kind, len(facts), value=value, unit="rules/s",
               note=note)  # fmt: skip


def _simulated(kind: str, now: datetime, runs: int) -> Row:
    """Against reading the same rows without looking at them."""
    counted: list[int] = []

    def simulated() -> None:
        with reading() as session:
            rules = lineup(session, {n + 1: 1 for n in range(RULES)})
            done = replay(session, SHELL, rules, now - timedelta(days=30), now)
            counted[:] = [done.answers, len(done.met)]

    def read() -> None:
        with reading() as session:
            session.connection().execute(sa.select(Response.__table__)).all()  # type: ignore[attr-defined]

    row = timed("Rules: a simulation of 30 days", kind, 0, repeat(simulated, min(runs, 5)))
    row.n, fired = counted
    assert row.p50_ms is not None
    row.value, row.unit = row.n / row.p50_ms * 1000, "answers/s"
    row.note = f"{RULES} rules, {fired:,} firings; baseline reads the same rows by Core"
    return row.against("reading the rows", repeat(read, min(runs, 5)))


def _at_work(kind: str, sizes: Sizes, now: datetime) -> Row:
    """Answers that came in and wait; each transaction looks at as many as the product's."""
    with transaction() as session:
        behind = running.newest(session)
        for n in range(RULES):
            keeping.enable(session, SHELL, n + 1, 1, now=now)
    _answers(sizes.more, now, "now")
    lots: list[float] = []
    began, last = time.perf_counter(), behind
    while last is not None:
        since = time.perf_counter()
        with transaction() as session:
            last = running.next_lot(session, last, now)
        lots.append((time.perf_counter() - since) * 1000)
    seconds = time.perf_counter() - began
    with reading() as session:
        fired = session.connection().execute(sa.select(sa.func.count(RuleFiring.id))).scalar()  # type: ignore[arg-type]
    row = timed("Rules: at work, one transaction", kind, sizes.more, lots)
    row.value, row.unit = sizes.more / seconds, "answers/s"
    row.note = f"{RULES} rules, {fired:,} firings that moved and tagged cases"
    return row
