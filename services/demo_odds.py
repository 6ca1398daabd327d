"""How likely things are in the casework of the demo company: tune the demo here."""

from collections.abc import Mapping
from math import exp
from random import Random
from typing import TypeVar

from db.demo_story import OUTAGE, PRICING, SYNC_BUG
from services.domain.lifecycle import Outcome

DAY_HOURS = 8  # of work
MEDIAN = 8.6, 26.0  # business hours to the first contact: today, and two years ago
UNTOUCHED = ((1, 0.9), (3, 0.7), (6, 0.34), (9, 0.08))  # younger than n business days: share
WAYS = {"call": 76, "chat": 13, "meeting": 9, "visit": 2}
REACHED = {True: 0.93, False: 0.81}  # by whether they asked for it
LINGERS, NEVER_ENDS, REOPENS, SLIPS = 0.23, 0.004, 0.035, 0.004
FORGOTTEN = 60  # days: what nobody ended by then was ended all the same
LINGERS_NOW = 0.36  # while the sync bug waits for its release
CLOSES, CLOSED_ONCE, CLOSES_NOW = 0.9, 2.2, 2.8  # median days; two years ago; in the bug
WAITS, SLEEPS = {True: 0.36, False: 0.18}, {True: 0.68, False: 0.13}  # by whether it lingers

CAUSES: Mapping[str, Mapping[str, float]] = {  # where the comment says nothing
    "ordinary": {
        "Product defect": 18, "Missing feature": 16, "Hard to use": 17, "Slow or down": 12,
        "Support experience": 13, "Onboarding or training": 5, "Price or contract": 8,
        "Billing": 4, "Expectation not met": 10, "Other": 5,
    },
    "support": {"Support experience": 60, "Product defect": 22, "Hard to use": 12, "Other": 6},
    "onboarding": {"Onboarding or training": 70, "Expectation not met": 18, "Hard to use": 12},
}  # fmt: skip
PHASES = (
    (OUTAGE, "Slow or down", 45), (PRICING, "Price or contract", 40),
    (SYNC_BUG, "Product defect", 70),
)  # fmt: skip
OUTCOMES: Mapping[str, tuple[int, ...]] = {  # solved, explained, compensated, passed on, left
    "Product defect": (52, 14, 8, 22, 4), "Missing feature": (8, 38, 1, 47, 6),
    "Hard to use": (38, 44, 1, 15, 2), "Slow or down": (38, 24, 26, 8, 4),
    "Support experience": (48, 30, 13, 5, 4), "Onboarding or training": (68, 22, 5, 3, 2),
    "Price or contract": (14, 44, 18, 8, 16), "Billing": (66, 10, 20, 2, 2),
    "Expectation not met": (16, 52, 8, 12, 12), "Other": (10, 74, 1, 8, 7),
}  # fmt: skip
ENDS = (
    Outcome.SOLVED, Outcome.EXPLAINED, Outcome.COMPENSATED, Outcome.PASSED_ON, Outcome.LEFT,
)  # fmt: skip
UNREACHED_ENDS = {Outcome.UNREACHED: 76, Outcome.PASSED_ON: 12, Outcome.NOT_OWED: 12}

T = TypeVar("T")


class Dice(Random):
    """Chance, in the ways in which casework asks for it."""

    def happens(self, share: float) -> bool:
        """True in that share of cases."""
        return self.random() < share

    def drawn(self, odds: Mapping[T, float]) -> T:
        """One of the keys, by its weight."""
        return self.choices(list(odds), list(odds.values()))[0]

    def skewed(self, median: float, spread: float) -> float:
        """Log-normal: half are below `median`, some far above; `spread` is that of the log."""
        return median * exp(self.gauss(0, spread))
