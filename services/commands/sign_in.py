"""`sign-in`: by which provider of identities people come in."""

import json
import sys
from typing import Annotated, Any

import typer

from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.provider import Provider
from services.sign_in import configuring

app = shell.verbs("Signing in with an account of another provider (OpenID Connect).")
LISTS, FLAGS = ("domains",), ("makes_people", "trusts_email", "passwords_off")
SECRET = "client_secret"
FIELDS = (*Provider.__dataclass_fields__, SECRET)


@app.command()
def show(as_json: AsJson = False) -> None:
    """What was entered; the secret is not shown."""
    with shell.looking() as session:
        found = configuring.standing(session, SHELL)
    kept = found.provider.to_json() if found.provider else {}
    facts = {"on": bool(kept), "people": found.people, "secret_kept": bool(found.secret), **kept}
    rows = [{"field": name, "value": _text(value)} for name, value in facts.items()]
    shell.answer(as_json, facts, shell.table(rows, ""))


@app.command("set")
def set_(
    field: Annotated[list[str], typer.Argument(help="FIELD=VALUE ...; FIELD=- reads stdin.")],
    as_json: AsJson = False,
) -> None:
    """Enter a provider, or change what was entered; what is not named stays as it is."""
    entered = dict(_pair(each) for each in field)
    if wrong := set(entered) - set(FIELDS):
        raise Refused(f"There is no field {sorted(wrong)[0]!r}; there are {', '.join(FIELDS)}.")
    with shell.changing() as session:
        found = configuring.standing(session, SHELL)
        kept = found.provider.to_json() if found.provider else {}
        whole = kept | {SECRET: found.secret} | entered
        known = configuring.keep(session, SHELL, whole, now=shell.now())
    shell.answer(as_json, known.to_json(), f"People can sign in by {known.issuer}.")


@app.command()
def test(as_json: AsJson = False) -> None:
    """Ask the provider whether it knows this desk; nobody is signed in."""
    with shell.looking() as session:
        talk = configuring.talk(session)
    said = talk.check()
    shell.answer(as_json, {"ok": True, "said": said}, said)


@app.command()
def off(as_json: AsJson = False) -> None:
    """Let nobody in by a provider any more: passwords work again."""
    with shell.changing() as session:
        configuring.forget(session, SHELL, now=shell.now())
    shell.answer(as_json, {"on": False}, "People sign in with a password.")


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"{text!r}: write FIELD=VALUE")
    value = sys.stdin.read().strip() if value == "-" else value
    if name in FLAGS:
        return name, _flag(name, value)
    if name == "roles":
        return name, _roles(value)
    if name == "team_id":
        return name, int(value) if value.isdecimal() else None
    return name, value.replace(",", " ").split() if name in LISTS else value


def _flag(name: str, value: str) -> bool:
    if value not in ("yes", "no"):
        raise typer.BadParameter(f"{name} is yes or no")
    return value == "yes"


def _roles(value: str) -> dict[str, str]:
    try:
        return dict(json.loads(value or "{}"))
    except (TypeError, ValueError):
        raise typer.BadParameter('roles is JSON such as {"Leads": "manager"}') from None


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list | bool) else str(value)
