"""The worker as it runs: what is owed leaves within seconds, and it stops when it is told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db import engine
from db.models import Delivery, Inbound, Integration, Job
from services import integrations, settings
from services.cases import pushing
from services.config import ROOT
from services.inbound import rows
from services.reconciling import runs
from services.worker.runner import Runner
from tests import builders as make
from tests.inbound.there import at_zendesk
from tests.standins import webhook as standins
from tests.standins import zendesk
from tests.standins.serving import Fault

pytestmark = pytest.mark.alone

ADMIN = make.actor("admin")


@pytest.fixture
def receiver(desk: sa.Engine) -> Iterator[standins.Webhook]:
    assert desk
    with standins.Webhook().serving() as receiver:
        with engine.transaction() as session:
            allow = ["127.0.0.1"]
            settings.put(session, "outgoing_allow", allow, actor_id=None, now=make.NOW)
            entered = {"url": f"{receiver.url}/hook", "secret": receiver.secret}
            integrations.connect(session, ADMIN, "webhook", entered, now=make.NOW)
        yield receiver


@pytest.fixture
def runner(receiver: standins.Webhook) -> Iterator[Runner]:
    assert receiver
    running = Runner()
    running.start()
    yield running
    running.stop()


def push() -> int:
    with engine.transaction() as session:
        number = make.case(session).number
        pushing.push(session, ADMIN, number, vendor="webhook", now=datetime.now(UTC))
    return number


def state() -> str:
    with engine.reading() as session:
        return session.exec(select(Delivery.state)).one()


def until(true: Callable[[], Any], seconds: float = 10) -> float:
    """How long it took; fails after `seconds`."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < seconds, "it never became true"
        time.sleep(0.02)
    return time.monotonic() - start


def test_a_pushed_case_is_at_the_vendor_within_two_seconds(
    runner: Runner, receiver: standins.Webhook
) -> None:
    assert runner
    push()
    until(lambda: receiver.events, 4)
    until(lambda: state() == "sent")
    (event,) = receiver.events.values()
    assert event["type"] == "case.pushed" and event["data"]["number"] == 1


def test_a_worker_that_is_told_to_stop_ends_though_a_vendor_hangs(
    runner: Runner, receiver: standins.Webhook
) -> None:
    receiver.faults.append(Fault("delay", seconds=8))
    push()
    until(lambda: state() == "sending")
    started = time.monotonic()
    assert runner.stop(wait=1) is False
    assert time.monotonic() - started < 2
    assert state() == "sending"  # its lease tells the next worker


def test_a_vendor_that_takes_its_time_to_compare_keeps_no_other_job_waiting(
    receiver: standins.Webhook,
) -> None:
    assert receiver
    running = Runner()
    with zendesk.Zendesk().serving() as there:
        with engine.transaction() as session:
            entered = {"email": there.email, "token": there.token, "base_url": there.url}
            integrations.connect(session, ADMIN, "zendesk", entered, now=make.NOW)
            case = make.case(session)
            session.add(Delivery(
                idem_key="zendesk:1", vendor="zendesk", action="ticket", lane="zendesk:1",
                case_id=case.id, payload={"card": {"number": 1}}, not_before=make.NOW,
                created_at=make.NOW, state="sent", ended_at=datetime.now(UTC),
            ))  # fmt: skip
            runs.ask(session, ADMIN, now=datetime.now(UTC), vendor="zendesk")
        there.fault("delay", seconds=20)
        running.start()
        until(lambda: not there.faults)  # it was asked, and has not answered
        since = datetime.now(UTC)
        assert in_hand("reconciling")
        assert (
            until(lambda: {"promises", "rules", "mailbox", "changes"} <= done_once_more(since)) < 6
        )
        assert in_hand("reconciling")
        running.stop(wait=0)


def in_hand(name: str) -> bool:
    with engine.reading() as session:
        return session.get_one(Job, name).lease_until is not None


def done_once_more(since: datetime) -> set[str]:
    """The jobs that were done since then; the others are due, where they are in nobody's hands."""
    with engine.transaction() as session:
        rows = session.exec(select(Job)).all()
        for job in rows:
            if job.last_at and job.last_at <= since and not job.lease_until:
                job.next_at = since
        return {job.name for job in rows if job.last_at and job.last_at > since}


def test_a_vendor_that_hangs_keeps_nothing_waiting_that_came_from_another(
    sqlite_desk: sa.Engine,
) -> None:
    assert sqlite_desk

    def row(event_id: str) -> Inbound:
        with engine.reading() as session:
            return session.exec(select(Inbound).where(Inbound.event_id == event_id)).one()

    with at_zendesk() as there:
        there.standin.fault("delay", "audits", seconds=4)
        there.told("hook:1")
        running = Runner()
        running.start()
        until(lambda: there.standin.sent("GET", "/api/v2/tickets/101/audits.json"))
        now = datetime.now(UTC)
        with engine.transaction() as session:
            session.add(Integration(name="slack", connected_at=now))
            pressed = {"what": "claim", "user": "U0ANA0001", "channel": "C0LOOP001"}
            act = {"event_id": "press:1", "kind": "act", "payload": pressed}
            rows.keep(session, "slack", [act], now)
        until(lambda: row("press:1").note == "Slack: the bot token is missing", 3)
        assert row("hook:1").state == "new"
        running.stop()


def test_the_worker_of_the_shell_sends_and_ends_on_sigterm(
    receiver: standins.Webhook, desk: sa.Engine
) -> None:
    url = desk.url.render_as_string(hide_password=False)
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "-m", "services.cli", "worker"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE) as process:
        assert process.stderr and b"at work" in process.stderr.readline()
        push()
        until(lambda: receiver.events)
        receiver.faults.append(Fault("delay", seconds=8))
        with engine.transaction() as session:
            case = make.case(session)
            pushing.push(session, ADMIN, case.number, vendor="webhook", now=datetime.now(UTC))
        until(lambda: len(receiver.events) == 2)
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        process.wait(timeout=8)
        assert time.monotonic() - started < 5
        assert process.returncode == 0
        assert b"still under way" in process.stderr.read()
