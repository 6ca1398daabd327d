"""Did the score change? Two samples, a verdict in words, and how many answers it takes to know.

Two-sided test at 5 % on adjusted figures: NPS adds 3/4, 1 1/2 and 3/4 answers to each sample
(MeasuringU, NPS significance test); a share adds one success and one failure to each (Agresti and
Caffo 2000, The American Statistician). So no sample is ever free of doubt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil, erfc, sqrt
from statistics import NormalDist
from typing import Literal

from services.domain.scores import (
    NPS_PAD,
    TOO_FEW,
    Counts,
    Metric,
    Sample,
    coded,
    critical,
    estimate,
    show,
    within,
)

ALPHA = 0.05
_PADS = {Metric.NPS: NPS_PAD, Metric.CSAT: (1, 1, 0), Metric.CES: (1, 1, 0)}


@dataclass(frozen=True)
class Comparison:
    """Second minus first, in points.

    `delta` is the difference of the two figures as shown. `low`, `high` (95 %), `z` and `p` belong
    to `delta_adjusted`; `delta` itself can lie outside the interval when nearly everybody in one
    sample gave the same answer. `needed_n` is the number of answers in each period that would call
    `delta` real with 80 % power. `changed` is the verdict as a flag. Figures that cannot be had
    (a sample is empty, or `delta` is 0 for `needed_n`) are None. The words name the first sample
    first.
    """

    delta: float | None
    low: float | None
    high: float | None
    z: float | None
    p: float | None
    verdict: str
    needed_n: int | None
    delta_adjusted: float | None
    changed: bool


def compare(first: Counts, second: Counts, metric: Metric = Metric.NPS) -> Comparison:
    """Compare two independent samples of one metric; the earlier period goes first."""
    if not (first.n and second.n):
        words = _verdict(first, second, metric, 1)
        return Comparison(None, None, None, None, None, words, None, None, False)
    old, new = (coded(counts, metric, _PADS[metric]) for counts in (first, second))
    change = Sample(1, new.mean - old.mean, old.variance / old.n + new.variance / new.n)
    reach = 2 if metric == Metric.NPS else 1
    low, high = within(change, critical(1 - ALPHA), -reach, reach)
    z = change.mean / sqrt(change.variance)
    p = erfc(abs(z) / sqrt(2))
    delta = _delta(first, second, metric)
    return Comparison(
        delta=delta,
        low=100 * low,
        high=100 * high,
        z=z,
        p=p,
        verdict=_verdict(first, second, metric, p),
        needed_n=_needed(delta, old.variance + new.variance) if delta else None,
        delta_adjusted=100 * change.mean,
        changed=_is_change(first, second, p),
    )


def compare_many(
    pairs: Sequence[tuple[Counts, Counts]],
    metric: Metric = Metric.NPS,
    method: Literal["holm", "fdr"] = "holm",
) -> list[Comparison]:
    """Compare many segments at once: `p`, `verdict` and `changed` allow for the number of looks.

    Pairs with too few answers are never called changed, so they do not count as looks. Intervals
    stay those of each pair alone.
    """
    found = [compare(first, second, metric) for first, second in pairs]
    looked = [i for i, (a, b) in enumerate(pairs) if min(a.n, b.n) >= TOO_FEW]
    ps = adjust_p([found[i].p or 0.0 for i in looked], method)
    for i, p in zip(looked, ps, strict=True):
        words = _verdict(*pairs[i], metric, p, len(looked))
        found[i] = replace(found[i], p=p, verdict=words, changed=_is_change(*pairs[i], p))
    return found


def adjust_p(ps: Sequence[float], method: Literal["holm", "fdr"] = "holm") -> list[float]:
    """p-values adjusted for their number, in the order given.

    "holm" bounds the chance of any false call (Holm 1979), "fdr" the share of false calls
    (Benjamini and Hochberg 1995). ValueError: a p outside 0..1 or an unknown method.
    """
    if not all(0 <= p <= 1 for p in ps):
        raise ValueError("a p-value lies between 0 and 1")
    if method not in ("holm", "fdr"):
        raise ValueError(f'unknown method {method!r}: use "holm" or "fdr"')
    n, order = len(ps), sorted(range(len(ps)), key=ps.__getitem__)
    if method == "holm":
        steps = accumulate((min(1.0, ps[i] * (n - k)) for k, i in enumerate(order)), max)
    else:
        order.reverse()
        steps = accumulate((ps[i] * n / (n - k) for k, i in enumerate(order)), min)
    return [p for _, p in sorted(zip(order, steps, strict=True))]


def responses_needed(
    points: float,
    mix: Counts,
    power: float = 0.8,
    alpha: float = ALPHA,
    metric: Metric = Metric.NPS,
) -> int:
    """Answers in each of two periods that call a change of `points` real, `mix` being usual.

    2 * variance * (z_alpha/2 + z_power)^2 / (points / 100)^2, rounded up, at least 5. When all
    answers of the mix are alike, its adjusted variance stands in. ValueError: no answers in the
    mix, points not above 0, alpha or power not between 0 and 1.
    """
    if not (points > 0 and 0 < power < 1):
        raise ValueError(f"points are above 0 and power is between 0 and 1: {points}, {power}")
    return _needed(points, 2 * _variance(mix, metric), power, alpha)


def noise(first_n: int, second_n: int, mix: Counts, metric: Metric = Metric.NPS) -> float:
    """Standard deviation, in points, of the change between two samples when nothing changed."""
    if min(first_n, second_n) < 1:
        raise ValueError("both samples need at least one answer")
    return 100 * sqrt(_variance(mix, metric) * (1 / first_n + 1 / second_n))


def chance_of_fall(
    points: float, first_n: int, second_n: int, mix: Counts, metric: Metric = Metric.NPS
) -> float:
    """Probability (0..1, normal approximation) of a fall by `points` or more by chance alone."""
    if not points >= 0:
        raise ValueError(f"a fall is counted upwards from 0, not {points}")
    return NormalDist().cdf(-points / noise(first_n, second_n, mix, metric))


def _needed(points: float, spread: float, power: float = 0.8, alpha: float = ALPHA) -> int:
    size = (critical(1 - alpha) + NormalDist().inv_cdf(power)) * 100 / points
    return max(TOO_FEW, ceil(spread * size * size))


def _variance(mix: Counts, metric: Metric) -> float:
    if mix.n == 0:
        raise ValueError("the mix holds no answers")
    return coded(mix, metric).variance or coded(mix, metric, _PADS[metric]).variance


def _delta(first: Counts, second: Counts, metric: Metric) -> float:
    """One division of whole numbers, so that a difference of 12.5 is exactly 12.5."""
    old, new = (
        counts.promoters - (counts.detractors if metric == Metric.NPS else 0)
        for counts in (first, second)
    )
    return 100 * (new * first.n - old * second.n) / (first.n * second.n)


def _is_change(first: Counts, second: Counts, p: float) -> bool:
    return min(first.n, second.n) >= TOO_FEW and p < ALPHA


def _verdict(first: Counts, second: Counts, metric: Metric, p: float, looks: int = 1) -> str:
    figures = f"{_figure(first, metric)} against {_figure(second, metric)}"
    if min(first.n, second.n) < TOO_FEW:
        return f"Too few to say: {figures}"
    if not _is_change(first, second, p):
        return f"No evidence of change: {figures}"
    delta = _delta(first, second, metric)
    size = _size(abs(delta))
    move = f"{'Up' if delta > 0 else 'Down'} {size} point{'' if size == '1' else 's'}"
    doubt = "p below 0.001" if p < 0.001 else f"p {show(p, 3).rstrip('0')}"
    looked = f", allowing for {looks} comparisons" if looks > 1 else ""
    return f"{move}: unlikely to be chance ({doubt}{looked}); {figures}"


def _figure(counts: Counts, metric: Metric) -> str:
    figure = estimate(metric, counts)
    if figure.value is None or figure.margin is None:
        return "no answers"
    margin = "" if figure.too_few else f"±{_size(figure.margin)}, "
    return f"{show(figure.value)} ({margin}n {figure.n:,})"


def _size(points: float) -> str:
    """Whole points, but a decimal below one: what is not zero is not called 0."""
    return show(points, 0 if points >= 1 else 1)
