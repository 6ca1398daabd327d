"""What one answer says: metrics, scales and the band that a score falls into."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Metric(StrEnum):
    NPS = "nps"
    CSAT = "csat"
    CES = "ces"


class Direction(StrEnum):
    HIGH_IS_GOOD = "high-is-good"
    HIGH_IS_BAD = "high-is-bad"


class Band(IntEnum):
    DETRACTOR = -1
    PASSIVE = 0
    PROMOTER = 1

    def label(self, metric: Metric) -> str:
        """The word that people use for this band of this metric."""
        return _LABELS[metric][self + 1]


_LABELS = {
    Metric.NPS: ("detractor", "passive", "promoter"),
    Metric.CSAT: ("dissatisfied", "neutral", "satisfied"),
    Metric.CES: ("high effort", "neutral", "low effort"),
}


@dataclass(frozen=True)
class Scale:
    """The whole numbers that could be answered, both ends included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low >= self.high:
            raise ValueError(f"a scale runs upwards, not {self.low}-{self.high}")

    @classmethod
    def parse(cls, text: str) -> "Scale":
        """Read "0-10", "1-10", "1-5" or "1-7"; anything else is a ValueError."""
        known = {str(scale): scale for _, scale in _CUTS}
        if text not in known:
            raise ValueError(f"unknown scale {text!r}: use one of {', '.join(sorted(known))}")
        return known[text]

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"

    @property
    def values(self) -> range:
        return range(self.low, self.high + 1)

    def contains(self, score: float) -> bool:
        """True for a whole number on the scale; 3.5, 7.0 and True are not whole numbers here."""
        return type(score) is int and self.low <= score <= self.high


# (highest score of the bottom band, lowest score of the top band), read with high as good.
# CSAT is top-2 / bottom-2 on both scales (6-7 of 7 as Formbricks counts it). On 1-10 and 0-10 the
# published rules differ (QuestionPro 9-10, Formbricks 8-10), so those are refused. CES: Delighted.
_CUTS = {
    (Metric.NPS, Scale(0, 10)): (6, 9),
    (Metric.NPS, Scale(1, 10)): (6, 9),
    (Metric.CSAT, Scale(1, 5)): (2, 4),
    (Metric.CSAT, Scale(1, 7)): (2, 6),
    (Metric.CES, Scale(1, 5)): (2, 4),
    (Metric.CES, Scale(1, 7)): (3, 5),
}


def scales_for(metric: Metric) -> tuple[Scale, ...]:
    """The scales on which the bands of this metric are defined."""
    return tuple(scale for name, scale in _CUTS if name == metric)


def scale_warning(metric: Metric, scale: Scale) -> str | None:
    """What a person must be told about this pair; ValueError when it has no bands at all."""
    _cuts(metric, scale)
    if metric == Metric.NPS and scale.low == 1:
        return (
            "NPS is asked on 0-10. These 1-10 scores are kept as given, with the usual bands "
            "(1-6, 7-8, 9-10); do not compare them with scores asked on 0-10."
        )
    return None


def _cuts(metric: Metric, scale: Scale) -> tuple[int, int]:
    if (metric, scale) not in _CUTS:
        allowed = " or ".join(str(scale) for scale in scales_for(metric))
        raise ValueError(f"{metric.upper()} is not defined on {scale}: use {allowed}")
    return _CUTS[metric, scale]


def band(
    metric: Metric, score: int, scale: Scale, direction: Direction = Direction.HIGH_IS_GOOD
) -> Band:
    """The band of one score; a high-is-bad question is mirrored (2 on 1-7 counts as 6).

    ValueError: a score off the scale or not whole, a scale without bands for the metric, or NPS
    asked the wrong way round.
    """
    bottom, top = _cuts(metric, scale)
    if not scale.contains(score):
        raise ValueError(f"{score!r} is not a whole number on {scale}")
    if direction == Direction.HIGH_IS_BAD:
        if metric == Metric.NPS:
            raise ValueError("NPS is always high-is-good")
        score = scale.low + scale.high - score
    return Band((score >= top) - (score <= bottom))
