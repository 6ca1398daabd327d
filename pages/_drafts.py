"""What is being typed under a case, as it goes to the browser and comes back from it."""

import hashlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from db.engine import reading, transaction
from pages import _door
from services.access import Forbidden, Refused
from services.cases import drafts
from services.cases.drafts import Typed

FIELDS = ("body", "way", "at", "subject")
EMPTY = dict.fromkeys((*FIELDS, "rev"), "")


def kept(number: int, zone: ZoneInfo) -> dict[str, dict[str, str]]:
    """One's own drafts on a case, by kind."""
    with reading() as session:
        found = drafts.mine(session, _door.actor(), number)
    return {kind: _told(typed, zone) for kind, typed in found.items()}


def keep(number: int, typed: dict[str, Any], zone: ZoneInfo) -> bool:
    """Keep what was typed; whether nothing else was kept since the browser last looked.

    `typed["rev"]` is what it saw then. A draft that another tab wrote meanwhile stays as it is:
    the browser shows both. One that is gone was sent, so nothing is lost.
    """
    try:
        with transaction() as session:
            now = drafts.mine(session, _door.actor(), number).get(typed["kind"])
            if now is not None and _told(now, zone)["rev"] not in (typed["rev"], _rev(typed)):
                return False
            drafts.save(
                session, _door.actor(), number, kind=typed["kind"], body=typed["body"],
                way=typed["way"] or None, at=moment(typed["at"], zone),
                subject=typed["subject"] or None, now=_door.now(),
            )  # fmt: skip
    except (Refused, Forbidden):  # the case is gone from this person's sight: the page says so
        pass
    return True


def moment(text: str, zone: ZoneInfo) -> datetime | None:
    """A local time as the browser writes it; None where there is none."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None


def _told(typed: Typed, zone: ZoneInfo) -> dict[str, str]:
    at = f"{typed.at.astimezone(zone):%Y-%m-%dT%H:%M}" if typed.at else ""
    told = {"body": typed.body, "way": typed.way or "", "at": at, "subject": typed.subject or ""}
    return told | {"rev": _rev(told)}


def _rev(typed: dict[str, Any]) -> str:
    """A name for this content: whoever has typed the same has nothing to lose."""
    whole = "\0".join(typed[name] for name in FIELDS)
    return hashlib.sha256(whole.encode(errors="replace")).hexdigest()[:16]
