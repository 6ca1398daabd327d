"""`user`: add, list, disable, enable and reset people from the shell."""

from datetime import datetime
from typing import Annotated, Any

import typer
from sqlmodel import Session

from db.models import User
from services import people, sessions, teams
from services.access import SHELL, Refused
from services.commands import shell
from services.commands.shell import AsJson
from services.domain.roles import Role
from services.person_fields import norm

app = shell.verbs("Who works here.")
Who = Annotated[str, typer.Argument(metavar="WHO", help="E-mail address or id.")]


@app.command()
def add(
    email: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option()],
    team: Annotated[str | None, typer.Option(help="Name of a team.")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="Name of a unit; may be repeated.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, such as Europe/Berlin.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a person and print the one-time link by which they set a password."""
    now = shell.now()
    with shell.changing() as session:
        user, token = people.add_user(
            session, SHELL, name=name, email=email, role=role, time_zone=zone, now=now,
            team_id=_team(session, team), units=[_unit(session, each) for each in unit or []],
        )  # fmt: skip
    _link(as_json, user, token, now + people.INVITED_FOR)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List everybody, with when they were seen last."""
    with shell.looking() as session:
        names = {unit.id: unit.name for unit, _, _ in teams.all_units(session, SHELL)}
        found = people.everybody(session, SHELL, now=shell.now())
    rows = [_row(person, names) for person in found]
    kept = ("id", "name", "email", "role", "team", "last_seen_at", "disabled_at")
    short = [{key: row[key] for key in kept} for row in rows]
    shell.answer(as_json, {"users": rows}, shell.table(short, "Nobody works here yet."))


@app.command()
def disable(who: Who, as_json: AsJson = False) -> None:
    """Sign a person out everywhere and let them in no more."""
    with shell.changing() as session:
        user = people.disable(session, SHELL, _person(session, who), now=shell.now())
    _state(as_json, user, "is disabled; every session has ended.")


@app.command()
def enable(who: Who, as_json: AsJson = False) -> None:
    """Let a disabled person in again."""
    with shell.changing() as session:
        user = people.enable(session, SHELL, _person(session, who), now=shell.now())
    _state(as_json, user, "can sign in again.")


@app.command()
def reset(who: Who, as_json: AsJson = False) -> None:
    """Print a one-time link to set a new password; sessions and earlier links end."""
    now = shell.now()
    with shell.changing() as session:
        user_id = _person(session, who)
        token = people.reset(session, SHELL, user_id, now=now)
        user = session.get_one(User, user_id)
    _link(as_json, user, token, now + sessions.LINK_LIFE)


def _person(session: Session, who: str) -> int:
    for person in people.everybody(session, SHELL, now=shell.now()):
        if who == str(person.user.id) or norm(who) == person.user.email_norm:
            return person.user.id or 0
    raise Refused(f"Nobody here is {who!r}.")


def _team(session: Session, name: str | None) -> int | None:
    for team, _, _ in teams.all_teams(session, SHELL):
        if team.name == name:
            return team.id
    if name is not None:
        raise Refused(f"There is no team {name!r}.")
    return None


def _unit(session: Session, name: str) -> int:
    for unit, _, _ in teams.all_units(session, SHELL):
        if unit.name == name:
            return unit.id or 0
    raise Refused(f"There is no unit {name!r}.")


def _row(person: people.Person, units: dict[int | None, str]) -> dict[str, Any]:
    user = person.user
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "team": person.team,
        "units": [units[unit] for unit in person.units],
        "time_zone": user.time_zone,
        "absent_until": user.absent_until,
        "capacity": user.capacity,
        "last_seen_at": person.last_seen_at,
        "disabled_at": user.disabled_at,
    }


def _state(as_json: bool, user: User, said: str) -> None:
    facts = {"id": user.id, "email": user.email, "disabled_at": user.disabled_at}
    shell.answer(as_json, facts, f"{user.email} {said}")


def _link(as_json: bool, user: User, token: str, until: datetime) -> None:
    address = people.link(token)
    facts = {
        "id": user.id,
        "email": user.email,
        "role": user.role,
        "link": address,
        "expires_at": until,
    }
    text = f"{user.email} sets a password here, once, until {until:%Y-%m-%d %H:%M} UTC:\n{address}"
    shell.answer(as_json, facts, text)
