"""Percentages that add up."""

from collections.abc import Sequence


def shares(counts: Sequence[int], digits: int = 1) -> tuple[float, ...]:
    """Each count as % of their sum, to `digits` decimals, adding up to exactly 100.

    Largest remainder (Hamilton): all are rounded down, then those that lost most are raised by one
    step, the earlier of equals first. All are 0 when nothing was counted.
    """
    total, steps = sum(counts), 100 * 10**digits
    if not total:
        return tuple(0.0 for _ in counts)
    whole = [count * steps // total for count in counts]
    lost = [-(count * steps % total) for count in counts]
    for i in sorted(range(len(counts)), key=lost.__getitem__)[: steps - sum(whole)]:
        whole[i] += 1
    return tuple(part / 10**digits for part in whole)
