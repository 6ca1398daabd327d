"""What a journal tells of two sides: who changed what last, and what waits for a person."""

from collections.abc import Sequence
from datetime import datetime

from db.models import CaseEvent
from services.cases.journal import taken_back
from services.domain.lifecycle import Move, Status
from services.domain.syncing import stand

FIELDS = ("status", "owner")


def standing(events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """The events that were not taken back, the first first."""
    gone = taken_back(events)
    return [event for event in events if event.id not in gone]


def changed(event: CaseEvent, field: str) -> bool:
    """Whether the event says anew how this field stands here."""
    moved = event.data.get("changes", {})
    if field == "owner":
        return "assignee_id" in moved
    if "status" not in moved:
        return False
    before, after = moved["status"]
    return before is None or stand(Status(before)) is not stand(Status(after))


def ours_at(events: Sequence[CaseEvent], vendor: str, field: str) -> datetime | None:
    """When the field last changed here, unless that was because of the vendor; of all events."""
    for event in reversed(events):
        kept = event.kind == Move.SETTLED and event.data["field"] == field
        if changed(event, field) or kept:
            theirs = event.data.get("there") == vendor and not kept
            return None if theirs or event.kind == Move.OPENED else event.at
    return None


def asked(events: Sequence[CaseEvent]) -> CaseEvent | None:
    """That it was solved at a vendor, where nobody has said here how it ended."""
    found = None
    for event in standing(events):
        if event.kind == Move.DONE_THERE:
            found = event
        elif changed(event, "status") or _settles(event, "status"):
            found = None
    return found


def open_conflicts(events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """What both sides changed, where nobody has said which holds; the newest of each field."""
    found: dict[str, CaseEvent] = {}
    for event in standing(events):
        if event.kind == Move.CONFLICTED:
            found[event.data["field"]] = event
            continue
        for field in FIELDS:
            done = field == "status" and event.kind == Move.DONE_THERE
            if done or changed(event, field) or _settles(event, field):
                found.pop(field, None)
    return list(found.values())


def _settles(event: CaseEvent, field: str) -> bool:
    return event.kind == Move.SETTLED and event.data["field"] == field
