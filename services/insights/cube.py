"""The answers of a filter, counted once: by period, survey, score and band.

All that scores, trends and distributions say is read from these counts, for all three metrics, so
a page asks the database once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session, col, select

from db.models import Survey
from db.search import matches
from services.access import Actor
from services.domain.periods import Period
from services.domain.scores import Band, Counts, Direction, Estimate, Metric, Scale, ces_mean
from services.insights.filters import Filter
from services.insights.selects import (
    Condition,
    conditions,
    decode,
    searched_trend_select,
    trend_select,
)

MOST_ARMS = 250  # periods a statement: SQLite takes at most 500 arms in one


@dataclass(frozen=True)
class Asked:
    """A survey as figures need it."""

    id: int
    name: str
    metric: Metric
    scale: Scale
    direction: Direction
    warning: str | None


class Cell(NamedTuple):
    """How often one survey got one score."""

    survey_id: int
    score: int
    band: Band
    n: int


@dataclass(frozen=True)
class Cube:
    """`cells[k]` are those of the k-th period that was asked for."""

    surveys: tuple[Asked, ...]
    cells: tuple[tuple[Cell, ...], ...]

    def of(self, metric: Metric) -> tuple[Asked, ...]:
        """The surveys behind a metric."""
        return tuple(survey for survey in self.surveys if survey.metric is metric)

    def answered(self, metric: Metric) -> tuple[Asked, ...]:
        """Those behind a metric that have an answer in any of the periods."""
        ids = {cell.survey_id for cell in self.within(metric, range(len(self.cells)))}
        return tuple(survey for survey in self.of(metric) if survey.id in ids)

    def within(self, metric: Metric, pieces: Iterable[int]) -> list[Cell]:
        """The cells of a metric in these periods."""
        ids = {survey.id for survey in self.of(metric)}
        return [cell for k in pieces for cell in self.cells[k] if cell.survey_id in ids]

    def counts(self, metric: Metric, pieces: Iterable[int]) -> Counts:
        """Answers per band in these periods together."""
        found: Counter[Band] = Counter()
        for cell in self.within(metric, pieces):
            found[cell.band] += cell.n
        return Counts(found[Band.PROMOTER], found[Band.PASSIVE], found[Band.DETRACTOR])

    def mean(self, pieces: Iterable[int]) -> Estimate | None:
        """The mean CES score; None when surveys differ in scale or direction: no mean of those."""
        kinds = {(survey.scale, survey.direction) for survey in self.answered(Metric.CES)}
        if len(kinds) != 1:
            return None
        cells = self.within(Metric.CES, pieces)
        sums = (sum(cell.n * cell.score**power for cell in cells) for power in range(3))
        n, total, squares = sums
        return ces_mean(n, total, squares, kinds.pop()[0])


def asked_surveys(session: Session) -> tuple[Asked, ...]:
    """Every survey, by name."""
    return tuple(
        Asked(
            id=row.id or 0,
            name=row.name,
            metric=Metric(row.metric),
            scale=Scale.parse(row.scale),
            direction=Direction(row.direction),
            warning=row.warning,
        )
        for row in session.exec(select(Survey).order_by(col(Survey.name)))
    )


def chosen(
    surveys: tuple[Asked, ...], filter: Filter, metric: Metric | None = None
) -> tuple[Asked, ...]:
    """The surveys meant: those named, and all those of a metric of which none is named."""
    narrowed = {survey.metric for survey in surveys if survey.id in filter.surveys}
    meant = (s for s in surveys if s.id in filter.surveys or s.metric not in narrowed)
    return tuple(survey for survey in meant if metric in (None, survey.metric))


def where(
    session: Session, actor: Actor, filter: Filter, surveys: Iterable[Asked]
) -> list[Condition]:
    """All conditions of the filter but its time, within the units that the actor may see."""
    return conditions(
        filter,
        units=actor.units,
        surveys=[survey.id for survey in surveys],
        text=matches(session, filter.text),
    )


def count(session: Session, actor: Actor, filter: Filter, periods: Sequence[Period]) -> Cube:
    """Count the answers of the filter (its figures' part) in each of `periods`."""
    filter = filter.for_figures()
    surveys = chosen(asked_surveys(session), filter)
    cells: list[list[Cell]] = [[] for _ in periods]
    counting = searched_trend_select if filter.text else trend_select
    meant = where(session, actor, filter, surveys)
    for first in range(0, len(periods), MOST_ARMS):
        statement = counting(periods[first : first + MOST_ARMS], meant)
        for k, code, n in session.connection().execute(statement):
            cells[first + k].append(Cell(*decode(code), n))
    return Cube(surveys, tuple(map(tuple, cells)))
