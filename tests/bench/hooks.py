"""How soon a vendor that tells of a change is answered, and whether a kill loses what was answered.

Requests leave on a schedule, whether or not the ones before were answered; a wait for one of them
counts from the moment at which it was due.
"""

import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlmodel import select

from db import engine
from db.engine import reading, transaction
from db.models import Inbound
from services import integrations
from services.access import SHELL
from services.vendors import events
from tests.bench.desks import database
from tests.bench.measure import Plan, Row, progress, timed
from tests.bench.serving import served
from tests.served import ServedDesk
from tests.standins import hooks

RATE = 50  # requests a second
SECONDS, QUICK = 30, 2
ENTERED = {
    "subdomain": "acme", "email": "a@acme.example", "token": "t", "webhook_secret": hooks.SECRET,
}  # fmt: skip


def measure(kind: str, folder: Path, plan: Plan) -> list[Row]:
    """The wait for an answer, and what a kill -9 in the middle of it loses."""
    progress(f"{kind}: webhooks, {RATE} a second")
    folder.mkdir()
    n = RATE * (QUICK if plan.runs == 1 else SECONDS)
    with database(kind, folder) as url:
        desk = engine.use(url)
        with transaction() as session:
            integrations.connect(session, SHELL, "zendesk", ENTERED, now=datetime.now(UTC))
        rows = [_waits(kind, folder, url, n), _killed(kind, folder, url, n)]
        desk.dispose()
    return rows


def _waits(kind: str, folder: Path, url: str, n: int) -> Row:
    with _desk(folder, url) as (desk, _):
        _sent(desk, _events(range(RATE)))  # what is imported at the first of them is
        answered = _sent(desk, _events(range(RATE, RATE + n)))
    refused = [status for status, _ in answered.values() if status != 200]
    assert not refused, refused[:5]
    waits = [ms for _, ms in answered.values()]
    note = f"signed webhooks of Zendesk, {RATE} a second; the worker of the server takes them in"
    return timed("Webhook: answered", kind, n, waits, note)


def _killed(kind: str, folder: Path, url: str, n: int) -> Row:
    """Answered with 200 and not kept would be lost; what had no answer is sent again, and is there
    once."""
    told = _events(range(10 * n, 11 * n))
    with _desk(folder, url) as (desk, _), ThreadPoolExecutor(1) as aside:
        sending = aside.submit(_sent, desk, told)
        time.sleep(n / RATE / 2)
        desk.process.kill()
        answered = {name for name, (status, _) in sending.result().items() if status == 200}
    assert 0 < len(answered) < n, len(answered)
    lost = answered - _kept()
    with _desk(folder, url) as (desk, _):
        _sent(desk, {name: sent for name, sent in told.items() if name not in answered})
    assert told.keys() <= _kept()
    note = f"killed after {len(answered):,} answers; what had none was sent again and is there once"
    row = Row("Webhook: lost by kill -9", kind, n, value=float(len(lost)), unit="events", note=note)
    row.target, row.ok = 0, not lost
    return row


def _desk(folder: Path, url: str) -> AbstractContextManager[tuple[ServedDesk, float]]:
    return served(folder, url, LOOPDESK_KEY=os.environ["LOOPDESK_KEY"])


def _events(ids: range) -> dict[str, hooks.Request]:
    """Requests by the name that the desk knows the event by: the same each time it is sent."""
    made = (hooks.zendesk(id_ % 97, n=id_) for id_ in ids)
    told = {(events.zendesk(httpx.Headers(headers), raw) or ("",))[0]: (raw, headers)
            for raw, headers in made}  # fmt: skip
    assert len(told) == len(ids)
    return told


def _sent(desk: ServedDesk, told: Mapping[str, hooks.Request]) -> dict[str, tuple[int, float]]:
    """Status (0: none came) and ms since it was due, by the name of the event."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    with httpx.Client(base_url=desk.url, limits=limits, timeout=20, trust_env=False) as client:
        began = time.perf_counter()

        def send(place: int, request: hooks.Request) -> tuple[int, float]:
            due, (raw, headers) = began + place / RATE, request
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                status = client.post("/webhooks/zendesk", content=raw, headers=headers).status_code
            except httpx.HTTPError:
                status = 0
            return status, (time.perf_counter() - due) * 1000

        with ThreadPoolExecutor(64) as pool:
            done = pool.map(send, range(len(told)), told.values())
            return dict(zip(told, done, strict=True))


def _kept() -> set[str]:
    """The events that are rows; each can be one only once."""
    with reading() as session:
        found = session.exec(select(Inbound.event_id).where(Inbound.kind == "look")).all()
    assert len(found) == len(set(found))
    return set(found)
