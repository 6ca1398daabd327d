"""How long something took: the middle of many waiting times, and how sure it is. Pure.

Waiting times are skewed: a few very long ones move a mean, not the middle.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike

from services.domain.scores import TOO_FEW, critical

MOST = 0.9  # of the cases: what "9 of 10" means


@dataclass(frozen=True)
class Waits:
    """`n` waiting times in business seconds; the figures are None when there are none.

    `median` is the middle one (the mean of the two middle ones where n is even); `low` and `high`
    are its 95 % interval. Nine of ten took `most` or less.
    """

    n: int
    median: float | None
    low: float | None
    high: float | None
    most: float | None

    @property
    def too_few(self) -> bool:
        return self.n < TOO_FEW


def waits(seconds: ArrayLike, confidence: float = 0.95) -> Waits:
    """Median, its interval, and what nine of ten did not exceed; `seconds` in any order.

    Interval: the order statistics 1.96 standard errors of the rank away from the middle, both ranks
    rounded up (Conover 1999, Practical Nonparametric Statistics, 3.2). It supposes nothing about
    how the times are spread.
    """
    found = np.sort(np.asarray(seconds))
    n = len(found)
    if not n:
        return Waits(0, None, None, None, None)
    reach = critical(confidence) * sqrt(n) / 2
    low, high = max(1, ceil(n / 2 - reach)), min(n, ceil(n / 2 + reach))
    ranks = [(n - 1) // 2, n // 2, low - 1, high - 1, ceil(MOST * n) - 1]
    one, other, least, longest, most = found[ranks].tolist()
    return Waits(n, (one + other) / 2, least, longest, most)
