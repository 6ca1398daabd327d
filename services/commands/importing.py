"""`import` and `import-accounts`: files into the desk, checked first if wanted."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from db import engine
from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.scores import Direction, Estimate, Metric, show
from services.importing import account_run, run
from services.importing.answers import Reject
from services.importing.dates import AmbiguousDates
from services.importing.planning import Choices
from services.importing.request import Prepared, prepare


class Order(StrEnum):
    """In which order day, month and year of a date stand."""

    DMY = "dmy"
    MDY = "mdy"
    YMD = "ymd"


SHOWN = 20  # rejected rows that people see; --json has them all

Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Which column holds a field; repeat it."),
]
Dates = Annotated[
    Order | None, typer.Option("--dates", metavar="dmy|mdy|ymd", help="Order of day and month.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen; write nothing.")]
File = Annotated[Path, typer.Argument(metavar="FILE")]
Day = typer.Option(formats=["%Y-%m-%d"], metavar="DATE")


def import_responses(
    file: File,
    preset: Annotated[str, typer.Option(metavar="auto|delighted|wootric|generic")] = "auto",
    maps: Map = None,
    metric: Annotated[Metric | None, typer.Option()] = None,
    scale: Annotated[str | None, typer.Option(metavar="0-10|1-10|1-5|1-7")] = None,
    direction: Annotated[Direction | None, typer.Option()] = None,
    survey: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    dates: Dates = None,
    answered_on: Annotated[datetime | None, Day] = None,
    open_cases_since: Annotated[datetime | None, Day] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import answers; importing the same file again changes nothing."""
    choices = Choices(
        preset, tuple(maps or ()), metric, scale, direction,
        order=dates and dates.value, answered_on=answered_on and answered_on.date(),
    )  # fmt: skip
    now = shell.now()
    with shell.looking() as session:
        since = open_cases_since and open_cases_since.date()
        ready = asked(
            lambda: prepare(session, file, choices, now=now, survey=survey, open_cases_since=since)
        )
        if dry_run:
            report = run.dry_run(session, SHELL, ready, now, _progress)
    if not dry_run:
        report = run.import_file(engine.transaction, SHELL, ready, now, _progress)
    shell.answer(as_json, facts(report), _text(report, ready, dry_run))
    _all_refused(report.read, report.stored.new + report.stored.known)


def import_accounts(
    file: File,
    maps: Map = None,
    dates: Dates = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import accounts: new ones are made, known ones are brought up to date."""
    ready = asked(
        lambda: account_run.prepare_accounts(file, tuple(maps or ()), dates and dates.value)
    )
    if dry_run:
        with shell.looking() as session:
            report = account_run.check_accounts(session, SHELL, ready)
    else:
        with shell.changing() as session:
            report = account_run.import_accounts(session, SHELL, ready, shell.now())
    counts = {"read": report.read, "new": report.new, "updated": report.updated}
    told = counts | {"rejected": rejected(report.rejects), "warnings": report.warnings}
    lines = [f"{'Would take' if dry_run else 'Took'} {report.read:,} accounts: {report.new:,} new, "
             f"{report.updated:,} brought up to date, {report.same:,} as they were."]  # fmt: skip
    shell.answer(as_json, told, "\n".join([*lines, *report.warnings, *_rejects(report.rejects)]))
    _all_refused(report.read, report.new + report.updated + report.same)


def _all_refused(read: int, taken: int) -> None:
    """End with 1 if there were records and not one of them is good."""
    if read and not taken:
        typer.echo(f"Every one of the {read:,} records was rejected.", err=True)
        raise typer.Exit(1)


def asked(work: Callable[[], Any]) -> Any:
    """Do `work`; a date order that only a person knows becomes a refusal that names the option."""
    try:
        return work()
    except AmbiguousDates as error:
        raise Refused(f"{error} Use --dates {'|'.join(error.orders)}.") from None


def facts(report: run.Report) -> dict[str, Any]:
    """The report as contracts promise it to scripts."""
    low, middle, high = report.stored.bands
    return {
        "read": report.read,
        "new": report.stored.new,
        "known": report.stored.known,
        "cases": report.stored.cases,
        "rejected": rejected(report.rejects),
        "warnings": report.warnings,
        "bands": {"detractor": low, "passive": middle, "promoter": high},
        "score_before": _estimate(report.before),
        "score_after": _estimate(report.after),
        "survey": report.survey,
        "preset": report.preset,
    }


def rejected(rejects: list[Reject]) -> list[dict[str, Any]]:
    """Each row that was not taken, and why."""
    kept = ("record", "line", "column", "value", "reason")
    return [{name: getattr(reject, name) for name in kept} for reject in rejects]


def _estimate(found: Estimate | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"score": found.value, "low": found.low, "high": found.high, "n": found.n}


def _progress(read: int) -> None:
    if read % 100_000 < 50_000 and read >= 100_000:
        typer.echo(f"{read:,} records read", err=True)


def _text(report: run.Report, ready: Prepared, dry: bool) -> str:
    low, middle, high = report.stored.bands
    columns = ", ".join(f"{name} = {column}" for name, column in ready.mapping()["columns"].items())
    lines = [
        f"{'Dry run: would import' if dry else 'Imported'} into {report.survey} "
        f"({report.preset}; {columns}).",
        f"{report.read:,} records read: {report.stored.new:,} new, {report.stored.known:,} known, "
        f"{report.rejected:,} rejected. New: {high:,} promoters, {middle:,} passives, "
        f"{low:,} detractors; {report.stored.cases:,} cases{' would open' if dry else ' opened'}.",
    ]
    if report.before and report.after:
        lines.append(f"Score before {_said(report.before)}, after {_said(report.after)}.")
    return "\n".join([*lines, *report.warnings, *_rejects(report.rejects)])


def _said(found: Estimate) -> str:
    if found.value is None or found.low is None or found.high is None:
        return "none (n 0)"
    return f"{show(found.value)} ({show(found.low)} to {show(found.high)}, n {found.n:,})"


def _rejects(rejects: list[Reject]) -> list[str]:
    lines = [
        f"  record {each.record} (line {each.line}): {each.reason}"
        + (f" [{each.column}: {each.value!r}]" if each.column else "")
        for each in rejects[:SHOWN]
    ]
    more = len(rejects) - SHOWN
    return lines + ([f"  and {more:,} more: use --json for all of them"] if more > 0 else [])
