"""Which events of a journal stand: what was taken back does not, until that is taken back too."""

from collections.abc import Sequence

from db.models import CaseEvent


def taken_back(events: Sequence[CaseEvent], also: int | None = None) -> set[int]:
    """The events (of a whole journal) that do not stand: taken back, and never put in again.

    `also` is one that is about to be taken back.
    """
    gone = set() if also is None else {also}
    for event in reversed(events):
        if event.undo_of is not None and event.id not in gone:
            gone.add(event.undo_of)
    return gone


def standing(events: Sequence[CaseEvent]) -> list[CaseEvent]:
    """The events that were not taken back, the first first."""
    gone = taken_back(events)
    return [event for event in events if event.id not in gone]
