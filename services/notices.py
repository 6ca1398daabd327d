"""What people here want to hear of, and how: at once or once a day, by Slack or by mail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import insert_ignore
from db.models import Notice, User
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb

KINDS = {
    "assigned": "A case was assigned to me",
    "due": "A promise on my case is due soon",
    "breached": "A promise on my case, or one that I lead, was not kept",
    "escalated": "A broken promise that nobody took up was passed on to me",
    "returned": "A case of mine, or of a team that I lead, went back to its team",
    "answered": "A customer answered on my case",
    "synced": "A case of mine was solved elsewhere, or both sides changed it",
    "failed": "A message of mine could not be delivered",
    "rule": "A rule tells me of an answer",
    "vendor": "A vendor takes no messages (admins)",
}
WAYS = {"off": "Not at all", "email": "By mail", "slack": "By Slack"}
RHYTHMS = {"now": "At once", "daily": "Once a day"}
DEFAULT: Mapping[str, Any] = {"way": "off", "when": "now", "hour": 8, "kinds": list(KINDS)}
TABLE: sa.Table = Notice.__table__  # type: ignore[attr-defined]


def wishes(user: User) -> dict[str, Any]:
    """What this person chose, completed."""
    return dict(DEFAULT) | (user.notify or {})


def wants(user: User, kind: str) -> bool:
    """Whether this person hears of what is of this kind."""
    wanted = wishes(user)
    return user.disabled_at is None and wanted["way"] != "off" and kind in wanted["kinds"]


@permitted(Verb.SEE)
def choose(
    session: Session, actor: Actor, *, way: str, when: str, hour: int, kinds: list[str]
) -> None:
    """Change one's own wishes; they say nothing about anybody else."""
    if way not in WAYS or when not in RHYTHMS or not 0 <= hour <= 23 or set(kinds) - set(KINDS):
        raise Refused("Choose from what is offered; nothing was changed.")
    user = session.get(User, actor.id) if actor.id else None
    if user is None:
        raise Refused("Only a person can be told of something.")
    user.notify = {"way": way, "when": when, "hour": hour, "kinds": kinds}
    session.add(user)
    session.flush()


def tell(
    session: Session,
    user_id: int,
    kind: str,
    *,
    about: str,
    now: datetime,
    case_id: int | None = None,
    **data: Any,
) -> None:
    """Note for one person that something happened, if they want to hear of it. `about` names it:
    told twice it is one notice. `data` holds ids and states, never texts."""
    user = session.exec(select(User).where(User.id == user_id)).one_or_none()
    if user is None or not wants(user, kind):
        return
    row = {
        "user_id": user_id, "kind": kind, "case_id": case_id, "about": about, "data": data,
        "at": now,
    }  # fmt: skip
    insert_ignore(session, TABLE, [row])
