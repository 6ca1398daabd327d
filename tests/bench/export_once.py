"""Exports everything of one kind as the shell does, and says what it took.

python -m tests.bench.export_once DATABASE_URL responses|cases [csv|json|parquet]
"""

import io
import json
import sys
import time
from datetime import UTC, datetime

from db import engine
from services import exporting
from services.access import SHELL
from services.exporting import Form
from services.insights.filters import Filter, State
from tests.bench.import_once import peak_mb


class Counting(io.RawIOBase):
    """A file that counts what it is given and keeps none of it."""

    n = 0

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Count it."""
        self.n += len(data)
        return len(data)


def main(url: str, what: str, form: str = "csv") -> None:
    """Plan, note and write; print one object."""
    current, now, out = engine.use(url), datetime.now(UTC), Counting()
    start = time.perf_counter()
    with engine.reading() as session:
        if what == "cases":
            plan = exporting.plan_cases(session, SHELL, None, Form(form), now=now)
        else:
            everything = Filter(range="all", state=State.ALL)
            plan = exporting.plan(session, SHELL, everything, Form(form), now=now)
    with engine.transaction() as session:
        noted = exporting.note(session, SHELL, plan, now=now)
    with engine.reading() as session:
        written = exporting.write(session, SHELL, noted, out)  # type: ignore[arg-type]
    seconds = time.perf_counter() - start
    current.dispose()
    told = {"n": written.n, "of": written.of, "bytes": out.n, "seconds": seconds}
    print(json.dumps({**told, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
