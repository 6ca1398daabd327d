"""The shell's door: opens the desk, prints one answer, turns refusals into exit codes.

Exit codes: 0 done, 1 refused or found wrong (the message is on stderr), 2 wrong usage.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from typer.core import TyperGroup

from db import engine
from db.migrate import upgrade
from services import config
from services.access import Forbidden, Refused
from services.worker.ledger import take_over

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else.")]


class Group(TyperGroup):
    """A group of verbs whose refusals end with 1 and words, not with a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader has seen enough
            raise
        except (Refused, Forbidden) as error:
            said = str(error)
        except OSError as error:
            said = f"{error.filename}: {error.strerror}." if error.filename else str(error)
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        except DBAPIError as error:
            said = f"The database refused: {' '.join(str(error.orig).split())}"
        typer.echo(printable(said.strip()), err=True)
        raise typer.Exit(1)


def verbs(words: str) -> typer.Typer:
    """A family of verbs, described by `words`."""
    return typer.Typer(
        cls=Group, help=words, no_args_is_help=True, add_completion=False,
        pretty_exceptions_enable=False, rich_markup_mode=None,
    )  # fmt: skip


def now() -> datetime:
    """The shell's clock."""
    return datetime.now(UTC)


def open_desk() -> None:
    """Make the desk that the environment names this process's database, at its newest version."""
    upgrade(engine.use(config.load().url))
    take_over()


@contextmanager
def changing() -> Iterator[Session]:
    """A transaction on the desk."""
    open_desk()
    with engine.transaction() as session:
        yield session


@contextmanager
def looking() -> Iterator[Session]:
    """A session on the desk that only reads."""
    open_desk()
    with engine.reading() as session:
        yield session


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that only its owner reads and that is there once it is whole and on the disk."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with open(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def answer(as_json: bool, facts: Mapping[str, Any], text: str) -> None:
    """Print `facts` as one JSON object, or `text` for people."""
    typer.echo(json.dumps(facts, default=_plain) if as_json else printable(text))


def table(rows: list[dict[str, Any]], nothing: str) -> str:
    """Rows as aligned columns under their names; `nothing` says that there are none."""
    if not rows:
        return nothing
    cells = [list(rows[0])] + [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return " ".join(str(value).split())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
