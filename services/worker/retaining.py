"""The nightly round of the rules on how long data is kept."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from db import engine
from services import settings
from services.retention import running

HOUR = 2  # o'clock in the reporting zone
Lot = Callable[[], AbstractContextManager[Session]]


def nightly(
    state: Mapping[str, Any], clock: Callable[[], datetime], lot: Lot, turn: timedelta
) -> tuple[Mapping[str, Any], bool]:
    """Go on with tonight's round for one turn; what to remember, and whether it is done.

    A worker that was away begins when it is back.
    """
    now = clock()
    with engine.reading() as session:
        local = now.astimezone(settings.reporting_zone(session))
        months = running.chosen(session)
    tonight = (local - timedelta(hours=HOUR)).date().isoformat()
    if state.get("done") == tonight:
        return {"done": tonight}, True
    place = running.Place(**state.get("place") or {})
    until = now + turn
    while (now := clock()) < until:
        with lot() as session:
            behind = running.lot(session, months, place, now)
        if behind is None:
            return {"done": tonight}, True
        place = behind
    return {"done": state.get("done"), "place": asdict(place)}, False
