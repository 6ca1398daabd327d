"""`vendor`: connect, test and list vendors from the shell."""

import sys
from typing import Annotated

import typer

from services import integrations
from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.vendors import KNOWN

app = shell.verbs("Vendors that cases and replies go to.")
Name = Annotated[str, typer.Argument(help=f"One of {', '.join(KNOWN)}.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the vendors: connected or not, paused, their last error, what is owed."""
    with shell.looking() as session:
        found = integrations.connections(session, SHELL)
    rows = [
        {
            "name": each.name, "connected": each.row is not None,
            "paused": bool(each.row and each.row.paused_at),
            "reconnect": bool(each.row and each.row.broken_at),
            "last_error": (each.row and each.row.last_error) or "", **each.counts,
        }
        for each in found
    ]  # fmt: skip
    short = [{key: row.get(key, "") for key in ("name", "connected", "paused", "reconnect",
             "last_error")} for row in rows]  # fmt: skip
    shell.answer(as_json, {"vendors": rows}, shell.table(short, "There are no vendors."))


@app.command("set")
def set_(
    name: Name,
    field: Annotated[list[str], typer.Argument(help="FIELD=VALUE ...; FIELD=- reads stdin.")],
    as_json: AsJson = False,
) -> None:
    """Connect a vendor, or change what was entered; what is not named stays as it is."""
    entered = dict(_pair(each) for each in field)
    with shell.changing() as session:
        known = {each.name: each for each in integrations.connections(session, SHELL)}
        if name not in known:
            raise Refused(f"There is no vendor {name!r}.")
        fields = {each.name for each in known[name].fields}
        if wrong := set(entered) - fields:
            raise Refused(f"{name} has no field {sorted(wrong)[0]!r}; it has {', '.join(fields)}.")
        whole = dict(known[name].entered) | entered
        made = integrations.connect(session, SHELL, name, whole, now=shell.now())
    said = [
        f"{name} is connected.",
        *(f"{key}, shown this once: {text}" for key, text in made.items()),
    ]
    shell.answer(as_json, {"name": name, "connected": True, **made}, "\n".join(said))


@app.command()
def test(name: Name, as_json: AsJson = False) -> None:
    """Ask a connected vendor who we are; nothing is sent to anybody."""
    with shell.looking() as session:
        known = {each.name: each for each in integrations.connections(session, SHELL)}
        if name not in known:
            raise Refused(f"There is no vendor {name!r}.")
        vendor = integrations.tried(session, SHELL, name, known[name].entered)
    fine, said = integrations.answer_of(vendor)
    if not fine:
        raise Refused(f"{name}: {said}")
    shell.answer(as_json, {"name": name, "ok": True, "said": said}, said)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r}: write FIELD=VALUE")
    return name, sys.stdin.read().strip() if value == "-" else value
