"""What one-time links do: set up the desk with its first admin, or set somebody's password."""

from datetime import datetime

from sqlmodel import Session, col, delete, select, update

from db.engine import bump, turn
from db.models import OneTimeLink, User
from services import audit, lockout, settings
from services.access import Refused
from services.domain.roles import Role
from services.person_fields import checked
from services.sessions import end_all, new_link, token_hash

DEAD_LINK = "This link no longer works: it was used, it is too old, or a newer one was made."


def link(session: Session, token: str, purpose: str, *, now: datetime) -> OneTimeLink:
    """The link under `token` if it still works, else Refused."""
    row = session.exec(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == token_hash(token),
            OneTimeLink.purpose == purpose,
            col(OneTimeLink.used_at).is_(None),
            OneTimeLink.expires_at > now,
        )
    ).first()
    if row is None:
        raise Refused(DEAD_LINK)
    return row


def email_of(session: Session, token: str, *, now: datetime) -> str:
    """The address of the person whose password a link sets."""
    return session.get_one(User, link(session, token, "reset", now=now).user_id).email


def spend(session: Session, token: str, purpose: str, *, now: datetime) -> OneTimeLink:
    """The link under `token`, used up; of two who try at once, one is Refused."""
    row = link(session, token, purpose, now=now)
    won = session.exec(
        update(OneTimeLink)
        .where(col(OneTimeLink.id) == row.id, col(OneTimeLink.used_at).is_(None))
        .values(used_at=now)
    )
    if won.rowcount != 1:
        raise Refused(DEAD_LINK)
    return row


def set_password(session: Session, token: str, password_hash: str, *, now: datetime) -> User:
    """Use up a reset link: the new password holds, and every session of the user ends."""
    turn(session)
    used = spend(session, token, "reset", now=now)
    user = session.get_one(User, used.user_id)
    if user.disabled_at is not None:
        raise Refused(DEAD_LINK)
    user.password_hash = password_hash
    session.add(user)
    lockout.forgive(session, lockout.account(user.email_norm))
    ended = end_all(session, used.user_id or 0)
    audit.record(
        session, user.id, "user.password", now=now, entity="user", entity_id=user.id,
        sessions=ended,
    )  # fmt: skip
    return user


def tried(session: Session, token: str, purpose: str, host: str, *, now: datetime) -> bool:
    """Whether the link works. One that does not counts against `host`: LockedOut after too many."""
    address = lockout.address(host)
    lockout.check(session, address, lockout.PER_ADDRESS, now=now)
    try:
        link(session, token, purpose, now=now)
    except Refused:
        lockout.count(session, address, now=now)
        return False
    return True


def setup_link(session: Session, *, now: datetime) -> str | None:
    """The token of a fresh link to /setup while nobody works here, else None."""
    if is_set_up(session):
        return None
    session.exec(delete(OneTimeLink).where(col(OneTimeLink.purpose) == "setup"))
    return new_link(session, "setup", None, now=now)


def set_up(
    session: Session,
    token: str,
    *,
    name: str,
    email: str,
    password_hash: str,
    desk_name: str,
    reporting_zone: str,
    now: datetime,
) -> User:
    """Use up the setup link: the first admin, the desk's name and its reporting zone."""
    bump(session)  # its row lock lets one setup through at a time, whatever link it came by
    if is_set_up(session):
        raise Refused("This desk is already set up. Sign in instead.")
    spend(session, token, "setup", now=now)
    fields = checked(session, {"name": name, "email": email, "role": Role.ADMIN})
    user = User(**fields, password_hash=password_hash, created_at=now)
    session.add(user)
    session.flush()
    try:
        settings.put(session, "desk_name", desk_name, actor_id=user.id, now=now)
        settings.put(session, "reporting_zone", reporting_zone, actor_id=user.id, now=now)
    except ValueError as error:
        raise Refused(f"{error}.") from None
    audit.record(session, user.id, "desk.setup", now=now, entity="user", entity_id=user.id)
    return user


def is_set_up(session: Session) -> bool:
    """Whether somebody works here."""
    return session.exec(select(User.id).limit(1)).first() is not None
