"""Where does it differ? A metric by the values of one property, each against all the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db.models import Unit
from services.access import Actor, permitted
from services.domain.compare import Comparison, compare_many
from services.domain.roles import Verb
from services.domain.scores import TOO_FEW, Counts, Estimate, Metric, estimate, show
from services.insights.cube import asked_surveys, chosen, count, where
from services.insights.filters import Filter
from services.insights.periods import Span, span
from services.insights.selects import column, property_select

MOST = 50  # values in one table, those with the most answers


@dataclass(frozen=True)
class Segment:
    """The answers with one value. `change` is from all the others to this one.

    `value` is what `Filter.with_value` takes, None for answers that have none. `label` is customer
    text or a name of the desk's own.
    """

    value: str | None
    label: str
    estimate: Estimate
    change: Comparison | None
    verdict: str


@dataclass(frozen=True)
class Segments:
    """The values of `name`, most answers first; `more` when there are others beyond `MOST`."""

    name: str
    metric: Metric
    span: Span
    rows: tuple[Segment, ...]
    total: Estimate
    more: bool


@permitted(Verb.SEE)
def by_property(
    session: Session, actor: Actor, filter: Filter, name: str, *, now: datetime
) -> Segments:
    """The filter's metric for each value of `name`: survey, unit, channel, touchpoint, props.<key>.

    The p-values allow for the number of values compared (Holm), so that one in twenty segments
    does not stand out by chance. ValueError: no such property.
    """
    filter, metric = filter.for_figures(), filter.metric
    asked = span(session, filter, now, units=actor.units)
    surveys = chosen(asked_surveys(session), filter, metric)
    conditions = where(session, actor, filter, surveys)
    query = property_select(column(name), asked.current, conditions, MOST + 1)
    found = [
        (value, Counts(top, n - top - bottom, bottom))
        for value, n, top, bottom in session.connection().execute(query)
    ]
    total = (
        sum((counts for _, counts in found), Counts(0, 0, 0))
        if len(found) <= MOST
        else count(session, actor, filter, [asked.current]).counts(metric, [0])
    )
    labels = _labels(session, name)
    rows = _segments(metric, found[:MOST], total, labels)
    return Segments(name, metric, asked, tuple(rows), estimate(metric, total), len(found) > MOST)


def _labels(session: Session, name: str) -> dict[Any, str]:
    if name == "survey":
        return {survey.id: survey.name for survey in asked_surveys(session)}
    if name == "unit":
        return {unit.id: unit.name for unit in session.exec(select(Unit))}
    return {}


def _segments(
    metric: Metric, found: list[tuple[Any, Counts]], total: Counts, labels: dict[Any, str]
) -> Iterable[Segment]:
    changes = compare_many([(_less(total, one), one) for _, one in found], metric)
    for (value, counts), change in zip(found, changes, strict=True):
        yield Segment(
            value=None if value is None else str(value),
            label="not given" if value is None else labels.get(value, str(value)),
            estimate=estimate(metric, counts),
            change=change if counts.n < total.n else None,
            verdict=_verdict(change, counts, total),
        )


def _less(total: Counts, part: Counts) -> Counts:
    return Counts(
        total.promoters - part.promoters,
        total.passives - part.passives,
        total.detractors - part.detractors,
    )


def _verdict(change: Comparison, counts: Counts, total: Counts) -> str:
    """In a few words: by how much this segment differs from all other answers, if it does."""
    if counts.n == total.n:
        return "all answers"
    if min(counts.n, total.n - counts.n) < TOO_FEW:
        return "too few to say"
    if not change.changed or change.delta is None:
        return "no evidence"
    side = "above" if change.delta > 0 else "below"
    return f"{show(abs(change.delta))} points {side}"
