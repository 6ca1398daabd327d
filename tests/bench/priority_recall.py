"""How much of the money about to leave the queue shows first, against simpler orders.

Value-weighted recall@20: of the ARR that leaves within 90 days, the share that stands among the
first 20 of 200 open cases of `priority_world`. Each seed is a company of its own, seen on ten
mornings; orders are compared company by company. The weights were chosen on other seeds.
"""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from scipy import stats  # type: ignore[import-untyped]

from services.domain import priority
from services.domain.bands import Direction, Scale
from services.domain.weights import NAMES, USUAL, Weights
from tests.bench.measure import Row
from tests.bench.priority_world import NOW, OPEN, Waiting, world

TOP, SEEDS, MORNINGS, LARGE = 20, 20, 10, 50_000
NAME = f"Priority: value-weighted recall@{TOP}"
Key = Callable[[Waiting], Any]


def by_priority(weights: Weights = USUAL) -> Key:
    """The order of the queue."""

    def place(case: Waiting) -> datetime:
        return priority.rank(case.due_at, priority.reasons(_facts(case), NOW.date(), weights))

    return place


def first_in(case: Waiting) -> datetime:
    """Whoever waits longest."""
    return case.opened_at


def score_only(case: Waiting) -> tuple[int, datetime]:
    """The lowest score, then whoever waits longest."""
    return case.score, case.opened_at


def recalls(key: Key, seeds: Sequence[int]) -> list[float]:
    """The recall of an order, company by company."""
    return [_recall([sorted(one, key=key) for one in _mornings(seed)]) for seed in seeds]


@dataclass(frozen=True)
class Gain:
    """How much more one order finds than another: the mean difference, its 95 % interval."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, ours: Sequence[float], theirs: Sequence[float]) -> "Gain":
        """Paired, by Student's t."""
        each = [mine - other for mine, other in zip(ours, theirs, strict=True)]
        mean = statistics.mean(each)
        spread = statistics.stdev(each) / math.sqrt(len(each))
        give = float(stats.t.ppf(0.975, len(each) - 1)) * spread
        return cls(mean, mean - give, mean + give)

    def __str__(self) -> str:
        return f"difference {self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def measure() -> list[Row]:
    """Against both baselines, and what is lost without each factor."""
    seeds = range(SEEDS)
    ours = recalls(by_priority(), seeds)
    others: dict[str, Key] = {"first in, first out": first_in, "score only": score_only}
    rows = [_held(name, ours, recalls(key, seeds)) for name, key in others.items()]
    return rows + [_without(name, ours, seeds) for name in NAMES]


def _held(baseline: str, ours: list[float], theirs: list[float]) -> Row:
    gain = Gain.of(ours, theirs)
    mean, other = statistics.mean(ours), statistics.mean(theirs)
    row = _row(f"{NAME} against {baseline}", mean, f"{gain}; {baseline} {other:.3f}")
    return replace(row, baseline=baseline, ratio=mean / other, target=1.0, ok=gain.low > 0)


def _without(name: str, ours: list[float], seeds: Sequence[int]) -> Row:
    left = recalls(by_priority(replace(USUAL, **{name: 0.0})), seeds)
    return _row(f"{NAME} without {name}", statistics.mean(left), f"{Gain.of(left, ours)}")


def _row(name: str, value: float, note: str) -> Row:
    note = f"{note}; {SEEDS} companies, {MORNINGS} mornings of {OPEN} open cases"
    return Row(name, "none", SEEDS * MORNINGS * OPEN, value=value, unit="of the ARR", note=note)


@lru_cache(maxsize=SEEDS)
def _mornings(seed: int) -> list[list[Waiting]]:
    return [world(seed, morning) for morning in range(MORNINGS)]


def _recall(mornings: Sequence[Sequence[Waiting]]) -> float:
    everything = sum(case.lost for one in mornings for case in one)
    return sum(case.lost for one in mornings for case in one[:TOP]) / everything


def _facts(case: Waiting) -> priority.Facts:
    flip = case.was is not None and case.was >= 9
    return priority.Facts(
        score=case.score, scale=Scale(0, 10), direction=Direction.HIGH_IS_GOOD, asked=case.asked,
        arr=None if case.arr is None else Decimal(round(case.arr)), currency="EUR",
        renewal_on=case.renewal_on, large=LARGE, was=case.was if flip else None,
        was_on=case.known_since if flip else None, cases=case.cases, since=case.known_since,
    )  # fmt: skip
