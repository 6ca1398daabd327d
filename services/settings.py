"""The admin's choices that live in the database: every key, its default and its check."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlmodel import Session

from db.models import Setting


def _zone(value: Any) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone; use a name such as Europe/Berlin")
    return str(value)


def _name(value: Any) -> str:
    text = str(value).strip()
    if not 1 <= len(text) <= 60:
        raise ValueError("the desk's name has 1 to 60 characters")
    return text


DEFAULTS: dict[str, Any] = {
    "desk_name": "Loopdesk",
    "reporting_zone": "UTC",
    "csm_sees_all_units": True,
    "support_sees_all_units": True,
}
CHECKS: dict[str, Callable[[Any], Any]] = {
    "desk_name": _name,
    "reporting_zone": _zone,
    "csm_sees_all_units": bool,
    "support_sees_all_units": bool,
}


def get(session: Session, key: str) -> Any:
    """The value of `key`, or its default; KeyError for a key that nothing reads."""
    default = DEFAULTS[key]
    row = session.get(Setting, key)
    return default if row is None else row.value


def put(session: Session, key: str, value: Any, *, actor_id: int | None, now: datetime) -> None:
    """Keep `value` after its check (ValueError says what is wrong). Callers check permission."""
    checked = CHECKS[key](value)
    session.merge(Setting(key=key, value=checked, updated_at=now, updated_by=actor_id))
    session.flush()


def reporting_zone(session: Session) -> ZoneInfo:
    """The one zone in which days, weeks and months begin."""
    return ZoneInfo(get(session, "reporting_zone"))
