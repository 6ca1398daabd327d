"""`ledger`: whether what was sent where is still as it was written."""

from typing import Annotated

import typer

from db.engine import one_moment
from services.access import SHELL
from services.commands import shell
from services.commands.shell import AsJson
from services.ledger import verifying, wording

app = shell.verbs("The ledger of what was sent where.")
Number = Annotated[int | None, typer.Option("--case", min=1, help="Only what it has of this case.")]


@app.callback()
def ledger() -> None:
    """The ledger of what was sent where."""


@app.command()
def verify(case: Number = None, as_json: AsJson = False) -> None:
    """Check every row, delivery and attempt; exit 1 names each that is not as it was written."""
    with shell.looking() as session:
        one_moment(session)
        found = verifying.verify(session, SHELL, number=case)
        lines = wording.named(session, found.defects)
    facts = {
        "intact": found.intact, "rows": found.rows, "chains": found.chains, "found": found.found,
        "foreign": found.foreign, "left": found.left, "defects": lines,
    }  # fmt: skip
    shell.answer(as_json, facts, wording.told(found))
    for line in lines:
        typer.echo(shell.printable(line), err=True)
    if not found.intact:
        raise typer.Exit(1)
