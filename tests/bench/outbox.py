"""How fast deliveries leave: real workers, a real receiver, the pace of the product."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import col, func, select
from starlette.requests import Request
from starlette.responses import Response

from db import engine
from db.models import Delivery
from services import integrations
from services.access import SHELL
from services.cases import pushing
from services.outbox.owing import public_key
from tests.bench.desks import database
from tests.bench.measure import Plan, Row, p95, progress, timed
from tests.chaos import desks
from tests.chaos.processes import process
from tests.standins.webhook import SECRET, Webhook

WORKERS = (1, 4)
MOST_LATENCY = 2000  # ms
PATIENCE = 120  # seconds
EACH = 3  # pushes that are owed for each post of the plan


@dataclass
class Watched(Webhook):
    """A receiver that knows when an event came first."""

    came: dict[str, float] = field(default_factory=dict)

    async def take_in(self, request: Request) -> Response:
        self.came.setdefault(request.headers["webhook-id"], time.perf_counter())
        return await super().take_in(request)


def measure(kind: str, folder: Path, plan: Plan) -> list[Row]:
    """Deliveries a second with 1 and 4 worker processes, and how soon one is there."""
    progress(f"{kind}: what the outbox sends")
    folder.mkdir()
    with database(kind, folder) as url, Watched().serving() as receiver:
        desk = engine.use(url)
        desks.connect("webhook", {"url": f"{receiver.url}/hook", "secret": SECRET})
        numbers = desks.cases(EACH * plan.posts)
        rows = [_rate(kind, url, folder, numbers, count) for count in WORKERS]
        with _workers(folder, url, 1):
            few = numbers[: max(2, plan.posts // 4)]
            took = [_latency(number, receiver) for number in few]
        desk.dispose()
    latency = timed("Outbox: from a push to its arrival", kind, len(took), took)
    latency.target, latency.ok = MOST_LATENCY, p95(took) <= MOST_LATENCY
    latency.note = "from the commit on, one worker with nothing else to do; the target is for p95"
    return [*rows, latency]


def _rate(kind: str, url: str, folder: Path, numbers: Sequence[int], count: int) -> Row:
    """All of them are owed before the first may leave."""
    _pause(True)
    first = _push(numbers)
    with _workers(folder, url, count):
        _pause(False)
        _wait(lambda: _sent(first)[0] == len(numbers))
    n, seconds = _sent(first)
    name = f"Outbox: deliveries, {count} worker{'s' if count > 1 else ''}"
    note = "to a webhook, processes of their own; from the first record to the last"
    return Row(name, kind, n, value=(n - 1) / seconds, unit="deliveries/s", note=note)


def _push(numbers: Sequence[int]) -> int:
    """Owe each case to the receiver; the id of the first delivery."""
    ids = list[int]()
    for at in range(0, len(numbers), desks.TOGETHER):
        with engine.transaction() as session:
            for number in numbers[at : at + desks.TOGETHER]:
                pushing.push(session, SHELL, number, vendor="webhook", now=datetime.now(UTC))
            ids.append(session.exec(select(func.max(Delivery.id))).one() or 0)
    return ids[-1] - len(numbers) + 1


def _sent(first: int) -> tuple[int, float]:
    """How many from the delivery `first` on were sent, in how many seconds."""
    query = select(func.count(), func.min(Delivery.ended_at), func.max(Delivery.ended_at)).where(
        col(Delivery.id) >= first, Delivery.state == "sent"
    )
    with engine.reading() as session:
        n, began, ended = session.exec(query).one()
    return n, (ended - began).total_seconds() if n else 0


def _latency(number: int, receiver: Watched) -> float:
    """ms from the commit of a push until the receiver has it."""
    time.sleep(random.random() * 0.4)  # workers look at a rhythm: meet it anywhere
    with engine.transaction() as session:
        pushing.push(session, SHELL, number, vendor="webhook", now=datetime.now(UTC))
        newest = select(Delivery.idem_key).order_by(col(Delivery.id).desc())
        key = public_key(session.exec(newest).first() or "")
    owed = time.perf_counter()
    _wait(lambda: key in receiver.came)
    return (receiver.came[key] - owed) * 1000


def _pause(on: bool) -> None:
    with engine.transaction() as session:
        integrations.pause(session, SHELL, "webhook", on=on, now=datetime.now(UTC))


@contextmanager
def _workers(folder: Path, url: str, count: int) -> Iterator[None]:
    """So many worker processes, at work."""
    with ExitStack() as running:
        logs = [folder / f"worker-{time.monotonic_ns()}" for _ in range(count)]
        for log in logs:
            running.enter_context(process(["services.cli", "worker"], log, DATABASE_URL=url))
        _wait(lambda: all("at work" in log.read_text() for log in logs))
        yield


def _wait(done: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < until, "it does not end"
        time.sleep(0.005)
