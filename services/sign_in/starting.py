"""Going to the provider and coming back: once, in the same browser, within ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select

from db.models import SignInStart
from services.sessions import fresh_token, token_hash

WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Start:
    """A browser on its way; `path` is where it wanted to go."""

    state: str
    nonce: str
    verifier: str
    path: str


def begin(session: Session, browser: str, path: str, *, now: datetime) -> Start:
    """Note that this browser goes to the provider; those that never came back are forgotten."""
    session.exec(delete(SignInStart).where(col(SignInStart.expires_at) <= now))
    start = Start(fresh_token(), fresh_token(), fresh_token(), path)
    session.add(
        SignInStart(
            state_hash=token_hash(start.state), browser_hash=token_hash(browser),
            nonce=start.nonce, verifier=start.verifier, path=path, expires_at=now + WITHIN,
        )
    )  # fmt: skip
    session.flush()
    return start


def taken(session: Session, browser: str, state: str, *, now: datetime) -> Start | None:
    """The start that comes back under `state`, used up; None if this browser has none."""
    mine = (
        SignInStart.state_hash == token_hash(state),
        SignInStart.browser_hash == token_hash(browser),
        col(SignInStart.expires_at) > now,
    )
    row = session.exec(select(SignInStart).where(*mine)).first()
    if row is None:
        return None
    start = Start(state, row.nonce, row.verifier, row.path)
    # Of two that come back with it at the same moment, one deletes it.
    gone = session.exec(delete(SignInStart).where(col(SignInStart.id) == row.id))
    return start if gone.rowcount == 1 else None
