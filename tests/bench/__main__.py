"""`make bench`: measure everything, print a table, write `bench.json`.

BENCH_ROWS (1,000,000 answers, and 1.4 cases for each in the end), BENCH_OUT (bench.json) and
BENCH_QUICK=1 (few repeats) change it.
"""

import gc
import logging
import os
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import ENGINES, Plan, Row, progress

# Settings that no file of this machine decides; they are read when the desk is imported.
SETTINGS = {
    "DATABASE_URL": "",
    "LOOPDESK_DEMO": "0",
    "LOOPDESK_KEY": "of-the-bench",
}


def main() -> None:
    """All of it; a row that misses its target is shown so and is no error."""
    plan, rows = Plan.of_environment(), list[Row]()
    logging.disable(logging.WARNING)  # Streamlit's, that no server is here
    with TemporaryDirectory(prefix="loopdesk-bench-") as name:
        os.environ |= SETTINGS | {"LOOPDESK_VAR": name}
        from tests.bench import report

        try:
            _measure(plan, Path(name), rows)
        finally:
            report.write(plan, rows)
    print(report.table(rows))
    missed = [f"{row.name} ({row.engine})" for row in rows if row.ok is False]
    print(f"\n{len(rows)} rows in {plan.out}; targets missed: {', '.join(missed) or 'none'}")


def _measure(plan: Plan, folder: Path, rows: list[Row]) -> None:
    from db import engine
    from tests.bench import (
        case_data,
        duck,
        hooks,
        outbox,
        priority_recall,
        queries,
        reruns,
        rules,
        serving,
    )  # fmt: skip
    from tests.bench.desks import database, settle

    now, urls = datetime.now(UTC), dict[str, str]()
    with ExitStack() as open_desks:
        for kind in ENGINES:
            (folder / kind).mkdir()
            urls[kind] = open_desks.enter_context(database(kind, folder / kind))
        rows += _imports(plan, folder, urls, now)
        for kind, url in urls.items():
            progress(f"{kind}: adding cases")
            case_data.fill(url, plan.n, now)
        settle(urls["postgresql"])
        progress("copying the rows to DuckDB")
        with duck.copy_of(folder / "sqlite" / "desk.db") as copy:
            for kind, url in urls.items():
                current = engine.use(url)
                rows += queries.measure(kind, copy, now, plan)
                rows += reruns.measure(kind, plan, reruns.OTHERS)
                current.dispose()
        for kind, url in urls.items():
            rows += serving.measure(kind, url, folder / kind, plan)
        for kind, url in urls.items():
            rows += _at_size(kind, url, folder / kind, now, plan)
    for kind in ENGINES:
        rows += outbox.measure(kind, folder / f"outbox-{kind}", plan)
        rows += hooks.measure(kind, folder / f"hooks-{kind}", plan)
        rows += rules.measure(kind, folder / f"rules-{kind}", plan)
    progress("the order of the queue")
    rows += priority_recall.measure()


def _at_size(kind: str, url: str, folder: Path, now: datetime, plan: Plan) -> list[Row]:
    """Casework where there is as much of it as ever."""
    from db import engine
    from tests.bench import acts, cases, export, keys, load, queue_size, reruns
    from tests.bench.desks import settle

    progress(f"{kind}: {queue_size.TIMES} of each case")
    n = queue_size.grow(url)
    if kind == "postgresql":
        settle(url)
    large, current = replace(plan, n=n), engine.use(url)
    rows = cases.measure(kind, now, large)
    rows += acts.measure(kind, now, large)
    rows += reruns.measure(kind, large, reruns.OF_CASES)
    current.dispose()
    rows += export.measure(kind, url)
    rows += keys.measure(kind, url, folder, large)
    return rows + load.measure(kind, url, folder, large)


def _imports(plan: Plan, folder: Path, urls: dict[str, str], now: datetime) -> list[Row]:
    from tests.bench import data, imports

    progress(f"making {plan.n:,} answers of the two years up to {now:%Y-%m-%d}")
    made = data.answers(plan.n, now)
    files, bare = data.write(folder, made), data.bare(made)
    del made
    rows = [row for kind, url in urls.items() for row in imports.measure(kind, url, files, bare)]
    del bare
    gc.collect()
    for file in files:
        file.unlink()
    return rows


if __name__ == "__main__":
    main()
