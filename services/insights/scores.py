"""Are we better? Trends, headlines and distributions, each with its n, interval and definition."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.compare import Comparison, compare, compare_many
from services.domain.periods import Bucket
from services.domain.roles import Verb
from services.domain.scores import TOO_FEW, Band, Estimate, Metric, Scale, band, estimate
from services.insights.cube import Asked, Cube, asked_surveys, chosen, count, where
from services.insights.filters import Filter
from services.insights.periods import Span, span
from services.insights.selects import reach_select
from services.insights.shares import shares

LEAST_POINTS = 3  # fewer make no trend


@dataclass(frozen=True)
class Point:
    """One bucket. `change` is against the bucket before it, allowing for the number of looks."""

    bucket: Bucket
    estimate: Estimate
    mean: Estimate | None
    change: Comparison | None = None


@dataclass(frozen=True)
class Trend:
    """A metric through a span; `previous` are the points of the period before, in their order."""

    metric: Metric
    span: Span
    points: tuple[Point, ...]
    previous: tuple[Point, ...]

    @property
    def flagged(self) -> tuple[Point, ...]:
        """The points where the evidence says that something changed."""
        return tuple(point for point in self.points if point.change and point.change.changed)


@dataclass(frozen=True)
class Figure:
    """A metric now and in the period before; `mean` only for CES on one scale."""

    metric: Metric
    now: Estimate
    before: Estimate | None
    change: Comparison | None
    mean: Estimate | None


@dataclass(frozen=True)
class Headline:
    """All three metrics over the span, the filter's own first, and what their surveys warn of."""

    figures: tuple[Figure, ...]
    span: Span
    warnings: tuple[tuple[str, str], ...]

    @property
    def main(self) -> Figure:
        return self.figures[0]


@dataclass(frozen=True)
class Bar:
    """How many gave one score; the shares (%, one decimal) of a scale add up to 100."""

    score: int
    band: Band
    n: int
    share: float


@dataclass(frozen=True)
class Distribution:
    """Every score of one scale, and the three bands of its answers with shares that add up."""

    scale: Scale
    bars: tuple[Bar, ...]
    bands: tuple[tuple[Band, int, float], ...]

    @property
    def n(self) -> int:
        return sum(bar.n for bar in self.bars)


@dataclass(frozen=True)
class Report:
    """What the Trends page shows, from one count."""

    headline: Headline
    trend: Trend
    distributions: tuple[Distribution, ...]


@dataclass(frozen=True)
class Reach:
    """Responses and contacts are told apart; `nameless` responses belong to no contact."""

    responses: int
    contacts: int
    nameless: int


@permitted(Verb.SEE)
def report(session: Session, actor: Actor, filter: Filter, *, now: datetime) -> Report:
    """Headline, trend and distributions of the filter at `now`."""
    asked, cube = _counted(session, actor, filter, now)
    return Report(
        _headline(cube, filter.metric, asked),
        _trend(cube, filter.metric, asked),
        _distributions(cube, filter.metric, asked),
    )


@permitted(Verb.SEE)
def score_trend(session: Session, actor: Actor, filter: Filter, *, now: datetime) -> Trend:
    """The filter's metric, bucket by bucket."""
    return report(session, actor, filter, now=now).trend


@permitted(Verb.SEE)
def headline(session: Session, actor: Actor, filter: Filter, *, now: datetime) -> Headline:
    """All three metrics over the filter's range, against the period before."""
    return report(session, actor, filter, now=now).headline


@permitted(Verb.SEE)
def distribution(
    session: Session, actor: Actor, filter: Filter, *, now: datetime
) -> tuple[Distribution, ...]:
    """Answers per score; one distribution for each scale that the metric was asked on."""
    return report(session, actor, filter, now=now).distributions


@permitted(Verb.SEE)
def reach(session: Session, actor: Actor, filter: Filter, *, now: datetime) -> Reach:
    """How many responses of the filter's metric there are, and from how many contacts."""
    filter = filter.for_figures()
    asked = span(session, filter, now, units=actor.units)
    surveys = chosen(asked_surveys(session), filter, filter.metric)
    select = reach_select(asked.current, where(session, actor, filter, surveys))
    responses, nameless, contacts = session.connection().execute(select).one()
    return Reach(responses, contacts, nameless)


