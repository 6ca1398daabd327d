"""How much memory an export takes, in a process of its own: everything there is, as CSV."""

import json
import subprocess
import sys

from services.config import ROOT
from tests.bench.measure import Row, progress

MOST_MEMORY = 300  # MB
NAMES = {"responses": "Export, peak memory", "cases": "Export of cases, peak memory"}


def measure(kind: str, url: str) -> list[Row]:
    """All responses, then all cases."""
    return [_exported(kind, url, what) for what in NAMES]


def _exported(kind: str, url: str, what: str) -> Row:
    progress(f"{kind}: export of all {what}")
    command = [sys.executable, "-m", "tests.bench.export_once", url, what]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    told = json.loads(ran.stdout)
    assert told["n"] == told["of"], told
    rate = f"{told['n'] / max(told['seconds'], 0.001):,.0f} rows/s, {told['bytes'] / 1e6:,.0f} MB"
    return Row(
        NAMES[what], kind, told["n"], target=MOST_MEMORY, ok=told["peak_mb"] <= MOST_MEMORY,
        value=told["peak_mb"], unit="MB", note=f"the whole process; CSV, {rate}",
    )  # fmt: skip
