"""Work that is done once a night, at an hour when few people are at work."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from services import settings

HOUR = 3  # of the reporting zone


def tonight(session: Session, state: Mapping[str, Any], now: datetime) -> str | None:
    """The night that it is time for and that `state` has not seen, as a date."""
    local = now.astimezone(settings.reporting_zone(session))
    day = local.date().isoformat()
    return day if local.hour >= HOUR and state.get("day") != day else None
