"""From a table and what the person chose to a plan; one pass over the file settles the rest.

The date order and the scale are proved by all rows, never by the first few.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from services.domain.bands import Direction, Metric, Scale, band, scale_warning
from services.importing.answers import Plan
from services.importing.dates import Evidence, Parser, midnight
from services.importing.files import Table
from services.importing.limits import ImportRefused
from services.importing.mapping import Mapping
from services.importing.presets import AUTO, GENERIC, Preset, find
from services.importing.proposals import SAMPLE
from services.importing.scale_hints import suggest

_NPS = "0-10"  # what the tools we know ask NPS on, whether or not somebody gave a 0
_WRITINGS = 5_000  # ways to write a score that are counted; a column of texts has more


@dataclass(frozen=True)
class Choices:
    """What the person said; None or empty where the file and the preset decide."""

    preset: str = AUTO
    options: tuple[str, ...] = ()  # "field=column"
    metric: Metric | None = None
    scale: str | None = None
    usual_scale: str | None = None  # what the survey that the answers go to asks on
    direction: Direction | None = None
    source: str | None = None
    order: str | None = None  # dmy, mdy or ymd
    answered_on: date | None = None  # for a file without a date column


@dataclass
class _Findings:
    dates: Evidence
    scores: Counter[str] = field(default_factory=Counter)
    metrics: Counter[str] = field(default_factory=Counter)


def make_plan(
    table: Table, choices: Choices, zone: ZoneInfo, now: datetime
) -> tuple[Plan, list[str]]:
    """The plan and the notes that go with it.

    MappingIncomplete: score or date have no column. AmbiguousDates: the order must be said.
    ImportRefused: a choice does not fit the file.
    """
    preset = find(choices.preset, table.columns)
    mapping = _mapping(table, preset, choices)
    latest = (now + timedelta(days=1)).date()
    found = _look(table, preset, mapping, latest)
    notes = list(table.notes)
    metric = choices.metric or _usual_metric(preset, found, notes)
    scale = _scale(choices, preset, found.scores, metric, notes)
    direction = choices.direction or Direction.HIGH_IS_GOOD
    try:
        band(metric, scale.low, scale, direction)
    except ValueError as error:
        raise ImportRefused(f"{error}.") from None
    parser, answered_on = _dates(found, choices, zone, mapping, notes)
    source = choices.source or preset.source
    plan = Plan(mapping, metric, scale, direction, source, parser, preset, answered_on)
    return plan, notes


def _mapping(table: Table, preset: Preset, choices: Choices) -> Mapping:
    sample = (cells for _, _, cells in islice(table.records(), SAMPLE))
    base = preset.mapping(table.columns, sample)
    mapping = Mapping.from_options(choices.options, table.columns, base)
    needed = ("score",) if choices.answered_on else ("score", "answered_at")
    mapping.require(needed, table.columns)
    return mapping


def _look(table: Table, preset: Preset, mapping: Mapping, latest: date) -> _Findings:
    """Pass over the whole file once: what do the dates, scores and survey types say?"""
    at = mapping.positions(table.columns)
    score_at, date_at = at["score"], at.get("answered_at", at["score"])
    metric_column = preset.metric_column(table.columns)
    metric_at = table.columns.index(metric_column) if metric_column else score_at
    found = _Findings(Evidence(mapping.columns.get("answered_at", "date"), latest))
    last, scores = max(score_at, date_at, metric_at), found.scores
    for _, _, cells in table.records():
        if len(cells) <= last:
            continue
        found.dates.add(cells[date_at])
        if len(scores) < _WRITINGS:
            scores[cells[score_at]] += 1
        if metric_column:
            found.metrics[cells[metric_at]] += 1
    return found


def _usual_metric(preset: Preset, found: _Findings, notes: list[str]) -> Metric:
    counts: Counter[Metric] = Counter()
    for written, times in found.metrics.items():
        metric = preset.metric_of(written)
        if metric is not None:
            counts[metric] += times
    if not counts:
        return Metric.NPS
    usual = counts.most_common(1)[0][0]
    if len(counts) > 1:
        others = ", ".join(f"{n:,} {metric}" for metric, n in counts.items() if metric is not usual)
        notes.append(f"Taken as {usual}; the file also holds {others}: import those on their own.")
    return usual


def _scale(
    choices: Choices, preset: Preset, scores: Counter[str], metric: Metric, notes: list[str]
) -> Scale:
    hint = suggest(scores, metric)
    usual = choices.usual_scale or (
        _NPS if preset is not GENERIC and metric is Metric.NPS else None
    )
    if choices.scale is None and usual is None and hint.warning:
        notes.append(hint.warning)
    if choices.scale is None and choices.usual_scale not in (None, hint.scale) and hint.warning:
        notes.append(
            f"The scores look as if given on {hint.scale} ({hint.reason}); they are taken as given "
            f"on {usual}, as their survey asks. Give answers to another question a survey of "
            "their own."
        )
    try:
        scale = Scale.parse(choices.scale or usual or hint.scale)
        warning = scale_warning(metric, scale)
    except ValueError as error:
        raise ImportRefused(f"{error}.") from None
    if warning and warning not in notes:
        notes.append(warning)
    return scale


def _dates(
    found: _Findings, choices: Choices, zone: ZoneInfo, mapping: Mapping, notes: list[str]
) -> tuple[Parser | None, str | None]:
    if "answered_at" not in mapping.columns and choices.answered_on:
        notes.append(
            f"No column holds a date: every answer counts as given on {choices.answered_on}."
        )
        return None, midnight(choices.answered_on, zone)
    form = found.dates.decide(choices.order)
    notes.extend(form.notes)
    return Parser(form, zone), None
