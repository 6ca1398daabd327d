"""How fast answers come in, held against what the database itself takes."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import psutil  # type: ignore[import-untyped]

from services.config import ROOT
from tests.bench.measure import Row, progress
from tests.bench.raw import Rows, copy, executemany

TARGETS = {"sqlite": 0.20, "postgresql": 0.08}
MOST_MEMORY = 1024  # MB
BASELINES = {"sqlite": "raw sqlite3 executemany", "postgresql": "raw psycopg COPY"}
LOOK = 0.2  # seconds between two looks at the memory of the import's own child


def measure(kind: str, url: str, files: Sequence[Path], bare: Rows) -> list[Row]:
    """A first import on an empty desk, with the baseline just before and after; then a second."""
    n, folder = len(bare), files[0].parent

    def raw() -> float:
        return executemany(bare, folder) if kind == "sqlite" else copy(bare, url)

    progress(f"{kind}: import of {n:,} answers in {len(files)} files, and its baseline")
    before = raw()
    first = _import(url, files)
    after = raw()
    assert (first["new"], first["rejected"]) == (n, 0), first
    progress(f"{kind}: the same import again")
    again = _import(url, files)
    assert (again["new"], again["known"]) == (0, n), again
    held = first["peak_mb"] + first["child_mb"]
    return [
        _against(_rate("Import", kind, n, first["seconds"]), (before, after)),
        Row(
            "Import, peak memory", kind, n, target=MOST_MEMORY, ok=held <= MOST_MEMORY,
            value=held, unit="MB", note="peaks of the import and of its reading child, added",
        ),
        _rate("Import of what is known already", kind, n, again["seconds"]),
    ]  # fmt: skip


def _rate(name: str, kind: str, n: int, seconds: float) -> Row:
    return Row(name, kind, n, seconds * 1000, value=n / seconds, unit="rows/s", note="one run")


def _against(row: Row, raw: tuple[float, float]) -> Row:
    mean = sum(raw) / 2
    assert row.p50_ms is not None
    row.baseline, row.baseline_p50_ms = BASELINES[row.engine], mean * 1000
    row.ratio, row.target = row.baseline_p50_ms / row.p50_ms, TARGETS[row.engine]
    row.ok = row.ratio >= row.target
    before, after = (f"{row.n / seconds:,.0f}" for seconds in raw)
    row.note = f"one run; ratio of rows/s; raw took {before} rows/s before and {after} after"
    return row


def _import(url: str, files: Sequence[Path]) -> dict[str, Any]:
    """What `import_once` prints, and the most that one of its children held, in MB."""
    command = [sys.executable, "-m", "tests.bench.import_once", url, *map(str, files)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    held = [0.0]
    watching = Thread(target=_watch, args=(process, held), daemon=True)
    watching.start()
    printed, _ = process.communicate()
    assert process.returncode == 0, "the import failed"
    watching.join()
    return {**json.loads(printed), "child_mb": max(held)}


def _watch(process: subprocess.Popen[bytes], held: list[float]) -> None:
    while process.poll() is None:
        try:
            for child in psutil.Process(process.pid).children():
                held.append(child.memory_info().rss / 1024**2)
        except psutil.NoSuchProcess:
            pass
        try:
            process.wait(LOOK)
        except subprocess.TimeoutExpired:
            continue
