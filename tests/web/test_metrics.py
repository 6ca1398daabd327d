"""`GET /metrics`: who may read it, what it says, and what it never says."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from db import engine
from db.engine import transaction
from db.migrate import newest
from db.models import Delivery, Integration, Job
from services import keys
from services.access import SHELL
from services.config import ROOT
from services.web import metrics
from tests import builders as make
from tests.served import ServedDesk, free_port

NOW = datetime.now(UTC)
APP = Starlette(routes=[Route("/metrics", metrics.metrics)])


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "kept", metrics.Kept())


def key(*scopes: str) -> dict[str, str]:
    with transaction() as session:
        _, secret = keys.add_key(session, SHELL, name="prometheus", scopes=scopes, now=NOW)
    return {"Authorization": f"Bearer {secret}"}


def client(*scopes: str) -> TestClient:
    return TestClient(APP, headers=key(*scopes or ("metrics",)))


def read(client: TestClient) -> dict[str, Any]:
    """Every sample by its name and the values of its labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        " ".join(
            [sample.name, *(value for _, value in sorted(sample.labels.items()))]
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def lived(session: Any) -> None:
    """A desk with something of everything."""
    row = make.case(session, 2, comment="The export broke", now=NOW)
    who = make.user(session, name="Robin Csm", email="robin@example.com")
    row.assignee_id = who.id
    make.contact(session, "dana@example.com", name="Dana Customer")
    session.add(
        Integration(name="slack", connected_at=NOW, broken_at=NOW, failures=4, last_ok_at=NOW,
                    last_error="no such channel #secret-plans")
    )  # fmt: skip
    session.add(
        Delivery(idem_key="k", vendor="slack", action="post", state="failed", not_before=NOW,
                 payload={"text": "hello"}, last_error="no such channel")
    )  # fmt: skip
    session.add(Job(name="promises", next_at=NOW, last_at=NOW, last_error="KeyError"))
    session.add(Job(name="long-gone", next_at=NOW, last_at=NOW))


def test_it_says_how_the_desk_is_doing(desk: sa.Engine) -> None:
    with transaction() as session:
        lived(session)
    found = read(client())
    assert found["loopdesk_cases new"] == 1
    assert found["loopdesk_cases_unassigned"] == found["loopdesk_cases open"] == 0
    assert found["loopdesk_cases_opened_total"] == found["loopdesk_responses_total"] == 1
    assert found["loopdesk_vendor_broken slack"] == found["loopdesk_deliveries failed slack"] == 1
    assert found["loopdesk_vendor_paused slack"] == found["loopdesk_deliveries pending slack"] == 0
    assert found["loopdesk_vendor_failures slack"] == 4
    assert found["loopdesk_job_failed promises"] == 1
    assert found["loopdesk_job_run_timestamp_seconds promises"] == pytest.approx(NOW.timestamp())
    assert found["process_resident_memory_bytes"] > 1e6
    assert found[f"loopdesk_schema_info {desk.dialect.name} {newest()}"] == 1
    assert not any("long-gone" in name for name in found)


@pytest.mark.usefixtures("sqlite_desk")
def test_no_name_no_address_and_no_text_is_in_it() -> None:
    with transaction() as session:
        lived(session)
    said = client().get("/metrics").text
    for word in ("Robin", "Dana", "example.com", "export", "secret-plans", "KeyError", "channel"):
        assert word not in said


@pytest.mark.usefixtures("sqlite_desk")
def test_every_metric_is_documented_and_none_that_is_not_there() -> None:
    with transaction() as session:
        lived(session)
    there = {name.split()[0] for name in read(client()) if name.startswith("loopdesk_")}
    docs = (ROOT / "docs/deploy.md").read_text()
    assert set(re.findall(r"^\| `(loopdesk_\w+)", docs, re.MULTILINE)) == there
    assert set(re.findall(r"loopdesk_\w+", docs)) - there == {"loopdesk_default",
                                                              "loopdesk_postgres"}  # fmt: skip


@pytest.mark.usefixtures("sqlite_desk")
def test_who_has_no_key_or_another_one_reads_nothing() -> None:
    for headers in ({}, {"Authorization": "Bearer ld_x_y"}):
        answer = TestClient(APP).get("/metrics", headers=headers)
        assert answer.status_code == 401 and "loopdesk" not in answer.text
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for scope in ("ingest", "cases:read", "cases:write"):
        answer = client(scope).get("/metrics")
        assert answer.status_code == 403
        assert "may not: read metrics" in answer.json()["errors"][0]["reason"]


@pytest.mark.usefixtures("sqlite_desk")
def test_a_key_that_was_revoked_reads_nothing_from_then_on() -> None:
    reader = client()
    read(reader)
    with transaction() as session:
        keys.revoke(session, SHELL, 1, now=NOW)
    assert reader.get("/metrics").status_code == 401


@pytest.mark.usefixtures("sqlite_desk")
def test_one_look_serves_all_who_ask_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, clock = client(), [100.0]
    monkeypatch.setattr(metrics, "monotonic", lambda: clock[0])
    assert read(reader)["loopdesk_cases new"] == 0
    with transaction() as session:
        make.case(session, now=NOW)
    clock[0] += metrics.AGE - 0.1
    assert read(reader)["loopdesk_cases new"] == 0
    clock[0] += 0.2
    assert read(reader)["loopdesk_cases new"] == 1


def test_without_its_database_it_says_so_and_nothing_else() -> None:
    gone = engine.use(f"postgresql://loopdesk:secret@127.0.0.1:{free_port()}/none")
    answer = TestClient(APP).get(
        "/metrics", headers={"Authorization": f"Bearer ld_{'0' * 8}_{'x' * 43}"}
    )
    assert (answer.status_code, answer.text) == (503, "The database does not answer.")
    gone.dispose()


def test_a_database_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics.health, "PATIENCE", 0.05)
    monkeypatch.setattr(metrics, "_known", lambda _request: time.sleep(0.5))
    assert TestClient(APP).get("/metrics").status_code == 503


def test_a_running_desk_opens_it_to_a_key_and_to_no_session(served_desk: ServedDesk) -> None:
    with served_desk.transaction() as session:
        _, secret = keys.add_key(session, SHELL, name="p", scopes=["metrics"], now=NOW)
    url = f"{served_desk.url}/metrics"
    with served_desk.client(served_desk.user("admin")) as admin:
        assert admin.get("/metrics").status_code == 401
    answer = httpx.get(url, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200 and "process_cpu_seconds_total" in answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    for path in ("/metrics/", "/metrics/x"):
        assert httpx.get(served_desk.url + path).status_code == 401
