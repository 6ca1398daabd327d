"""The scores of one person or company through time: a line per metric, on one scale each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.models import Response, Survey
from services.access import Actor
from services.domain.scores import Band, Direction, Metric, Scale
from services.insights.selects import COUNTED, Condition


@dataclass(frozen=True)
class ScorePoint:
    """One score. `height` is its place between the worst (0) and the best (1) of its line."""

    response_id: int
    metric: Metric
    score: int
    scale: str
    band: Band
    answered_at: datetime
    height: float

    @property
    def word(self) -> str:
        """What people call its band."""
        return self.band.label(self.metric)


@dataclass(frozen=True)
class ScoreLine:
    """All scores of a metric that count, oldest first.

    `best` and `worst` are the ends of the line's scale as numbers, or words where surveys disagree
    on which end is which.
    """

    metric: Metric
    points: tuple[ScorePoint, ...]
    best: str
    worst: str


_SCORES = sa.select(
    col(Response.id), col(Response.score), col(Response.scale), col(Response.band),
    col(Response.answered_at), col(Survey.metric), col(Survey.direction),
).join(Survey, col(Survey.id) == Response.survey_id)  # fmt: skip


def score_lines(session: Session, actor: Actor, *meant: Condition) -> tuple[ScoreLine, ...]:
    """The lines of the responses that meet `meant`, count, and may be seen; NPS first."""
    own = [] if actor.units is None else [col(Response.unit_id).in_(actor.units)]
    query = _SCORES.where(COUNTED, *meant, *own)
    order = (col(Response.answered_at), col(Response.id))
    rows: list[Any] = list(session.connection().execute(query.order_by(*order)))
    found = {metric: [row for row in rows if row.metric == metric] for metric in Metric}
    return tuple(_line(metric, of) for metric, of in found.items() if of)


def _line(metric: Metric, rows: Sequence[Any]) -> ScoreLine:
    scales = [Scale.parse(row.scale) for row in rows]
    low, high = min(scale.low for scale in scales), max(scale.high for scale in scales)
    ways = {Direction(row.direction) for row in rows}
    best, worst = (str(high), str(low)) if len(ways) == 1 else ("better", "worse")
    if ways == {Direction.HIGH_IS_BAD}:
        best, worst = worst, best
    return ScoreLine(metric, tuple(_point(row, low, high) for row in rows), best, worst)


def _point(row: Any, low: int, high: int) -> ScorePoint:
    height = (row.score - low) / (high - low)
    return ScorePoint(
        response_id=row.id,
        metric=Metric(row.metric),
        score=row.score,
        scale=row.scale,
        band=Band(row.band),
        answered_at=row.answered_at,
        height=1 - height if row.direction == Direction.HIGH_IS_BAD else height,
    )
