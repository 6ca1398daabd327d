"""What somebody wants to import, made ready: table, plan and the survey it goes to."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from db.models import Survey
from services import settings, surveys
from services.domain.periods import midnight
from services.domain.scores import Direction, Metric
from services.importing.answers import Plan
from services.importing.files import Table, open_table
from services.importing.limits import ImportRefused
from services.importing.planning import Choices, make_plan

LABELS = {"delighted": "Delighted", "wootric": "Wootric", "generic": "Imported"}


@dataclass(frozen=True)
class Prepared:
    """A file that can be imported: nothing is written yet.

    `file_name` is what people call it, `notes` what they should know before they go on.
    """

    table: Table
    plan: Plan
    survey_name: str
    file_name: str
    sha256: str
    notes: tuple[str, ...]
    cases_since: datetime | None = None  # answers before open no case; None: as the desk's settings

    def mapping(self) -> dict[str, Any]:
        """How the columns are read, for the record of the import."""
        columns = self.plan.mapping
        return {
            "preset": self.plan.preset.name,
            "columns": dict(columns.columns),
            "header": self.table.columns,
            "properties": [key for _, key in columns.properties(self.table.columns)],
            "metric": self.plan.metric.value,
            "scale": str(self.plan.scale),
            "direction": self.plan.direction.value,
        }


def prepare(
    session: Session,
    path: Path,
    choices: Choices,
    *,
    now: datetime,
    survey: str | None = None,
    file_name: str | None = None,
    open_cases_since: date | None = None,
) -> Prepared:
    """Read the file once and settle how it is to be read.

    A survey that exists gives metric, scale and direction where nothing was chosen. The source
    carries its name, because two tools may both count their answers from 1.
    ImportRefused, MappingIncomplete, AmbiguousDates: as `make_plan`, or the survey does not fit.
    """
    table = open_table(path)
    zone = settings.reporting_zone(session)
    asked = surveys.named(session, survey) if survey else None
    plan, notes = make_plan(table, _as_asked(choices, asked), zone, now)
    name = survey or f"{LABELS[plan.preset.name]} {plan.metric.value.upper()}"
    if asked is None and (asked := surveys.named(session, name)) is not None:
        plan, notes = make_plan(table, _as_asked(choices, asked), zone, now)
    if asked is not None:
        _check_fit(asked, plan)
    source = choices.source or f"{plan.source}:{name}"
    return Prepared(
        table=table,
        plan=replace(plan, source=source),
        survey_name=name,
        file_name=file_name or path.name,
        sha256=digest(path),
        notes=tuple(notes),
        cases_since=midnight(open_cases_since, zone) if open_cases_since else None,
    )


def survey_for(session: Session, prepared: Prepared, now: datetime) -> Survey:
    """The survey of this import, made if it is new; `warning` stays with it."""
    plan, name = prepared.plan, prepared.survey_name
    found = surveys.named(session, name) or surveys.made(
        session, name, plan.metric, plan.scale, plan.direction, now=now
    )
    _check_fit(found, plan)
    return found


def _as_asked(choices: Choices, survey: Survey | None) -> Choices:
    if survey is None or choices.metric not in (None, survey.metric):
        return choices
    return replace(
        choices,
        metric=choices.metric or Metric(survey.metric),
        usual_scale=survey.scale,
        direction=choices.direction or Direction(survey.direction),
    )


def _check_fit(survey: Survey, plan: Plan) -> None:
    asked = (survey.metric, survey.scale, survey.direction)
    given = (plan.metric.value, str(plan.scale), plan.direction.value)
    if asked != given:
        raise ImportRefused(
            f"The survey {survey.name!r} is {', '.join(asked)}; this import would be "
            f"{', '.join(given)}: give it a survey of its own."
        )


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
