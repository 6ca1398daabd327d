"""What many answers say: NPS / CSAT / CES, their intervals and the one rounding rule.

A plain Wald interval is never offered: its width is zero when everybody gave the same answer.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from math import isfinite, sqrt
from statistics import NormalDist
from typing import NamedTuple

from services.domain.bands import Band, Direction, Metric, Scale, band, scale_warning, scales_for

__all__ = [
    "TOO_FEW",
    "Band",
    "Counts",
    "Direction",
    "Estimate",
    "Metric",
    "Scale",
    "band",
    "ces_agree",
    "ces_mean",
    "csat_top2",
    "estimate",
    "nps",
    "raw_variance",
    "rounded",
    "scale_warning",
    "scales_for",
    "show",
]

TOO_FEW = 5  # answers; below this the words are "too few to say"
NPS_PAD = (0.75, 1.5, 0.75)  # promoters, passives, detractors
_EVERY_FLOAT = Context(prec=800)


@dataclass(frozen=True)
class Counts:
    """Answers per band; for CSAT and CES the same three are the top, middle and bottom band."""

    promoters: int
    passives: int
    detractors: int

    def __post_init__(self) -> None:
        if min(self.promoters, self.passives, self.detractors) < 0:
            raise ValueError(f"counts cannot be negative: {self}")

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.promoters + other.promoters,
            self.passives + other.passives,
            self.detractors + other.detractors,
        )

    @property
    def n(self) -> int:
        return self.promoters + self.passives + self.detractors


@dataclass(frozen=True)
class Estimate:
    """A figure with its size, its interval and its definition.

    `value` is the plain figure. `low` and `high` surround the adjusted one, which lies nearer to
    the middle of the range, so the interval is not centred on `value`. At 95 % it holds `value`
    for every n of 2 or more. All three are None when n is 0.
    """

    metric: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    definition: str
    counts: Counts | None

    @property
    def too_few(self) -> bool:
        return self.n < TOO_FEW

    @property
    def margin(self) -> float | None:
        """Half the width of the interval, in the unit of the value."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2


class Sample(NamedTuple):
    """Coded answers, pseudo-observations included: their number, mean and population variance."""

    n: float
    mean: float
    variance: float


def coded(counts: Counts, metric: Metric, pad: tuple[float, float, float] = (0, 0, 0)) -> Sample:
    """Counts plus `pad` (top, middle, bottom), coded 1/0/-1 for NPS and 1/0/0 for a share."""
    top, bottom = counts.promoters + pad[0], counts.detractors + pad[2]
    n = counts.n + sum(pad)
    total, squares = (top - bottom, top + bottom) if metric == Metric.NPS else (top, top)
    return Sample(n, total / n, (n * squares - total * total) / (n * n))


def raw_variance(counts: Counts) -> float:
    """Population variance of the answers coded 1/0/-1 (p + d - (p - d)^2); ValueError for none."""
    if counts.n == 0:
        raise ValueError("no answers, no variance")
    return coded(counts, Metric.NPS).variance


def critical(confidence: float) -> float:
    """The two-sided normal quantile: 1.96 for 0.95; ValueError outside 0..1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is between 0 and 1, not {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def within(sample: Sample, z: float, low: float, high: float) -> tuple[float, float]:
    """The sample's mean +- z standard errors, clipped to what is possible."""
    half = z * sqrt(sample.variance / sample.n)
    return max(low, sample.mean - half), min(high, sample.mean + half)


def nps(counts: Counts, confidence: float = 0.95) -> Estimate:
    """100 * (promoters - detractors) / n, in points from -100 to 100.

    Interval: adjusted-Wald, 3/4 promoter, 1 1/2 passives and 3/4 detractor added (Rocks 2016, The
    American Statistician; MeasuringU 2021), clipped to the range.
    """
    ends = within(coded(counts, Metric.NPS, NPS_PAD), critical(confidence), -1, 1)
    what = "NPS = % promoters (9-10) minus % detractors (0-6), -100 to 100"
    return _in_points("nps", counts, counts.promoters - counts.detractors, ends, what, confidence)


