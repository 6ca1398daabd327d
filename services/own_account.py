"""What people may change about themselves: name, time zone, absence, capacity, password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, update

from db.engine import bump, turn
from db.models import OneTimeLink, User, UserSession
from services import audit, lockout, passwords
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.person_fields import away_since, checked


@dataclass(frozen=True)
class Attempt:
    """A change of password under way: counted as a failure until the current one was right."""

    user_id: int
    email: str
    kept: str | None
    subject: str


@permitted(Verb.SEE)
def me(session: Session, actor: Actor) -> User:
    """One's own row."""
    user = None if actor.id is None else session.get(User, actor.id)
    if user is None:
        raise Refused("Only a person has an account.")
    return user


@permitted(Verb.SEE)
def change_own(
    session: Session, actor: Actor, *, name: str, time_zone: str | None, now: datetime
) -> bool:
    """Change one's own name and time zone; False when both are so already."""
    return _change(session, actor, {"name": name, "time_zone": time_zone}, now)


@permitted(Verb.SEE)
def change_work(
    session: Session, actor: Actor, *, absent_until: datetime | None, capacity: int | None,
    now: datetime,
) -> bool:  # fmt: skip
    """Say that one is away, and how many open cases one can have; False when both are so already.

    It decides which cases the desk gives to one, and which it takes back.
    """
    return _change(session, actor, {"absent_until": absent_until, "capacity": capacity}, now)


def _change(session: Session, actor: Actor, fields: dict[str, Any], now: datetime) -> bool:
    user = me(session, actor)
    values = checked(session, fields)
    changed = sorted(field for field, value in values.items() if getattr(user, field) != value)
    if not changed:
        return False
    turn(session)
    if "absent_until" in changed:
        values["absent_since"] = away_since(user, values["absent_until"], now)
    user.sqlmodel_update(values)
    session.add(user)
    audit.record(
        session, actor.id, "user.change", now=now, entity="user", entity_id=user.id, fields=changed
    )
    bump(session)
    return True


@permitted(Verb.SEE)
def attempt(session: Session, actor: Actor, *, now: datetime) -> Attempt:
    """Begin a change of password; LockedOut after too many. Commit before the check."""
    user = me(session, actor)
    subject = lockout.account(f"own password of {actor.id}")
    lockout.check(session, subject, lockout.PER_ACCOUNT, now=now)
    lockout.count(session, subject, now=now)
    return Attempt(user.id or 0, user.email, user.password_hash, subject)


@permitted(Verb.SEE)
def change_password(
    session: Session,
    actor: Actor,
    tried: Attempt,
    *,
    current: str,
    new: str,
    here: str,
    now: datetime,
) -> int:
    """Set another password; every session but `here` (a token hash) ends: how many did.

    The hashes are made before the first statement, so that no other writer waits for them.
    """
    if not passwords.right(tried.kept, current):
        raise Refused("This is not your current password; nothing was changed.")
    passwords.check(new, tried.email)
    hashed = passwords.hashed(new)
    turn(session)
    won = session.exec(
        update(User)
        .where(col(User.id) == tried.user_id, col(User.password_hash) == tried.kept)
        .values(password_hash=hashed)
    )
    if tried.user_id != actor.id or won.rowcount != 1:
        raise Refused("The password was changed meanwhile; nothing was changed now.")
    lockout.forgive(session, tried.subject)
    return _end_what_it_opened(session, actor, here, now)


def _end_what_it_opened(session: Session, actor: Actor, here: str, now: datetime) -> int:
    """The old password's other sessions and links end, whoever holds them."""
    mine, others = col(UserSession.user_id) == actor.id, col(UserSession.token_hash) != here
    ended = int(session.exec(delete(UserSession).where(mine, others)).rowcount)
    unused = col(OneTimeLink.used_at).is_(None)
    session.exec(delete(OneTimeLink).where(col(OneTimeLink.user_id) == actor.id, unused))
    audit.record(
        session, actor.id, "user.password", now=now, entity="user", entity_id=actor.id,
        sessions=ended,
    )  # fmt: skip
    bump(session)
    return ended
