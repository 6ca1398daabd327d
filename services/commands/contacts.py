"""`contact`: what the desk holds of one person, as a file; and removing all of it for good."""

from dataclasses import asdict
from typing import Annotated

import typer

from services import contact_export
from services.access import SHELL
from services.commands import shell
from services.commands.shell import AsJson
from services.erasing import erase as erasing
from services.erasing import preview
from services.erasing.theirs import called

app = shell.verbs("What the desk holds of one person.")
Who = Annotated[str, typer.Argument(metavar="WHO", help="Their e-mail address, or their id here.")]


@app.command()
def export(who: Who) -> None:
    """Write everything that is kept of the person to stdout, as one JSON object."""
    with shell.changing() as session:
        text = contact_export.export(session, SHELL, called(session, who), now=shell.now())
    typer.echo(text)


@app.command()
def erase(
    who: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else it is only counted.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what erasing the person removes, or (--yes) remove it. That cannot be undone."""
    with shell.changing() as session:
        contact_id = called(session, who)
        if yes:
            found = erasing.erase(session, SHELL, contact_id, now=shell.now())
        else:
            found = preview.preview(session, SHELL, contact_id)
    told = "is erased" if yes else "would be erased; --yes does it, and cannot be undone"
    lines = [f"Person {contact_id} {told}.", *preview.sentences(found)]
    lines += [f"Remove it there: {one.vendor}, {one.what} {one.remote_id}" for one in found.remote]
    shell.answer(as_json, {"erased": yes, **asdict(found)}, "\n".join(lines))
