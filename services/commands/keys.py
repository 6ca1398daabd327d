"""`key`: add, list and revoke API keys from the shell."""

from typing import Annotated, Any

import typer
from sqlmodel import Session

from db.models import ApiKey
from services import keys
from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson

app = shell.verbs("Keys of the programs that use the API.")
SCOPES = f"{'; '.join(f'{scope}: {words}' for scope, words in keys.WORDS.items())}. Repeatable."


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[list[str], typer.Option(help=SCOPES)],
    as_json: AsJson = False,
) -> None:
    """Make a key and print its secret, which is shown this once."""
    with shell.changing() as session:
        key, secret = keys.add_key(session, SHELL, name=name, scopes=scope, now=shell.now())
    may = ", ".join(keys.WORDS[given] for given in key.scopes)
    text = f"Key {key.id}: {may}. It is shown this once:\n{secret}"
    shell.answer(as_json, _row(key) | {"key": secret}, text)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all keys, with when each was used last."""
    with shell.looking() as session:
        rows = [_row(key) | {"made_by": name} for key, name in keys.all_keys(session, SHELL)]
    kept = ("id", "name", "prefix", "scopes", "last_used_at", "revoked_at")
    short = [{column: row[column] for column in kept} for row in rows]
    shell.answer(as_json, {"keys": rows}, shell.table(short, "There are no keys."))


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="KEY", help="Prefix or id.")],
    as_json: AsJson = False,
) -> None:
    """Let a key in no more."""
    with shell.changing() as session:
        key = keys.revoke(session, SHELL, _key(session, which), now=shell.now())
    shell.answer(as_json, _row(key), f"Key {key.id} ({key.prefix}) is revoked.")


def _key(session: Session, which: str) -> int:
    prefix = which.removeprefix("ld_").partition("_")[0]
    for key, _ in keys.all_keys(session, SHELL):
        if key.prefix == prefix or str(key.id) == which:
            return key.id or 0
    raise Refused(f"There is no key {prefix!r}.")


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