def csat_top2(counts: Counts, confidence: float = 0.95) -> Estimate:
    """Share of satisfied answers, 0 to 100; interval as in `ces_agree`."""
    what = "CSAT = % satisfied (4-5 of 5, 6-7 of 7), 0 to 100"
    return _share("csat_top2", counts, what, confidence)


def ces_agree(counts: Counts, confidence: float = 0.95) -> Estimate:
    """Share of low-effort answers (Delighted's CES), 0 to 100.

    Interval: adjusted-Wald for one proportion, z^2/2 successes and z^2/2 failures added (Agresti
    and Coull 1998, The American Statistician), clipped to the range.
    """
    what = "CES = % low effort (5-7 of 7, 4-5 of 5, mirrored if high is bad), 0 to 100"
    return _share("ces_agree", counts, what, confidence)


def estimate(metric: Metric, counts: Counts, confidence: float = 0.95) -> Estimate:
    """The headline figure of a metric: NPS, top-2 CSAT or the CES share that agrees."""
    figures = {Metric.NPS: nps, Metric.CSAT: csat_top2, Metric.CES: ces_agree}
    return figures[metric](counts, confidence)


def ces_mean(n: int, total: int, total_sq: int, scale: Scale, confidence: float = 0.95) -> Estimate:
    """Mean score as given, in scale points, from the sums of n scores and of their squares.

    Interval: the NPS rule stretched over the scale, 3/4 answer at each end and 1 1/2 in the middle
    added (on a scale of three it is that rule), clipped to the scale. ValueError: impossible sums.
    """
    what = _definition(f"CES = mean score on {scale}, as given", confidence)
    most = (n * scale.high - total) * (total - n * scale.low)  # Bhatia and Davis 2000
    if n < 0 or not 0 <= n * total_sq - total * total <= most:
        raise ValueError(f"no {n} scores on {scale} add up to {total} (squares: {total_sq})")
    if n == 0:
        return Estimate("ces_mean", 0, None, None, None, what, None)
    middle, reach, size = (scale.low + scale.high) / 2, (scale.high - scale.low) / 2, n + 3
    mean = (total - n * middle) / size
    squares = total_sq - 2 * middle * total + n * middle**2 + 1.5 * reach**2
    sample = Sample(size, mean, squares / size - mean**2)
    low, high = within(sample, critical(confidence), -reach, reach)
    return Estimate("ces_mean", n, total / n, middle + low, middle + high, what, None)


def _share(name: str, counts: Counts, what: str, confidence: float) -> Estimate:
    z = critical(confidence)
    ends = within(coded(counts, Metric.CSAT, (z * z / 2, z * z / 2, 0)), z, 0, 1)
    return _in_points(name, counts, counts.promoters, ends, what, confidence)


def _in_points(
    name: str, counts: Counts, net: int, ends: tuple[float, float], what: str, confidence: float
) -> Estimate:
    """`net` is a whole number, so the value is divided once and 12.5 is exactly 12.5."""
    what = _definition(what, confidence)
    if counts.n == 0:
        return Estimate(name, 0, None, None, None, what, counts)
    low, high = (100 * end for end in ends)
    return Estimate(name, counts.n, 100 * net / counts.n, low, high, what, counts)


def _definition(what: str, confidence: float) -> str:
    return f"{what}; {100 * confidence:g} % adjusted-Wald interval"


def rounded(value: float, digits: int = 0) -> float:
    """The one rounding rule: half away from zero, at display, from the unrounded figure.

    12.5 -> 13, -12.5 -> -13, 2.675 to two digits -> 2.68, never -0. ValueError: not finite.
    """
    return float(_round(value, digits))


def show(value: float, digits: int = 0) -> str:
    """`rounded` as text with exactly `digits` decimals and an ASCII minus."""
    return f"{_round(value, digits):f}"


def _round(value: float, digits: int) -> Decimal:
    if not isfinite(value):
        raise ValueError(f"{value} cannot be rounded")
    step = Decimal(1).scaleb(-digits)
    exact = Decimal(repr(float(value))).quantize(step, ROUND_HALF_UP, _EVERY_FLOAT)
    return exact if exact else abs(exact)
