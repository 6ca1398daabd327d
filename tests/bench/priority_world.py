"""A company in which customers leave for reasons of their own, to hold the queue's order against.

It knows nothing of how the desk ranks: who leaves follows from what nobody sees (how attached a
person is, how bad the incident was, whether the trouble is chronic), and the desk sees only what
these leave behind. An account can leave for good only around its renewal; in between it is rare.
"""

import math
import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
OPEN = 200  # cases that wait at a time
LEAVING = timedelta(days=90)
DUE_AFTER = timedelta(days=3)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """A case as the desk sees it, and with `lost` what nobody sees: the ARR that leaves."""

    opened_at: datetime
    due_at: datetime
    score: int
    asked: bool
    arr: float | None
    renewal_on: date | None
    was: int | None
    cases: int
    known_since: date | None
    lost: float


def world(seed: int, morning: int, n: int = OPEN) -> list[Waiting]:
    """`n` open cases of one morning of a company; the same for the same seed."""
    rng, found = random.Random(f"{seed} {morning}"), list[Waiting]()
    while len(found) < n:
        case = _person(rng)
        if case is not None:
            found.append(case)
    return found


def _person(rng: random.Random) -> Waiting | None:
    attached, incident = rng.gauss(0, 1), rng.gammavariate(1.2, 1.0)
    chronic = rng.random() < 0.2
    usual = 8.3 + 1.3 * attached - 0.8 * chronic
    score = _score(usual - 2.2 * incident - 0.8 * chronic + rng.gauss(0, 0.8))
    if score > 6:
        return None
    arr = math.exp(10 + 1.2 * rng.gauss(0, 1))
    to_renewal = rng.randrange(365)
    leaves = _leaves(rng, attached, incident, chronic, timedelta(days=to_renewal))
    opened = NOW - rng.expovariate(1 / 3) * DAY
    before = _score(usual + rng.gauss(0, 0.8)) if rng.random() < 0.6 else None
    years = rng.expovariate(1 / 2) * (1.3 if attached > 0 else 0.8)
    return Waiting(
        opened_at=opened, due_at=opened + DUE_AFTER, score=score,
        asked=rng.random() < _share(-1.2 + 0.5 * incident),
        arr=arr if rng.random() < 0.85 else None,
        renewal_on=NOW.date() + timedelta(days=to_renewal) if rng.random() < 0.9 else None,
        was=before, cases=_poisson(rng, 1.2 if chronic else 0.1),
        known_since=NOW.date() - timedelta(days=int(365 * years)) if before is not None else None,
        lost=arr if leaves else 0.0,
    )  # fmt: skip


def _leaves(
    rng: random.Random, attached: float, incident: float, chronic: bool, to_renewal: timedelta
) -> bool:
    """Whether the account is gone within `LEAVING`."""
    wants = _share(-1.8 + 0.8 * incident - 0.7 * attached + 1.0 * chronic)
    return rng.random() < wants * (1.0 if to_renewal <= LEAVING else 0.15)


def _score(felt: float) -> int:
    return max(0, min(10, round(felt)))


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _poisson(rng: random.Random, mean: float) -> int:
    """How often, where it happens `mean` times on average."""
    times, left = 0, rng.expovariate(mean)
    while left < 1:
        times += 1
        left += rng.expovariate(mean)
    return times
