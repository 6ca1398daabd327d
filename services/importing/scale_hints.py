"""Which scale a column of scores was asked on, as far as its values tell; a person decides."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from services.domain.bands import Metric, Scale, scale_warning, scales_for
from services.importing.scores_text import BadScore, whole_number

ENOUGH = 30  # answers from which a value that never comes says something


@dataclass(frozen=True)
class ScaleHint:
    """`scale` as in "0-10"; `warning` must reach the person who imports."""

    scale: str
    reason: str
    warning: str | None = None


def detect_scale(values: Iterable[str], metric: Metric = Metric.NPS) -> ScaleHint:
    """Suggest a scale on which this metric is defined, from all scores of a file."""
    return suggest(Counter(values), metric)


def suggest(counts: Counter[str], metric: Metric) -> ScaleHint:
    """As `detect_scale`, from how often each written score occurs."""
    scores = _numbers(counts)
    n = sum(scores.values())
    fitting = [scale for scale in scales_for(metric) if _holds(scale, scores)]
    usual = scales_for(metric)[0]
    if not n or not fitting:
        reason = "no scale of this metric holds all scores" if n else "there are no scores"
        return ScaleHint(str(usual), reason, _strange(scores, usual, metric))
    if metric is Metric.NPS:
        return _nps(scores, n, fitting)
    scale = fitting[0]
    return ScaleHint(str(scale), _range_words(scores, n))


def _nps(scores: Counter[int], n: int, fitting: list[Scale]) -> ScaleHint:
    reason = _range_words(scores, n)
    if 0 in scores or n < ENOUGH:
        return ScaleHint("0-10", reason if 0 in scores else f"{reason}; too few to say more")
    if max(scores) <= 7:
        return ScaleHint(
            "0-10", reason, f"{reason}: this looks like a rating (CSAT or CES) rather than NPS."
        )
    scale = fitting[-1]
    return ScaleHint(str(scale), f"{reason}, never 0", scale_warning(Metric.NPS, scale))


def _numbers(counts: Counter[str]) -> Counter[int]:
    scores: Counter[int] = Counter()
    for text, times in counts.items():
        try:
            scores[whole_number(text)] += times
        except BadScore:
            continue
    return scores


def _holds(scale: Scale, scores: Counter[int]) -> bool:
    """All but a stray few (1 %) lie on the scale."""
    off = sum(times for score, times in scores.items() if not scale.contains(score))
    return off <= 0.01 * sum(scores.values())


def _strange(scores: Counter[int], usual: Scale, metric: Metric) -> str | None:
    if not scores:
        return None
    return (
        f"The scores run from {min(scores)} to {max(scores)}; {metric.upper()} is read on {usual} "
        "unless you choose another scale, and scores outside it are rejected."
    )


def _range_words(scores: Counter[int], n: int) -> str:
    return f"{n:,} scores from {min(scores)} to {max(scores)}"
