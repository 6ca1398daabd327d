"""What the desk does by itself where nobody works on a case: the chain, the way back. Pure.

Owner -> lead of the team (`lifecycle.breached`) -> manager; and from an owner who is away, has
left or does nothing back to the team, whose people are given cases in turn. Times are aware.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.domain.case_state import State
from services.domain.lifecycle import Illegal, Move, check
from services.domain.sla import Calendar, between

LEAD, MANAGER = 1, 2  # how far the chain of a case has come: `State.escalation`
_LONGEST = timedelta(days=800)  # how far back open hours are looked for


class Why(StrEnum):
    """Why a case went back to its team."""

    LEFT = "left"
    AWAY = "away"
    IDLE = "idle"


def escalated(state: State, at: datetime, to: int | None) -> State:
    """Nobody took up what was passed on: the end of the chain, with `to` (None: nobody is there).

    Once for each broken promise: the next one that breaks begins a chain of its own.
    """
    check(state, Move.ESCALATED)
    if state.due_at is None or state.breached_due != state.due_at or state.escalation >= MANAGER:
        raise Illegal("No broken promise waits for the manager")
    told = replace(state, escalation=MANAGER)
    return told if to is None else replace(told, escalated_at=at, escalated_to_id=to)


def returned(state: State) -> State:
    """Back to the team: nobody owns it, and everything else stands."""
    check(state, Move.RETURNED)
    if state.assignee_id is None:
        raise Illegal("Nobody owns it")
    return replace(state, assignee_id=None)


def ago(now: datetime, hours: float, calendar: Calendar) -> datetime | None:
    """The last second from which `hours` of open time have passed by `now`; None: not for years."""
    wanted, late = timedelta(hours=hours), now
    reach = max(wanted, timedelta(hours=1))
    while between(early := now - reach, now, calendar) < wanted:
        if reach > _LONGEST:
            return None
        late, reach = early, 2 * reach
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if between(middle, now, calendar) < wanted:
            late = middle
        else:
            early = middle
    return early


def in_turn(people: Sequence[int], last: int | None) -> list[int]:
    """Whose turn it is, and who comes after: by id, beginning behind `last`, round once."""
    order = sorted(people)
    return [one for one in order if one > (last or 0)] + [
        one for one in order if one <= (last or 0)
    ]
