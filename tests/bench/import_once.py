"""Imports files as the shell does, in a process of its own, and says how long it took.

python -m tests.bench.import_once DATABASE_URL FILE...
"""

import json
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from db import engine
from services.access import SHELL
from services.importing.planning import Choices
from services.importing.request import prepare
from services.importing.run import import_file

STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The most memory that this process ever held.

    getrusage counts what the process held before it was this program too: a copy of its parent.
    """
    for line in STATUS.read_text().splitlines() if STATUS.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main(url: str, *files: str) -> None:
    """Check and import each file; print one object."""
    current, now = engine.use(url), datetime.now(UTC)
    counts = {"read": 0, "new": 0, "known": 0, "rejected": 0}
    start = time.perf_counter()
    for file in files:
        with engine.reading() as session:
            ready = prepare(session, Path(file), Choices(), now=now)
        report = import_file(engine.transaction, SHELL, ready, now, lambda _read: None)
        counts["read"] += report.read
        counts["new"] += report.stored.new
        counts["known"] += report.stored.known
        counts["rejected"] += report.rejected
    seconds = time.perf_counter() - start
    current.dispose()
    print(json.dumps({"seconds": seconds, "peak_mb": peak_mb(), **counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
