"""How the process starts and stops, and what it says when the database is gone."""

import asyncio
import os
import signal
import time

import httpx
import pytest
import sqlalchemy as sa
from starlette.requests import Request

from db import engine
from db.migrate import revisions, upgrade
from services.config import Settings
from services.web import health
from services.web.health import healthz
from tests.served import ServedDesk, free_port, launch, serve, wait_until_up

pytestmark = pytest.mark.alone


def test_it_stops_when_told_to(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, port = tmp_path_factory.mktemp("stop"), free_port()
    log = folder / "log"
    process = launch(port, folder, log)
    wait_until_up(f"http://127.0.0.1:{port}", process, log)
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(10)
    assert time.monotonic() - start < 5
    assert "Traceback" not in log.read_text()


def test_a_later_start_offers_a_new_setup_link(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("twice")
    tokens = []
    for _ in range(2):
        with serve(folder) as desk:
            tokens.append(desk.said(r"/setup\?token=(\S+)"))
            if len(tokens) == 2:
                first, second = (httpx.get(f"{desk.url}/setup?token={t}") for t in tokens)
                assert (first.status_code, second.status_code) == (410, 200)
                desk.user("admin")
    with serve(folder) as desk:
        assert "setup" not in desk.log.read_text() and desk.url in desk.log.read_text()


def asked() -> tuple[int, bytes]:
    """What the health check of this process says."""
    answer = asyncio.run(healthz(Request({"type": "http"})))
    return answer.status_code, bytes(answer.body)


NOT_READY = (503, b'{"status":"not ready"}')


def test_without_its_database_it_is_not_well(
    sqlite_desk: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sqlite_desk is not None and asked()[0] == 200
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(health, "_data_version", lambda: time.sleep(0.5))
    assert asked() == NOT_READY


def test_a_database_that_nobody_serves_is_told_fast_and_without_detail() -> None:
    gone = engine.use(f"postgresql://loopdesk:secret@127.0.0.1:{free_port()}/none")
    began = time.monotonic()
    assert asked() == NOT_READY
    assert time.monotonic() - began < 1
    gone.dispose()


def test_it_is_well_at_the_revision_of_this_code_only(unmigrated_url: str) -> None:
    made = engine.use(unmigrated_url)
    assert asked() == NOT_READY
    upgrade(made, revisions()[-2])
    assert asked() == NOT_READY
    upgrade(made)
    assert asked()[0] == 200
    made.dispose()


def test_answers_on_a_kept_connection_do_not_wait(served_desk: ServedDesk) -> None:
    with served_desk.client() as client:
        times = []
        for _ in range(20):
            start = time.perf_counter()
            client.get("/auth/static/forms.css")
            times.append(time.perf_counter() - start)
    assert sorted(times)[10] < 0.03  # Nagle's algorithm makes it 0.04 and more


def test_a_page_that_breaks_excuses_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "LOOPDESK_HOST", "PYTHONPATH"):
        monkeypatch.setenv(name, "")  # importing the app sets them; this takes that back
    said: list[str] = []
    monkeypatch.setattr("streamlit.error", said.append)
    from app import excuse

    assert excuse(ValueError("somebody@example.com")) is True
    assert "nothing was changed" in said[0] and "example.com" not in said[0]


@pytest.mark.parametrize(
    ("host", "link", "alone"),
    [
        ("::1", "http://[::1]:8501", True),
        ("[::1]", "http://[::1]:8501", True),
        ("127.0.0.1", "http://127.0.0.1:8501", True),
        ("localhost", "http://localhost:8501", True),
        ("desk.local", "http://desk.local:8501", False),
        ("::", "http://[::]:8501", False),
    ],
)
def test_any_host_makes_a_link(host: str, link: str, alone: bool) -> None:
    settings = Settings(loopdesk_host=host, port=8501, loopdesk_base_url="")
    assert (settings.base_url, settings.loopback_only) == (link, alone)


def test_a_start_removes_the_uploads_of_yesterday(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("uploads")
    (folder / "uploads").mkdir()
    old, new = folder / "uploads/old.csv", folder / "uploads/new.csv"
    for path, age in ((old, 25), (new, 23)):
        path.touch()
        os.utime(path, (time.time() - age * 3600,) * 2)
    with serve(folder):
        assert (old.exists(), new.exists()) == (False, True)
