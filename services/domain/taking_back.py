"""What taking back an event leaves of a case: the state without it, its contacts true. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.domain import case_clock as clock
from services.domain import plays
from services.domain.case_state import Changes, State, Status, read, written
from services.domain.lifecycle import Illegal, Move, check, contacted
from services.domain.sla import Calendar

_BEGUN = (Move.OPENED, Move.SPLIT_OFF)
_AS_IT_WAS = (*_BEGUN, Move.UNDONE)  # after these a case may be as if nobody had touched it
_ENDED_A_STOP = (Move.RESUMED, Move.JOINED, Move.RESOLVED, Move.REOPENED)


@dataclass(frozen=True)
class Fact:
    """An event that stands (was not taken back), as far as it bears on the first contact."""

    move: Move
    at: datetime
    changes: Changes
    data: Mapping[str, Any]

    @property
    def reached(self) -> datetime | None:
        """When this event says that the customer was reached; None: it does not say so."""
        if self.move is not Move.CONTACTED and "reached" not in self.data:
            return None
        told = self.data.get("reached") or self.changes.get("contacted_at", [None, None])[1]
        return datetime.fromisoformat(told) if told else self.at


def undone(state: State, moved: Changes) -> State:
    """The state without what `moved` changed, if nothing else has changed it since.

    What somebody owns or has answered meanwhile does not become new again by that.
    """
    check(state, Move.UNDONE)
    if state.status is Status.MERGED and "merged_into" not in moved:
        raise Illegal("it is merged into another case")
    now = written(state)
    own = {name: both for name, both in moved.items() if name != "due_at"}  # it follows from others
    others = [name for name, (_, after) in own.items() if now[name] != after]
    if others:
        raise Illegal(f"{', '.join(map(_words, others))} changed since")
    back = read(now | {name: before for name, (before, _) in own.items()})
    if not plays.sound(back):
        raise Illegal("its play has gone on since")
    if back.status is Status.NEW and (back.assignee_id or back.contacted_at):
        back = replace(back, status=Status.OPEN)
    return clock.due(back)


def recontacted(before: State, after: State, standing: Sequence[Fact], calendar: Calendar) -> State:
    """`after` with the first contact that the events which stand tell, and when it was due."""
    first = min((fact.reached for fact in standing if fact.reached), default=None)
    if before.contacted_at == first == after.contacted_at:
        return after
    promised = _promised(standing, first, calendar) or after.first_due
    worked = any("status" in fact.changes for fact in standing if fact.move not in _AS_IT_WAS)
    status = Status.OPEN if worked and after.status is Status.NEW else after.status
    without = replace(
        after, status=status, contacted_at=None, contact_seconds=None, first_due=promised
    )
    return contacted(without, first, calendar) if first else clock.due(without)


def _promised(
    facts: Iterable[Fact], contact: datetime | None, calendar: Calendar
) -> datetime | None:
    """When the first contact is due: later by each stop of the clock that ended before it."""
    promised: datetime | None = None
    for fact in facts:
        if fact.move in _BEGUN or (fact.move is Move.ABSORBED and "first_due" in fact.changes):
            promised = _moment(fact.changes, "first_due", after=True)
        elif fact.move in _ENDED_A_STOP:
            end = min(fact.at, contact) if contact else fact.at
            for name in ("paused_at", "resolved_at"):
                stopped = _moment(fact.changes, name, after=False)
                if stopped is not None:
                    promised = clock.later(promised, stopped, end, calendar)
    return promised


def _moment(moved: Changes, name: str, *, after: bool) -> datetime | None:
    told = moved.get(name, [None, None])[after]
    return datetime.fromisoformat(told) if told else None


def _words(name: str) -> str:
    return name.removesuffix("_id").removesuffix("_at").replace("_", " ")
