"""What a journal tells of two sides: who changed what last, and what waits for a person."""

from collections.abc import Sequence
from datetime import datetime

from db.models import CaseEvent
from services.cases.standing import standing
from services.domain.lifecycle import UNRESOLVED, Move, Status
from services.domain.syncing import Waits, stand

FIELDS = ("status", "owner")
_ASKING: dict[str, Waits] = {Move.CONFLICTED: Waits.CHANGED, Move.DONE_THERE: Waits.SOLVED}


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


def waiting(events: Sequence[CaseEvent], status: Status) -> list[CaseEvent]:
    """What waits for a person to say how it ended, or which side holds."""
    solved = asked(events) if status in UNRESOLVED else None
    return [*([solved] if solved else []), *open_conflicts(events)]


def may_turn(event: CaseEvent, known: str | None) -> bool:
    """Whether what waits, `known` so far, can be otherwise after this event.

    Taking back brings no question back: it changes the same field once more.
    """
    return bool(known or event.kind in _ASKING)


def spelt(events: Sequence[CaseEvent], status: Status) -> str | None:
    """What waits, as the column of the case says it."""
    return " ".join(sorted({_ASKING[event.kind] for event in waiting(events, status)})) or None


def _settles(event: CaseEvent, field: str) -> bool:
    return event.kind == Move.SETTLED and event.data["field"] == field
