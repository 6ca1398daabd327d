"""The real server: how soon it answers, what it holds, and how fast its API keeps an answer."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from pages._menu import MENU
from services import keys
from services.access import SHELL
from tests.bench.browserless import open_page
from tests.bench.desks import PAGES, database
from tests.bench.measure import Plan, Row, progress, repeat, timed
from tests.bench.places import place
from tests.served import ServedDesk, free_port, launch

PATIENCE = 60  # seconds
STEP = 0.01  # seconds between two looks at /healthz


@contextmanager
def served(folder: Path, url: str, **env: str) -> Iterator[tuple[ServedDesk, float]]:
    """A running desk over the database at `url`, and the ms until it answered; `env`: settings."""
    port, log = free_port(), folder / "log"
    began = time.perf_counter()
    process = launch(port, folder, log, DATABASE_URL=url, **env)
    try:
        while not _answers(port):
            assert process.poll() is None, log.read_text()
            assert time.perf_counter() - began < PATIENCE, log.read_text()
            time.sleep(STEP)
        took = (time.perf_counter() - began) * 1000
        desk = ServedDesk(f"http://127.0.0.1:{port}", url, log, process)
        yield desk, took
        desk.engine.dispose()
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def measure(kind: str, url: str, folder: Path, plan: Plan) -> list[Row]:
    """Start on a new and on the full desk; then memory, pages and the API of the full one."""
    progress(f"{kind}: start, memory and API of the real server")
    fresh = [_first_start(kind, folder / f"fresh-{k}") for k in range(plan.starts)]
    full = [_start(folder, url) for _ in range(plan.starts - 1)]
    with served(folder, url) as (desk, took):
        rows = [
            timed("Start until /healthz answers, empty database", kind, 0, fresh),
            timed("Start until /healthz answers", kind, plan.n, [*full, took]),
        ]
        rows.append(_memory("Memory of the server, started", kind, desk, plan))
        rows += _pages(kind, desk, plan)
        rows.append(_memory("Memory of the server, every page opened", kind, desk, plan))
        rows.append(_api(kind, desk, plan))
    return rows


def _first_start(kind: str, folder: Path) -> float:
    folder.mkdir()
    with database(kind, folder, migrated=False) as url:
        return _start(folder, url)


def _start(folder: Path, url: str) -> float:
    with served(folder, url) as (_, took):
        return took


def _memory(name: str, kind: str, desk: ServedDesk, plan: Plan) -> Row:
    """Once it no longer grows: the server goes on importing after its first answer."""
    process, held = psutil.Process(desk.process.pid), [0.0]
    for _ in range(20):
        held.append(process.memory_info().rss / 1024**2)
        if held[-1] - held[-2] < 0.5:
            break
        time.sleep(0.5)
    return Row(name, kind, plan.n, value=held[-1], unit="MB", note="resident set size")


def _pages(kind: str, desk: ServedDesk, plan: Plan) -> list[Row]:
    """Each page in a new tab of a signed-in admin, over the websocket."""
    token, rows = desk.token(desk.user("admin")), []
    with desk.transaction() as session:
        queries = place(session).queries
    for entry in MENU:
        if (PAGES / entry.file).exists():
            query = queries.get(entry.file, {})
            opened = [open_page(desk, token, entry.url_path, query) for _ in range(plan.runs)]
            row = timed(f"Open in a new tab: {entry.title}", kind, plan.n, [o.ms for o in opened])
            row.value, row.unit = opened[-1].bytes / 1024, "KiB sent"
            row.note = "over the websocket, without a browser; the first of them with cold caches"
            rows.append(row)
    return rows


def _api(kind: str, desk: ServedDesk, plan: Plan) -> Row:
    with desk.transaction() as session:
        _, secret = keys.add_key(
            session, SHELL, name="bench", scopes=["ingest"], now=datetime.now(UTC)
        )
    numbers = iter(range(plan.posts + 1))
    with desk.client(headers={"Authorization": f"Bearer {secret}"}) as client:

        def post() -> None:
            k = next(numbers)
            answer = {"score": k % 11, "external_id": f"bench-{k}", "email": f"b{k}@example.com"}
            assert client.post("/api/v1/responses", json=answer).json()["new"] == 1

        post()
        times = repeat(post, plan.posts)
    return timed("POST /api/v1/responses, one answer", kind, plan.n, times)
