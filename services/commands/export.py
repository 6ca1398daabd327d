"""`export`: rows out of the desk, to stdout or a file."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated

import typer

from db import engine
from services import exporting, questions
from services.access import SHELL
from services.commands import shell
from services.commands.scores import Day, Where
from services.exporting import Form
from services.insights import State
from services.insights.case_filter import KEYS, CaseFilter, View

app = shell.verbs("Rows out of the desk.")


Csv = Annotated[bool, typer.Option("--csv", help="The default.")]
Json = Annotated[bool, typer.Option("--json", help="One object with all rows.")]
Parquet = Annotated[bool, typer.Option("--parquet")]
Out = Annotated[Path | None, typer.Option(help="A file instead of stdout.")]
Only = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="NAME=VALUE",
        help="As the address of the queue says it: view=open, owner=3, q=invoice ...",
    ),
]  # fmt: skip


@app.command()
def responses(
    start: Annotated[datetime | None, Day] = None,
    end: Annotated[datetime | None, Day] = None,
    where: Where = None,
    csv: Csv = False,
    json: Json = False,
    parquet: Parquet = False,
    out: Out = None,
) -> None:
    """Write every response, also those that do not count, with its properties and its state."""
    form, now = _form(out, csv, json, parquet), shell.now()
    with shell.looking() as session:
        asked = questions.asked(
            session, SHELL, where=where or [], start=start and start.date(),
            end=end and end.date(), state=State.ALL, now=now,
        )  # fmt: skip
        plan = exporting.plan(session, SHELL, asked, form, now=now)
    _write(plan, out, now)


@app.command()
def cases(
    where: Only = None, csv: Csv = False, json: Json = False, parquet: Parquet = False,
    out: Out = None,
) -> None:  # fmt: skip
    """Write every case with its tags, answers, notes and what was sent: all, or those of a filter.

    With a filter and no view, those of the tab "All cases".
    """
    form, now = _form(out, csv, json, parquet), shell.now()
    with shell.looking() as session:
        plan = exporting.plan_cases(session, SHELL, _filter(where or []), form, now=now)
    _write(plan, out, now)


def _filter(where: list[str]) -> CaseFilter | None:
    if not where:
        return None
    query: dict[str, list[str]] = {}
    for text in where:
        name, _, value = text.partition("=")
        query.setdefault(name, []).append(value)
    if unknown := query.keys() - {*KEYS}:
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: use {', '.join(KEYS)}")
    filter, notices = CaseFilter.from_query({"view": [View.ANY.value]} | query)
    if notices:
        raise typer.BadParameter(" ".join(notices).replace("The address", "--where"))
    return filter


def _form(out: Path | None, *on: bool) -> Form:
    forms = [form for form, wanted in zip(Form, on, strict=True) if wanted]
    if len(forms) > 1:
        raise typer.BadParameter("choose one of --csv, --json and --parquet")
    form = forms[0] if forms else Form.CSV
    if form is Form.PARQUET and out is None and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is not for a terminal: use --out FILE or a pipe")
    return form


def _write(plan: exporting.Plan, out: Path | None, now: datetime) -> None:
    with engine.transaction() as session:
        noted = exporting.note(session, SHELL, plan, now=now)
    with _opened(out) as file, engine.reading() as session:
        written = exporting.write(session, SHELL, noted, file)
    typer.echo(str(written), err=True)


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Stdout, or a file."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with shell.whole_file(out) as file:
        yield file
