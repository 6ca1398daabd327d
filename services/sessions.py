"""Being signed in: attempts, sessions, and one-time links (what those do is in `services.links`).

A session lasts 14 days at most and ends after 12 hours of rest. Of tokens only the SHA-256 is
kept: they are 256 random bits, so nothing slower is needed.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlmodel import Session, col, delete, func, select, update

from db.models import OneTimeLink, Team, User, UserSession
from services import audit, lockout
from services.access import Refused
from services.domain.roles import Role
from services.person_fields import norm

LIFE = timedelta(days=14)
REST = timedelta(hours=12)
LINK_LIFE = timedelta(hours=24)
SEEN_EVERY = timedelta(minutes=5)  # how exact `last_seen_at` is, to keep reads from writing
WRONG = "This e-mail address and password do not match."


@dataclass(frozen=True)
class Live:
    """A session that may be used, and whose it is."""

    session: UserSession
    user: User


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way: counted as a failure until `sign_in` says otherwise."""

    user_id: int | None
    password_hash: str | None
    account: str
    counted: tuple[int, ...]


def fresh_token() -> str:
    """256 random bits, safe in a URL and a cookie."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode()).hexdigest()


def look_up(session: Session, hashed: str, *, now: datetime) -> Live | None:
    """The live session under this token hash; None once it ended or its user was disabled."""
    found = session.exec(
        select(UserSession, User)
        .join(User, col(User.id) == UserSession.user_id)
        .where(UserSession.token_hash == hashed)
    ).first()
    if found is None:
        return None
    row, user = found
    ended = row.expires_at <= now or row.last_seen_at + REST <= now
    return None if ended or user.disabled_at is not None else Live(row, user)


def live(session: Session, *, now: datetime) -> int:
    """How many sessions `look_up` lets in."""
    query = (
        select(func.count()).select_from(UserSession)
        .join(User, col(User.id) == UserSession.user_id)
        .where(
            col(UserSession.expires_at) > now, col(UserSession.last_seen_at) > now - REST,
            col(User.disabled_at).is_(None),
        )
    )  # fmt: skip
    return session.exec(query).one()


def seen(session: Session, hashed: str, *, now: datetime) -> None:
    """Note that the session is in use, so that its rest begins again."""
    session.exec(
        update(UserSession)
        .where(col(UserSession.token_hash) == hashed, col(UserSession.last_seen_at) < now)
        .values(last_seen_at=now)
    )


def attempt(session: Session, email: str, host: str, *, now: datetime) -> Attempt:
    """Begin a sign-in from `host`; LockedOut when there were too many. Commit before the check."""
    account, address = lockout.account(norm(email)), lockout.address(host)
    # Attempts on one account take turns here, so that each sees those before it.
    query = select(User).where(User.email_norm == norm(email)).with_for_update(key_share=True)
    user = session.exec(query).first()
    lockout.check(session, address, lockout.PER_ADDRESS, now=now)
    lockout.check(session, account, lockout.PER_ACCOUNT, now=now)
    counted = lockout.count(session, account, address, now=now)
    if user is None or user.disabled_at is not None:
        return Attempt(None, None, account, counted)
    return Attempt(user.id, user.password_hash, account, counted)


def sign_in(
    session: Session, tried: Attempt, *, now: datetime, agent: str = "", rehash: str | None = None
) -> str:
    """End an attempt whose password was right: the token of a new session."""
    assert tried.user_id is not None
    lockout.forgive(session, tried.account, ids=tried.counted)
    if rehash is not None:
        session.exec(
            update(User)
            .where(col(User.id) == tried.user_id, col(User.password_hash) == tried.password_hash)
            .values(password_hash=rehash)
        )
    return begin(session, tried.user_id, now=now, agent=agent)


def begin(session: Session, user_id: int, *, now: datetime, agent: str = "") -> str:
    """A new session of the user; returns its token, which nobody can read again."""
    # Locked, so that disabling the user either sees this session or is seen here.
    query = select(User).where(User.id == user_id).with_for_update(key_share=True)
    user = session.exec(query.execution_options(populate_existing=True)).first()
    if user is None or user.disabled_at is not None:
        raise Refused("This person cannot sign in.")
    over = (col(UserSession.expires_at) <= now) | (col(UserSession.last_seen_at) <= now - REST)
    session.exec(delete(UserSession).where(col(UserSession.user_id) == user_id, over))
    token = fresh_token()
    row = UserSession(
        token_hash=token_hash(token), csrf=fresh_token(), user_id=user_id, created_at=now,
        expires_at=now + LIFE, last_seen_at=now, agent=agent[:200],
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, user_id, "session.begin", now=now, entity="session", entity_id=row.id)
    return token


def end(session: Session, hashed: str, *, now: datetime) -> None:
    """Sign out; ending what has ended is nothing."""
    row = session.exec(select(UserSession).where(UserSession.token_hash == hashed)).first()
    if row is None:
        return
    session.delete(row)
    audit.record(session, row.user_id, "session.end", now=now, entity="session", entity_id=row.id)


def end_all(session: Session, user_id: int) -> int:
    """Sign the user out everywhere; how many sessions that ended."""
    gone = session.exec(delete(UserSession).where(col(UserSession.user_id) == user_id))
    return int(gone.rowcount)


def people_to_be(session: Session) -> list[tuple[User, str]]:
    """Whom a visitor of the demo may be: everybody, with the name of their team."""
    query = (
        select(User, Team.name)
        .outerjoin(Team, col(Team.id) == User.team_id)
        .where(col(User.disabled_at).is_(None))
        .order_by(User.name)
    )
    found = [(user, team or "") for user, team in session.exec(query)]
    return sorted(found, key=lambda pair: list(Role).index(Role(pair[0].role)))


def reset_link(session: Session, user: User, *, now: datetime) -> str:
    """The token of a one-time link to set the user's password; earlier ones stop working."""
    session.exec(
        delete(OneTimeLink).where(
            col(OneTimeLink.user_id) == user.id, col(OneTimeLink.used_at).is_(None)
        )
    )
    return new_link(session, "reset", user.id, now=now)


def new_link(session: Session, purpose: str, user_id: int | None, *, now: datetime) -> str:
    """The token of a new one-time link."""
    token = fresh_token()
    session.add(
        OneTimeLink(
            token_hash=token_hash(token), purpose=purpose, user_id=user_id,
            expires_at=now + LINK_LIFE,
        )
    )  # fmt: skip
    session.flush()
    return token
