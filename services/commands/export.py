"""`export`: rows out of the desk, to stdout or a file."""

import os
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

app = shell.verbs("Rows out of the desk.")


@app.command()
def responses(
    start: Annotated[datetime | None, Day] = None,
    end: Annotated[datetime | None, Day] = None,
    where: Where = None,
    csv: Annotated[bool, typer.Option("--csv", help="The default.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One object with all rows.")] = False,
    parquet: Annotated[bool, typer.Option("--parquet")] = False,
    out: Annotated[Path | None, typer.Option(help="A file instead of stdout.")] = None,
) -> None:
    """Write every response, also those that do not count, with its properties and its state."""
    forms = [form for form, on in zip(Form, (csv, json, parquet), strict=True) if on]
    if len(forms) > 1:
        raise typer.BadParameter("choose one of --csv, --json and --parquet")
    form = forms[0] if forms else Form.CSV
    if form is Form.PARQUET and out is None and sys.stdout.isatty():
        raise typer.BadParameter("Parquet is not for a terminal: use --out FILE or a pipe")
    now = shell.now()
    with shell.looking() as session:
        asked = questions.asked(
            session, SHELL, where=where or [], start=start and start.date(),
            end=end and end.date(), state=State.ALL, now=now,
        )  # fmt: skip
        plan = exporting.plan(session, SHELL, asked, form, now=now)
    with engine.transaction() as session:
        noted = exporting.note(session, SHELL, plan, now=now)
    with _opened(out) as file, engine.reading() as session:
        n = exporting.write(session, SHELL, noted, file)
    typer.echo(f"{n} of {plan.total} rows", err=True)


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """Stdout, or a file that only its owner reads and that is there once it is whole."""
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    part = out.with_name(f"{out.name}.part")
    try:
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
