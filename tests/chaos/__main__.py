"""`make chaos`: every vendor on both engines with 1 and 4 workers, then what comes in from those
that tell of changes; exits 1 if a promise is broken.

CHAOS_CASES (300), CHAOS_SEED (by chance), CHAOS_VENDORS, CHAOS_ENGINES and CHAOS_WORKERS (lists
with commas) change it.
"""

import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the desk reads its settings when it is imported
    from tests.chaos.report import Told

# Settings that no file of this machine decides.
SETTINGS = {"DATABASE_URL": "", "LOOPDESK_DEMO": "0", "LOOPDESK_KEY": "of-the-chaos"}


def main() -> int:
    """All of it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # ends what it has started, too
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(1_000_000))
    say(f"CHAOS_SEED={seed}")
    with TemporaryDirectory(prefix="loopdesk-chaos-") as name:
        os.environ |= SETTINGS | {"LOOPDESK_VAR": name}
        from tests.chaos.report import Told, report

        runs, came = list[Told](), list[bool]()
        try:
            runs.extend(_runs(Path(name), seed))  # keeps what it has, whatever stops it
            came.extend(_coming(Path(name), seed))
        finally:
            if runs:
                say(f"\n{report(runs)}")
            say(f"\nCHAOS_SEED={seed}")
    kept = [told.verdict.kept for told in runs] + came
    return 0 if kept and all(kept) else 1


def _coming(folder: Path, seed: int) -> Iterator[bool]:
    from tests.chaos.coming import PLACES, Coming, line_of
    from tests.chaos.pressing import Pressing
    from tests.conftest import ENGINES, make_database

    cases = max(2, int(os.environ.get("CHAOS_CASES", "300")) // 10)
    ways = dict.fromkeys(PLACES, Coming) | {"slack in": Pressing}
    titles = [title for title in ways if title in _listed("CHAOS_VENDORS", ",".join(ways))]
    for title, kind in product(titles, _listed("CHAOS_ENGINES", ",".join(ENGINES))):
        place = folder / f"{title} {kind}".replace(" ", "-")
        place.mkdir()
        with contextmanager(make_database)(kind, place) as url:
            came = ways[title](title, url, place, cases, seed).go()
        say(line_of(title, kind, cases, came))
        yield came.kept


def _runs(folder: Path, seed: int) -> Iterator["Told"]:
    from tests.chaos.report import Told
    from tests.chaos.run import Run
    from tests.chaos.sides import SIDES
    from tests.conftest import ENGINES, make_database

    cases = int(os.environ.get("CHAOS_CASES", "300"))
    vendors = _listed("CHAOS_VENDORS", ",".join(side.title for side in SIDES))
    sides = [side for side in SIDES if side.title in vendors]
    engines, workers = _listed("CHAOS_ENGINES", ",".join(ENGINES)), _listed("CHAOS_WORKERS", "1,4")
    for nth, (side, engine, count) in enumerate(product(sides, engines, map(int, workers))):
        place = folder / str(nth)
        place.mkdir()
        with contextmanager(make_database)(engine, place) as url:
            verdict = Run(side, url, place, cases, count, seed + nth).go()
        told = Told(side.title, engine, count, cases, verdict)
        say(f"{side.title}, {engine}, {count} workers: {verdict.seconds:.0f} s, "
            f"{verdict.killed} killed, {'kept' if verdict.kept else 'BROKEN'}")  # fmt: skip
        yield told


def _listed(name: str, default: str) -> list[str]:
    return os.environ.get(name, default).split(",")


def say(text: str) -> None:
    """To whoever waits."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
