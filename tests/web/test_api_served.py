"""The API of a running desk: limits at the door, and answers that outlive the process."""

import sqlite3
import threading
from pathlib import Path

import httpx
import pytest

from services import keys
from services.access import SHELL
from tests.builders import NOW
from tests.conftest import make_database
from tests.served import ServedDesk, free_port, launch, serve, wait_until_up


def key_of(desk: ServedDesk) -> dict[str, str]:
    with desk.transaction() as session:
        _, secret = keys.add_key(session, SHELL, name="crm", scopes=["ingest"], now=NOW)
    return {"Authorization": f"Bearer {secret}"}


def post(url: str, number: int, headers: dict[str, str]) -> bool:
    """Whether the desk said that it kept the answer."""
    body = {"score": 3, "external_id": str(number), "comment": f"number {number}"}
    try:
        said = httpx.post(f"{url}/api/v1/responses", json=body, headers=headers, timeout=5)
    except httpx.TransportError:
        return False
    return said.status_code == 200 and said.json()["new"] == 1


def test_after_a_200_the_answer_survives_kill_9(tmp_path: Path) -> None:
    kept: list[int] = []
    with serve(tmp_path) as desk:
        headers = key_of(desk)

        def send() -> None:
            for number in range(2000):
                if not post(desk.url, number, headers):
                    return
                kept.append(number)

        sender = threading.Thread(target=send)
        sender.start()
        while len(kept) < 25 and sender.is_alive():
            pass
        desk.process.kill()
        desk.process.wait()
        sender.join()
    assert len(kept) >= 25
    with sqlite3.connect(tmp_path / "loopdesk.db") as database:
        rows = database.execute("SELECT external_id FROM response").fetchall()
        found = database.execute(
            "SELECT count(*) FROM response_fts WHERE response_fts MATCH 'number'"
        ).fetchone()
    assert set(map(str, kept)) <= {name for (name,) in rows}
    assert found == (len(rows),)


def test_after_a_200_the_answer_survives_kill_9_on_postgresql(tmp_path: Path) -> None:
    for url in make_database("postgresql", tmp_path):
        port, log = free_port(), tmp_path / "log"
        process = launch(port, tmp_path, log, DATABASE_URL=url)
        desk = ServedDesk(f"http://127.0.0.1:{port}", url, log, process)
        try:
            wait_until_up(desk.url, process, log)
            headers = key_of(desk)
            kept = [n for n in range(20) if post(desk.url, n, headers)]
        finally:
            process.kill()
            process.wait()
        with desk.transaction() as session:
            rows = session.connection().exec_driver_sql("SELECT external_id FROM response").all()
        desk.engine.dispose()
        assert kept == list(range(20))
        assert {name for (name,) in rows} == set(map(str, kept))


@pytest.mark.parametrize("stated", [True, False], ids=["with its length", "in pieces"])
def test_a_body_of_more_than_a_mebibyte_is_413(served_desk: ServedDesk, stated: bool) -> None:
    body = b"[" + b" " * 1_100_000 + b"]"
    pieces = iter([body[:600_000], body[600_000:]])
    said = httpx.post(
        f"{served_desk.url}/api/v1/responses",
        content=body if stated else pieces,
        headers=key_of(served_desk),
    )
    assert said.status_code == 413


def test_the_api_needs_no_session_and_its_description_does(served_desk: ServedDesk) -> None:
    with served_desk.client() as stranger:
        assert stranger.post("/api/v1/responses", json={}).status_code == 401
        assert stranger.get("/api/docs").status_code in (302, 303, 401)
        assert stranger.get("/api/openapi.json").status_code in (302, 303, 401)
    with served_desk.client(served_desk.user("csm")) as insider:
        assert insider.get("/api/docs").status_code == 200
        assert "answer" in insider.get("/api/openapi.json").text
