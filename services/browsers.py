"""Where people are signed in: anybody's browsers (for admins), one's own, and ending them."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from db.engine import bump, turn
from db.models import UserSession
from services import audit, sessions
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb


@dataclass(frozen=True)
class Browser:
    """A live session as lists show it. `agent` is what the browser says of itself: not trusted."""

    id: int
    agent: str
    created_at: datetime
    last_seen_at: datetime
    here: bool = False


# What user agents contain, the more telling first: Edge also says Chrome, Chrome also says Safari.
PROGRAMS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
NAMES = {"Edg": "Edge", "OPR": "Opera", "Macintosh": "macOS"}


def called(agent: str) -> str:
    """A browser in a few words: "Firefox on Windows"; what is unknown is shown as it is."""
    told = [next((name for name in kind if name in agent), "") for kind in (PROGRAMS, SYSTEMS)]
    if "" in told:
        return " ".join(agent.split())[:60] or "A browser that does not say what it is"
    return " on ".join(NAMES.get(name, name) for name in told)


@permitted(Verb.ADMINISTER)
def of_person(session: Session, actor: Actor, user_id: int, *, now: datetime) -> list[Browser]:
    """The browsers in which a person is signed in, the one seen last first."""
    return _live(session, user_id, now)


@permitted(Verb.ADMINISTER)
def end(session: Session, actor: Actor, session_id: int, *, now: datetime) -> None:
    """Sign anybody out of one browser; one that has ended is nothing."""
    row = session.get(UserSession, session_id)
    if row is not None:
        _end(session, actor, row.user_id, now, only=session_id)


@permitted(Verb.ADMINISTER)
def end_all(session: Session, actor: Actor, user_id: int, *, now: datetime) -> int:
    """Sign a person out everywhere; from how many browsers."""
    return _end(session, actor, user_id, now)


@permitted(Verb.SEE)
def own(session: Session, actor: Actor, *, here: str, now: datetime) -> list[Browser]:
    """One's own browsers; `here` is the token hash of the one in use."""
    return _live(session, _self(actor), now, here)


@permitted(Verb.SEE)
def end_own(session: Session, actor: Actor, session_id: int, *, now: datetime) -> None:
    """Sign oneself out of one browser; somebody else's is left alone."""
    _end(session, actor, _self(actor), now, only=session_id)


@permitted(Verb.SEE)
def end_others(session: Session, actor: Actor, *, here: str, now: datetime) -> int:
    """Sign oneself out everywhere but here; from how many browsers."""
    return _end(session, actor, _self(actor), now, spare=here)


def _self(actor: Actor) -> int:
    if actor.id is None:
        raise Refused("Only a person is signed in in browsers.")
    return actor.id


def _live(session: Session, user_id: int, now: datetime, here: str = "") -> list[Browser]:
    query = select(UserSession).where(
        UserSession.user_id == user_id,
        UserSession.expires_at > now,
        UserSession.last_seen_at > now - sessions.REST,
    )
    rows = session.exec(query.order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id)))
    return [
        Browser(row.id or 0, row.agent, row.created_at, row.last_seen_at, row.token_hash == here)
        for row in rows
    ]


def _end(
    session: Session,
    actor: Actor,
    user_id: int,
    now: datetime,
    *,
    only: int | None = None,
    spare: str = "",
) -> int:
    turn(session)
    which = [col(UserSession.user_id) == user_id, col(UserSession.token_hash) != spare]
    if only is not None:
        which.append(col(UserSession.id) == only)
    ended = session.exec(delete(UserSession).where(*which)).rowcount
    if ended:
        audit.record(
            session, actor.id, "session.revoke", now=now, entity="user", entity_id=user_id,
            sessions=ended,
        )  # fmt: skip
        bump(session)
    return int(ended)
