"""Importing answers: a dry run that writes nothing, then the import, chunk by chunk.

Like the outbox this is an exception to "services never commit": a million rows in one
transaction would keep everybody else from writing, so each chunk is one transaction of `begin`.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import ImportRun, Response, Survey, metadata
from services import audit
from services.access import Actor, permitted
from services.cases.opening import policy
from services.domain.roles import Verb
from services.domain.scores import Counts, Estimate, Metric, estimate
from services.importing.answers import Reject
from services.importing.parts import Part, parts
from services.importing.request import Prepared, survey_for
from services.responses import Keeper, Stored

Begin = Callable[[], AbstractContextManager[Session]]
Progress = Callable[[int], None]

KEPT_REJECTS = 100_000  # a file that is wrong throughout must not fill the memory
REJECT: sa.Table = metadata.tables["import_reject"]


@dataclass
class Report:
    """What an import did, or what the dry run says it would do."""

    survey: str
    preset: str
    read: int = 0
    stored: Stored = field(default_factory=Stored)
    rejects: list[Reject] = field(default_factory=list)
    rejected: int = 0
    warnings: list[str] = field(default_factory=list)
    before: Estimate | None = None
    after: Estimate | None = None
    run_id: int | None = None

    def count(self, part: Part, stored: Stored) -> None:
        """Add what became of a part of the file."""
        self.read += part.read
        self.rejected += len(part.rejects)
        self.rejects += part.rejects[: KEPT_REJECTS - len(self.rejects)]
        self.stored += stored + Stored(known=part.known)


@permitted(Verb.IMPORT)
def dry_run(
    session: Session, actor: Actor, prepared: Prepared, now: datetime, progress: Progress
) -> Report:
    """Read the whole file and say what an import would do. Nothing is written."""
    report = Report(prepared.survey_name, prepared.plan.preset.name)
    asked = Survey(name="", metric=prepared.plan.metric.value, scale=str(prepared.plan.scale))
    rule = policy(session, now, prepared.cases_since)
    keeper = Keeper(asked, prepared.plan.source, rule=rule)
    with parts(prepared.table, prepared.plan, now) as reading:
        for part in reading:
            report.count(part, keeper.look(session, part.batch))
            progress(report.read)
    report.warnings = [*prepared.notes, *reading.tally.lines(), *_differing(report)]
    counts = desk_counts(session, prepared.plan.metric)
    return _scored(report, prepared.plan.metric, counts)


def import_file(
    begin: Begin, actor: Actor, prepared: Prepared, now: datetime, progress: Progress
) -> Report:
    """Keep every good row; the report says what became of the others.

    Importing a file again, or going on after it was cut off, adds only what is not yet there.
    """
    report = Report(prepared.survey_name, prepared.plan.preset.name)
    with begin() as session:
        counts = desk_counts(session, prepared.plan.metric)
        run, survey = _start(session, actor, prepared, now)
        rule = policy(session, now, prepared.cases_since)
    report.run_id = run.id
    keeper = Keeper(survey, prepared.plan.source, run.id, rule=rule)
    try:
        with parts(prepared.table, prepared.plan, now) as reading, _without_collector():
            for part in reading:
                with begin() as session:
                    report.count(part, keeper.store(session, part.batch, now))
                    _save(session, report, part.rejects)
                progress(report.read)
    except BaseException:
        with begin() as session:
            _finish(session, report, now, f"broke off after {report.read:,} records")
        raise
    report.warnings = [*prepared.notes, *reading.tally.lines(), *_differing(report)]
    with begin() as session:
        _finish(session, report, now)
    return _scored(report, prepared.plan.metric, counts)


def _differing(report: Report) -> list[str]:
    n = report.stored.differing
    if not n:
        return []
    return [
        f"{n:,} of the known answers have the id of an earlier one but another score or time: what "
        "was there is kept. If they come from elsewhere, import them into a survey of their own."
    ]


def desk_counts(session: Session, metric: Metric) -> Counts:
    """How many answers of `metric` count in each band, over all surveys and times."""
    surveys = select(Survey.id).where(Survey.metric == metric.value)
    query = (
        select(Response.band, sa.func.count())
        .where(col(Response.survey_id).in_(surveys))
        .where(col(Response.excluded_at).is_(None), ~col(Response.is_test))
        .group_by(col(Response.band))
    )
    found = dict(session.exec(query).all())
    return Counts(found.get(1, 0), found.get(0, 0), found.get(-1, 0))


@contextmanager
def _without_collector() -> Iterator[None]:
    """An import makes millions of values and no cycles: looking for those takes a tenth of it."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@permitted(Verb.IMPORT)
def _start(
    session: Session, actor: Actor, prepared: Prepared, now: datetime
) -> tuple[ImportRun, Survey]:
    survey = survey_for(session, prepared, now)
    run = ImportRun(
        file_name=prepared.file_name,
        file_sha256=prepared.sha256,
        preset=prepared.plan.preset.name,
        mapping=prepared.mapping(),
        survey_id=survey.id,
        actor_id=actor.id,
        started_at=now,
    )
    session.add(run)
    session.flush()
    audit.record(session, actor.id, "import.start", now=now, entity="import_run", entity_id=run.id)
    return run, survey


def _save(session: Session, report: Report, rejects: list[Reject]) -> None:
    kept = [
        {"import_run_id": report.run_id, **reject._asdict(), "column": reject.column or ""}
        for reject in rejects
    ]
    if kept and report.rejected <= KEPT_REJECTS:
        session.connection().execute(REJECT.insert(), kept)
    _update(session, report)


def _update(session: Session, report: Report, **more: object) -> None:
    counts = {
        "read": report.read,
        "new": report.stored.new,
        "known": report.stored.known,
        "rejected": report.rejected,
    }
    query = sa.update(ImportRun).where(col(ImportRun.id) == report.run_id)
    session.connection().execute(query.values(counts | more))


def _finish(session: Session, report: Report, now: datetime, error: str | None = None) -> None:
    state = "failed" if error else "done"
    more = {"finished_at": now, "state": state, "error": error, "warnings": report.warnings}
    _update(session, report, **more)


def _scored(report: Report, metric: Metric, before: Counts) -> Report:
    low, middle, high = report.stored.bands
    report.before = estimate(metric, before)
    report.after = estimate(metric, before + Counts(high, middle, low))
    return report
