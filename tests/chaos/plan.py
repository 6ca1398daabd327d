"""What is done to each delivery: where its worker is killed, and what its vendor does wrong."""

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

# Where a worker is killed with a delivery in its hands.
STEPS = {
    "": "never",
    "claiming": "before the claim is committed",
    "claimed": "after that",
    "sending": "before the request leaves",
    "asked": "the vendor has the request and does not do it",
    "done": "the vendor has done it and does not answer",
    "answered": "after the answer, before it is recorded",
    "recording": "before the record is committed",
    "recorded": "after that",
    "looked": "after it was looked up, before that is recorded",
}
CUTS = {"asked": "before", "done": "drop"}
# What the vendor does wrong at the first request of the delivery that is let through to it.
FAULTS: dict[str, dict[str, Any]] = {
    "": {},
    "hangs up before": {"kind": "before"},
    "hangs up after": {"kind": "drop"},
    "slow": {"kind": "delay", "seconds": 0.1},
    "429": {"kind": "429", "seconds": 0.2},
    "429 until": {"kind": "429", "seconds": 0.5, "date": True},
    "500": {"kind": "500"},
    "500, but done": {"kind": "500", "after": True},
    "page": {"kind": "html"},
    "page, but done": {"kind": "html", "after": True},
    "revoked": {"kind": "revoked"},
}
# Neither these steps nor these faults leave anybody in doubt.
CLEAR = ({"", "claiming", "looked", "recorded"}, {"", "slow", "429", "429 until", "revoked"})


@dataclass(frozen=True)
class Trial:
    """What one delivery has to go through."""

    step: str = ""
    fault: str = ""

    @property
    def clear(self) -> bool:
        """Whether at no time anybody may wonder if it was done."""
        return self.step in CLEAR[0] and self.fault in CLEAR[1]


def trials(seed: int) -> Iterator[Trial]:
    """Every step with every fault, in an order by chance, again and again."""
    rng = random.Random(seed)
    whole = [Trial(*pair) for pair in product(STEPS, FAULTS)]
    while True:
        rng.shuffle(whole)
        yield from whole


class Kills:
    """Which worker dies where, once: a file for each, which whoever takes it renames."""

    def __init__(self, folder: Path) -> None:
        self.due, self.done = folder / "due", folder / "done"
        self.due.mkdir(parents=True, exist_ok=True)
        self.done.mkdir(parents=True, exist_ok=True)

    def plan(self, key: str, step: str, text: str = "") -> None:
        """Whoever has the delivery `key` in hand at `step` dies there."""
        (self.due / f"{key}.{step}").write_text(text)

    def take(self, key: str, step: str) -> str | None:
        """The text of the plan, if it is now the time to die."""
        taken = self.done / f"{key}.{step}"
        try:
            (self.due / f"{key}.{step}").rename(taken)
        except FileNotFoundError:
            return None
        return taken.read_text()

    def taken(self, key: str, step: str) -> bool:
        """Whether somebody died there."""
        return (self.done / f"{key}.{step}").exists()


def die() -> None:
    """As the power cut does it: nothing is put away."""
    os.kill(os.getpid(), signal.SIGKILL)
