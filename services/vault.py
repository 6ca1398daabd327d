"""Secrets at rest: encrypted with the desk's own key (Fernet), never shown, never logged."""

import base64
import hashlib
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from sqlmodel import Session, col, select

from db.models import Secret
from services import config


class Locked(Exception):
    """A secret was kept under another key than the desk has now."""


def put(session: Session, name: str, text: str, *, actor_id: int | None, now: datetime) -> None:
    """Keep `text` under `name`, in place of what was kept there."""
    kept = Secret(
        name=name, ciphertext=_lock().encrypt(text.encode()), updated_at=now, updated_by=actor_id
    )
    session.merge(kept)
    session.flush()


def names(session: Session, family: str) -> list[str]:
    """Which secrets `family.*` are kept, by the rest of their names."""
    query = select(Secret.name).where(col(Secret.name).startswith(f"{family}.", autoescape=True))
    return [name.removeprefix(f"{family}.") for name in session.exec(query)]


def of(session: Session, family: str) -> dict[str, str]:
    """The secrets `family.*`, by the rest of their names. `Locked` if the key is another one."""
    query = select(Secret).where(col(Secret.name).startswith(f"{family}.", autoescape=True))
    lock = _lock()
    try:
        return {
            kept.name.removeprefix(f"{family}."): lock.decrypt(kept.ciphertext).decode()
            for kept in session.exec(query)
        }
    except InvalidToken:
        raise Locked("LOOPDESK_KEY is not the one that the secrets were kept with") from None


def locked(session: Session) -> int:
    """How many secrets were kept under another key than the desk has now."""
    lock, n = _lock(), 0
    for text in session.exec(select(Secret.ciphertext)):
        try:
            lock.decrypt(text)
        except InvalidToken:
            n += 1
    return n


def forget(session: Session, family: str) -> None:
    """Remove the secrets `family.*`."""
    query = select(Secret).where(col(Secret.name).startswith(f"{family}.", autoescape=True))
    for kept in session.exec(query):
        session.delete(kept)
    session.flush()


def _lock() -> Fernet:
    # One use, one key: what encrypts is never what signs.
    key = hashlib.sha256(b"loopdesk secrets\0" + config.load().key()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
