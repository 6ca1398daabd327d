"""Who works here: add, change, disable and enable people, and hand out their one-time links.

Refusals name nobody: pages show them, and names and addresses are typed by people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, func, select, update

from db.engine import bump, turn
from db.models import Identity, OneTimeLink, Team, User, UserSession, UserUnit
from services import audit, config, sessions
from services.access import Actor, Refused, permitted
from services.domain.roles import Role, Verb
from services.person_fields import away_since, checked

INVITED_FOR = timedelta(days=7)  # a first link waits for somebody who may be away
TAKEN = "Somebody already works here with this address; nothing was changed."


class Fields(TypedDict, total=False):
    """What can be said about a person; what is left out stays as it is."""

    name: str
    email: str
    role: str
    team_id: int | None
    units: Sequence[int]
    time_zone: str | None
    absent_until: datetime | None
    capacity: int | None


def link(token: str) -> str:
    """Where the person sets a password with the `token` of a one-time link."""
    return f"{config.load().base_url}/auth/reset?token={token}"


@dataclass(frozen=True)
class Person:
    """A person as the list of people shows them; `last_seen_at` is of the sessions still kept.

    `elsewhere`: they come in without a password of ours: with an account of another provider, or by
    name in a demo.
    """

    user: User
    team: str | None
    units: tuple[int, ...]
    sessions: int
    last_seen_at: datetime | None
    elsewhere: bool = False

    def state(self, now: datetime) -> str:
        """In one word: disabled, invited (never came in yet), away or active."""
        if self.user.disabled_at is not None:
            return "disabled"
        if self.user.password_hash is None and not self.elsewhere:
            return "invited"
        away = self.user.absent_until is not None and self.user.absent_until > now
        return "away" if away else "active"


@permitted(Verb.ADMINISTER)
def everybody(session: Session, actor: Actor, *, now: datetime) -> list[Person]:
    """All people by name, the disabled last; `sessions` counts those that are live at `now`."""
    live = sa.case((col(UserSession.expires_at) > now, 1))
    query = (
        select(User, Team.name, func.count(live), func.max(UserSession.last_seen_at))
        .outerjoin(Team, col(Team.id) == User.team_id)
        .outerjoin(UserSession, col(UserSession.user_id) == User.id)
        .group_by(col(User.id), col(Team.name))
        .order_by(col(User.disabled_at).is_not(None), func.lower(User.name), col(User.id))
    )
    units: dict[int, list[int]] = {}
    for row in session.exec(select(UserUnit).order_by(col(UserUnit.unit_id))):
        units.setdefault(row.user_id, []).append(row.unit_id)
    known, demo = set(session.exec(select(Identity.user_id))), config.load().loopdesk_demo
    return [
        Person(
            user, team, tuple(units.get(user.id or 0, ())), count, seen, demo or user.id in known
        )
        for user, team, count, seen in session.exec(query)
    ]


@permitted(Verb.ADMINISTER)
def add_user(
    session: Session, actor: Actor, *, now: datetime, **fields: Unpack[Fields]
) -> tuple[User, str]:
    """Add a person (name, email and role are needed); also the token of their first link."""
    if missing := [name for name in ("name", "email", "role") if not fields.get(name)]:
        raise Refused(f"A person needs {' and '.join(missing)}; nobody was added.")
    turn(session)
    values = checked(session, fields)
    units = values.pop("units", [])
    user = User(**values, created_at=now)
    _keep(session, user)
    _set_units(session, user, units)
    token = sessions.reset_link(session, user, now=now)
    _valid_for(session, user, now + INVITED_FOR)
    _note(session, actor, "user.add", user, now, role=user.role, team=user.team_id, units=units)
    return user, token


@permitted(Verb.ADMINISTER)
def change(
    session: Session, actor: Actor, user_id: int, *, now: datetime, **fields: Unpack[Fields]
) -> User:
    """Change what `fields` name; saying what is already so changes and records nothing."""
    user, admins = _locked(session, user_id)
    before = user.model_dump() | {"units": _units(session, user_id)}
    values = checked(session, fields)
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return user
    if "role" in changed:
        _leave_an_admin(user, admins)
    facts = _from_to(before, changed)
    names = sorted(changed.keys() - {"email_norm"})
    if "units" in changed:
        _set_units(session, user, changed.pop("units"))
    if "absent_until" in changed:
        changed["absent_since"] = away_since(user, changed["absent_until"], now)
    user.sqlmodel_update(changed)
    _keep(session, user)
    _note(session, actor, "user.change", user, now, fields=names, **facts)
    return user


@permitted(Verb.ADMINISTER)
def disable(session: Session, actor: Actor, user_id: int, *, now: datetime) -> User:
    """Sign a person out everywhere and let them in no more; what they did stays."""
    if actor.id == user_id:
        raise Refused("Nobody disables themselves: ask another admin. Nothing was changed.")
    user, admins = _locked(session, user_id)
    if user.disabled_at is not None:
        return user
    _leave_an_admin(user, admins)
    user.disabled_at = now
    ended = sessions.end_all(session, user_id)
    _note(session, actor, "user.disable", user, now, sessions=ended)
    return user


@permitted(Verb.ADMINISTER)
def enable(session: Session, actor: Actor, user_id: int, *, now: datetime) -> User:
    """Let a disabled person in again, with the password they had."""
    user, _ = _locked(session, user_id)
    if user.disabled_at is not None:
        sessions.end_all(session, user_id)  # one that began while they were being disabled
        user.disabled_at = None
        _note(session, actor, "user.enable", user, now)
    return user


@permitted(Verb.ADMINISTER)
def reset(session: Session, actor: Actor, user_id: int, *, now: datetime) -> str:
    """The token of a new one-time link to set a password; ends sessions and earlier links."""
    user, _ = _locked(session, user_id)
    if user.disabled_at is not None:
        raise Refused("This person is disabled: enable them first. No link was made.")
    ended = sessions.end_all(session, user_id)
    token = sessions.reset_link(session, user, now=now)
    _note(session, actor, "user.reset", user, now, sessions=ended)
    return token


def _locked(session: Session, user_id: int) -> tuple[User, set[int | None]]:
    """The person and the ids of the admins who may sign in, locked until the end.

    Two changes that would each leave the other's admin as the last one take turns here: the
    second sees what the first did. One statement locks in one order, so nobody waits in a circle.
    """
    turn(session)
    admin = (col(User.role) == Role.ADMIN) & col(User.disabled_at).is_(None)
    query = (
        select(User)
        .where((col(User.id) == user_id) | admin)
        .order_by(col(User.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    rows = {row.id: row for row in session.exec(query)}
    if user_id not in rows:
        raise Refused(f"There is no person {user_id}.")
    admins = {row.id for row in rows.values() if row.role == Role.ADMIN and not row.disabled_at}
    return rows[user_id], admins


def _leave_an_admin(user: User, admins: set[int | None]) -> None:
    if admins == {user.id}:
        raise Refused("This is the last admin: make somebody else admin first; nothing changed.")


def _keep(session: Session, user: User) -> None:
    try:
        with session.begin_nested():
            session.add(user)
    except IntegrityError:
        raise Refused(TAKEN) from None


def _from_to(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What the trail may tell of a change: states and ids, no texts."""
    told = [name for name in ("role", "team_id", "units") if name in after]
    return {name: {"was": before[name], "now": after[name]} for name in told}


def _units(session: Session, user_id: int) -> list[int]:
    query = select(UserUnit.unit_id).where(UserUnit.user_id == user_id)
    return sorted(session.exec(query))


def _set_units(session: Session, user: User, units: Sequence[int]) -> None:
    assert user.id is not None
    session.exec(delete(UserUnit).where(col(UserUnit.user_id) == user.id))
    session.add_all(UserUnit(user_id=user.id, unit_id=unit) for unit in units)


def _valid_for(session: Session, user: User, until: datetime) -> None:
    links = update(OneTimeLink).where(col(OneTimeLink.user_id) == user.id)
    session.exec(links.values(expires_at=until))


def _note(
    session: Session, actor: Actor, verb: str, user: User, now: datetime, **facts: Any
) -> None:
    audit.record(session, actor.id, verb, now=now, entity="user", entity_id=user.id, **facts)
    bump(session)
