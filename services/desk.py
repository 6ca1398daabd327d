"""The admin's choices as verbs: read them with who changed them last, and change one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.engine import bump, turn
from db.models import Setting, User
from services import audit, settings
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb


@dataclass(frozen=True)
class Choice:
    """A setting as it stands; `changed_at` is None while it has its default."""

    value: Any
    changed_at: datetime | None = None
    changed_by: str = ""


@permitted(Verb.ADMINISTER)
def choices(session: Session, actor: Actor) -> dict[str, Choice]:
    """Every setting by key, with when it was changed last and the name of who did it."""
    query = select(Setting, User.name).outerjoin(User, col(User.id) == Setting.updated_by)
    kept = {
        row.key: Choice(row.value, row.updated_at, name or "the desk")
        for row, name in session.exec(query)
    }
    return {key: kept.get(key, Choice(value)) for key, value in settings.DEFAULTS.items()}


@permitted(Verb.ADMINISTER)
def change(session: Session, actor: Actor, key: str, value: Any, *, now: datetime) -> bool:
    """Keep `value` for `key`; False when it was so already, and then nothing is recorded."""
    if key not in settings.CHECKS:
        raise Refused("There is no such setting; nothing was changed.")
    try:
        checked = settings.CHECKS[key](value)
    except ValueError as error:
        raise Refused(f"{error}. Nothing was changed.") from None
    if settings.get(session, key) == checked:
        return False
    turn(session)
    settings.put(session, key, checked, actor_id=actor.id, now=now)
    # A switch may be told; a text may not: the trail holds ids and counts.
    facts = {"on": checked} if isinstance(checked, bool) else {}
    audit.record(session, actor.id, "setting.change", now=now, entity="setting", key=key, **facts)
    bump(session)
    return True
