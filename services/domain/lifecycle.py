"""The life of a case: which moves are allowed, and what each makes of its state. Pure.

A move takes the state before and gives the state after. What differs is what the journal keeps
(`changes`), so the journal read from the start (`fold`) is the state: nothing else changes one.
Times are aware; measured times are in business seconds of the calendar that is handed in.
"""

from dataclasses import replace
from datetime import datetime

from services.domain import case_clock as clock
from services.domain.case_state import (
    FIELDS,
    Changes,
    Outcome,
    State,
    Status,
    changes,
    fold,
    read,
    written,
)  # fmt: skip
from services.domain.moves import ALIVE, FROM, UNDOABLE, UNRESOLVED, Illegal, Move, check
from services.domain.sla import Calendar, Promise, add_days, add_hours

__all__ = [
    "ALIVE", "FIELDS", "FROM", "UNDOABLE", "UNRESOLVED", "Changes", "Illegal", "Move", "Outcome",
    "Promise", "State", "Status", "changes", "check", "fold", "read", "written",
]  # fmt: skip


def opened(
    at: datetime, promise: Promise, *, response_id: int, team_id: int | None, asked: bool
) -> State:
    """A new case; its clock starts at `at`."""
    first = add_hours(at, promise.hours, promise.calendar)
    close = add_days(at, promise.days, promise.calendar)
    return State(
        opened_at=at, response_id=response_id, team_id=team_id, asked=asked,
        first_due=first, close_due=close, due_at=first,
    )  # fmt: skip


def joined(
    state: State, at: datetime, calendar: Calendar, *, response_id: int, asked: bool
) -> State:
    """A further answer of the same contact: who waits or sleeps is awake again."""
    check(state, Move.JOINED)
    woken = replace(state, snoozed_until=None, response_id=response_id, asked=state.asked or asked)
    if state.status is Status.WAITING:
        return clock.run_on(replace(woken, status=Status.OPEN), at, calendar)
    return woken


def assigned(state: State, user_id: int | None, team_id: int | None) -> State:
    """Somebody owns the case (None: nobody), and with them their team."""
    check(state, Move.ASSIGNED)
    if user_id == state.assignee_id and (team_id is None or team_id == state.team_id):
        raise Illegal("It is assigned like this already")
    status = Status.OPEN if user_id and state.status is Status.NEW else state.status
    return replace(
        state, assignee_id=user_id, team_id=state.team_id if team_id is None else team_id,
        status=status,
    )  # fmt: skip


def noted(state: State) -> State:
    """A note changes nothing but the journal."""
    check(state, Move.NOTED)
    return state


def contacted(state: State, at: datetime, calendar: Calendar) -> State:
    """We reached the customer at `at`; the earliest contact is the first one.

    Where the clock stood still, the promise that it keeps is due later by that time.
    """
    check(state, Move.CONTACTED)
    status = Status.OPEN if state.status is Status.NEW else state.status
    first = at if state.contacted_at is None else min(at, state.contacted_at)
    took = clock.took(state.opened_at, first, calendar)
    promised, stopped = state.first_due, state.paused_at or state.resolved_at
    if state.contacted_at is None and stopped is not None:
        promised = clock.later(promised, stopped, at, calendar)
    return clock.due(
        replace(state, status=status, contacted_at=first, contact_seconds=took, first_due=promised)
    )


def waited(state: State, at: datetime) -> State:
    """The customer has to answer now: the clock stops."""
    check(state, Move.WAITED)
    return clock.due(replace(state, status=Status.WAITING, paused_at=at))


def resumed(state: State, at: datetime, calendar: Calendar) -> State:
    """It is our turn again: what was left of the promises runs on."""
    check(state, Move.RESUMED)
    return clock.run_on(replace(state, status=Status.OPEN), at, calendar)


def snoozed(state: State, at: datetime, until: datetime) -> State:
    """Out of the queue until `until`. The clock runs on: it is the customer's, not ours."""
    check(state, Move.SNOOZED)
    if until <= at:
        raise Illegal("That time has passed")
    return replace(state, snoozed_until=until)


def woken(state: State) -> State:
    """Back in the queue."""
    check(state, Move.WOKEN)
    if state.snoozed_until is None:
        raise Illegal("It is not snoozed")
    return replace(state, snoozed_until=None)


def resolved(
    state: State, at: datetime, calendar: Calendar, *, outcome: Outcome, root_cause_id: int
) -> State:
    """Done, with how it ended and why it arose."""
    check(state, Move.RESOLVED)
    running = clock.run_on(state, at, calendar) if state.paused_at else state
    took = clock.took(state.opened_at, at, calendar) - running.paused_seconds
    return clock.due(
        replace(
            running,
            status=Status.RESOLVED,
            outcome=outcome,
            root_cause_id=root_cause_id,
            resolved_at=at,
            close_seconds=max(0, took),
            snoozed_until=None,
        )  # fmt: skip
    )


def reopened(state: State, at: datetime, promise: Promise) -> State:
    """Not done after all: a new promise to close runs from now.

    The time that it lay resolved is nobody's: it counts in no measured time, and what was left of
    the promise of a first contact runs on. One that was broken by then stays so: a case does not
    become punctual by being resolved for a moment.
    """
    check(state, Move.REOPENED)
    lay, calendar, first = state.resolved_at or at, promise.calendar, state.first_due
    if not state.contacted_at:
        first = clock.later(first, lay, at, calendar)
    return clock.due(
        replace(
            state,
            status=Status.OPEN,
            outcome=None,
            root_cause_id=None,
            resolved_at=None,
            close_seconds=None,
            paused_seconds=state.paused_seconds + clock.took(lay, at, calendar),
            first_due=first,
            close_due=add_days(at, promise.days, calendar),
        )  # fmt: skip
    )


def breached(state: State, at: datetime, escalate_to: int | None) -> State:
    """The promise that ran was not kept: said once, and passed on to whoever leads."""
    check(state, Move.BREACHED)
    if state.due_at is None or state.due_at > at or state.breached_due == state.due_at:
        raise Illegal("No promise was broken")
    told = replace(state, breached_due=state.due_at, escalation=0 if escalate_to is None else 1)
    if escalate_to is None or escalate_to == state.escalated_to_id:
        return told
    return replace(told, escalated_at=at, escalated_to_id=escalate_to)