def _counted(session: Session, actor: Actor, filter: Filter, now: datetime) -> tuple[Span, Cube]:
    """The counts by bucket; wider ones than fit the days where most would hold too few answers."""
    filter = filter.for_figures()
    asked = span(session, filter, now, units=actor.units)
    while True:
        cube = count(session, actor, filter, [*asked.buckets, *asked.previous_buckets])
        n = cube.counts(filter.metric, _pieces(asked)[0]).n
        if filter.grain or not 0 < n < 2 * TOO_FEW * len(asked.buckets):
            return asked, cube
        wider = span(session, filter.narrowed(grain=asked.grain.wider), now, units=actor.units)
        if not LEAST_POINTS <= len(wider.buckets) < len(asked.buckets):
            return asked, cube
        asked = wider


def _pieces(asked: Span) -> tuple[range, range]:
    """The numbers of the current buckets and of the previous ones in the cube."""
    now = len(asked.buckets)
    return range(now), range(now, now + len(asked.previous_buckets))


def _headline(cube: Cube, main: Metric, asked: Span) -> Headline:
    metrics = sorted(Metric, key=lambda metric: metric is not main)
    warned = tuple((s.name, s.warning) for s in cube.answered(main) if s.warning)
    return Headline(tuple(_figure(cube, metric, asked) for metric in metrics), asked, warned)


def _figure(cube: Cube, metric: Metric, asked: Span) -> Figure:
    current, previous = _pieces(asked)
    now, earlier = cube.counts(metric, current), cube.counts(metric, previous)
    return Figure(
        metric=metric,
        now=estimate(metric, now),
        before=estimate(metric, earlier) if asked.previous else None,
        change=compare(earlier, now, metric) if asked.previous else None,
        mean=cube.mean(current) if metric is Metric.CES else None,
    )


def _trend(cube: Cube, metric: Metric, asked: Span) -> Trend:
    current, previous = _pieces(asked)
    counts = [cube.counts(metric, [k]) for k in current]
    changes = [None, *compare_many(list(pairwise(counts)), metric)]
    return Trend(
        metric,
        asked,
        _points(cube, metric, asked.buckets, current, changes),
        _points(cube, metric, asked.previous_buckets, previous, [None] * len(previous)),
    )


def _points(
    cube: Cube,
    metric: Metric,
    buckets: Sequence[Bucket],
    pieces: range,
    changes: Sequence[Comparison | None],
) -> tuple[Point, ...]:
    return tuple(
        Point(
            bucket,
            estimate(metric, cube.counts(metric, [k])),
            cube.mean([k]) if metric is Metric.CES else None,
            change,
        )
        for bucket, k, change in zip(buckets, pieces, changes, strict=True)
    )


def _distributions(cube: Cube, metric: Metric, asked: Span) -> tuple[Distribution, ...]:
    kinds: dict[tuple[str, str], list[Asked]] = {}
    for survey in cube.of(metric):
        kinds.setdefault((str(survey.scale), survey.direction), []).append(survey)
    found = (_distribution(cube, alike, _pieces(asked)[0]) for alike in kinds.values())
    return tuple(sorted((one for one in found if one.n), key=lambda one: -one.n))


def _distribution(cube: Cube, alike: list[Asked], pieces: range) -> Distribution:
    first, ids = alike[0], {survey.id for survey in alike}
    cells = [cell for cell in cube.within(first.metric, pieces) if cell.survey_id in ids]
    scores: Counter[int] = Counter()
    bands: Counter[Band] = Counter()
    for cell in cells:
        scores[cell.score] += cell.n
        bands[cell.band] += cell.n
    ns = [scores[score] for score in first.scale.values]
    bars = tuple(
        Bar(score, band(first.metric, score, first.scale, first.direction), n, share)
        for score, n, share in zip(first.scale.values, ns, shares(ns), strict=True)
    )
    split = [bands[one] for one in Band]
    return Distribution(first.scale, bars, tuple(zip(Band, split, shares(split), strict=True)))
