"""Who has failed to sign in too often, and for how long they wait.

An attempt counts before its password is looked at and is forgiven when it was right: a burst of
guesses at the same moment gets no more tries than the same guesses in a row.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address, ip_network

from sqlmodel import Session, col, delete, select

from db.models import SignInFailure
from services import config
from services.access import Refused

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 20


class LockedOut(Refused):
    """Too many failures; `wait` is how long until the next attempt is looked at."""

    def __init__(self, wait: timedelta) -> None:
        minutes = max(1, -(-int(wait.total_seconds()) // 60))
        unit = "minute" if minutes == 1 else "minutes"
        super().__init__(f"Too many attempts. Try again in {minutes} {unit}.")
        self.wait = wait


def account(email_norm: str) -> str:
    """The subject that stands for an account name, known or not."""
    return _subject("account", email_norm)


def address(host: str) -> str:
    """The subject that stands for a network address; of IPv6 for its /64, which one person has."""
    try:
        parsed = ip_address(host.partition("%")[0])
    except ValueError:
        return _subject("address", host)
    if parsed.version == 6:
        mapped = parsed.ipv4_mapped
        host = str(mapped or ip_network((parsed, 64), strict=False))
    return _subject("address", host)


def check(session: Session, subject: str, limit: int, *, now: datetime) -> None:
    """Raise LockedOut when `subject` has failed `limit` times within the window."""
    recent = session.exec(
        select(SignInFailure.at)
        .where(SignInFailure.subject == subject, col(SignInFailure.at) > now - WINDOW)
        .order_by(col(SignInFailure.at).desc())
        .limit(limit)
    ).all()
    if len(recent) == limit:
        raise LockedOut(recent[-1] + WINDOW - now)


def count(session: Session, *subjects: str, now: datetime) -> tuple[int, ...]:
    """Note one failure for each subject, drop those that no longer matter; the ids noted."""
    session.exec(delete(SignInFailure).where(col(SignInFailure.at) <= now - WINDOW))
    rows = [SignInFailure(subject=subject, at=now) for subject in subjects]
    session.add_all(rows)
    session.flush()
    return tuple(row.id for row in rows if row.id is not None)


def forgive(session: Session, *subjects: str, ids: tuple[int, ...] = ()) -> None:
    """Forget every failure of `subjects`, and the single ones named by id."""
    wrong = col(SignInFailure.subject).in_(subjects) | col(SignInFailure.id).in_(ids)
    session.exec(delete(SignInFailure).where(wrong))


def _subject(kind: str, value: str) -> str:
    return hmac.new(config.load().key(), f"{kind}:{value}".encode(), sha256).hexdigest()
