"""Timing, and the row that a measurement becomes."""

import gc
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENGINES = ("sqlite", "postgresql")
LEAST, ENOUGH, PATIENCE_MS = 3, 16, 10_000
_began = time.monotonic()


@dataclass(frozen=True)
class Plan:
    """How much is measured; `BENCH_QUICK=1` only shows that the bench still runs."""

    n: int
    runs: int  # of a query or a page
    starts: int  # of the server
    posts: int  # to the API
    out: Path

    @classmethod
    def of_environment(cls) -> "Plan":
        """`BENCH_ROWS`, `BENCH_OUT` and `BENCH_QUICK`."""
        n = int(os.environ.get("BENCH_ROWS", "1000000"))
        out = Path(os.environ.get("BENCH_OUT", "bench.json"))
        quick = os.environ.get("BENCH_QUICK") == "1"
        return cls(n, 1, 1, 10, out) if quick else cls(n, 20, 5, 200, out)


@dataclass
class Row:
    """A line of `bench.json`.

    `ratio` is ours / baseline in what the row is about: a time wants it small, a rate (`unit`
    rows/s) wants it large. `value` is what is not a time. `target` is a lower bound for the ratio
    of a rate, else an upper bound: for a ratio, for p95 or a `value`.
    """

    name: str
    engine: str
    n: int
    p50_ms: float | None = None
    p95_ms: float | None = None
    baseline: str | None = None
    baseline_p50_ms: float | None = None
    ratio: float | None = None
    target: float | None = None
    ok: bool | None = None
    value: float | None = None
    unit: str | None = None
    note: str | None = None

    def against(self, baseline: str, times: Sequence[float]) -> "Row":
        """This row held against the times of something else that does the same."""
        assert self.p50_ms is not None
        self.baseline, self.baseline_p50_ms = baseline, p50(times)
        self.ratio = self.p50_ms / self.baseline_p50_ms
        return self

    def held_to(self, most: float, quick_ms: float) -> "Row":
        """The target is a ratio of at most `most`, or a p95 within `quick_ms`."""
        assert self.ratio is not None and self.p95_ms is not None
        self.target, self.ok = most, self.ratio <= most or self.p95_ms <= quick_ms
        return self


def timed(name: str, engine: str, n: int, times: Sequence[float], note: str | None = None) -> Row:
    """A row of `times`."""
    return Row(name, engine, n, p50(times), p95(times), note=note)


def repeat(
    work: Callable[[], Any], runs: int, before: Callable[[], Any] | None = None
) -> list[float]:
    """How long each of `runs` calls took, in ms; `before` goes ahead of each and is not counted.

    What is slow is called less often, but `ENOUGH` times, or `LEAST` where that takes too long.
    """
    times: list[float] = []
    while len(times) < runs and sum(times) < _patience_ms(len(times)):
        times.append(_once(work, before))
    return times


def _patience_ms(called: int) -> float:
    """How long the calls so far may have taken if another one is to follow."""
    if called < LEAST:
        return math.inf
    return PATIENCE_MS * (2 if called < ENOUGH else 1)


def _once(work: Callable[[], Any], before: Callable[[], Any] | None) -> float:
    if before is not None:
        before()
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


@contextmanager
def frozen() -> Iterator[None]:
    """What is there already is not looked through for garbage, as in the server once it is up."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def p50(times: Sequence[float]) -> float:
    """The median."""
    return statistics.median(times)


def p95(times: Sequence[float]) -> float:
    """The time that 95 % did not exceed (nearest rank)."""
    return sorted(times)[-(-len(times) * 95 // 100) - 1]


def progress(text: str) -> None:
    """A line for whoever waits."""
    print(f"{time.monotonic() - _began:6.0f} s  {text}", file=sys.stderr, flush=True)
