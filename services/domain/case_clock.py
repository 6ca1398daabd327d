"""The clock of a case: which promise runs, what a stop leaves of it, what time counts. Pure."""

from dataclasses import replace
from datetime import datetime

from services.domain.case_state import State, Status
from services.domain.sla import Calendar, add_hours, between


def run_on(state: State, at: datetime, calendar: Calendar) -> State:
    """The clock runs on: each open promise is due later by the time that it stood still."""
    stopped, first = state.paused_at, state.first_due
    assert stopped is not None
    if not state.contacted_at:
        first = later(first, stopped, at, calendar)
    return due(
        replace(
            state,
            paused_at=None,
            paused_seconds=state.paused_seconds + took(stopped, at, calendar),
            first_due=first,
            close_due=later(state.close_due, stopped, at, calendar),
        )
    )


def later(
    promised: datetime | None, stopped: datetime, at: datetime, calendar: Calendar
) -> datetime | None:
    """What was open when the clock stopped, due with what was left of it from `at` on.

    What was overdue by then stays overdue.
    """
    if promised is None or promised <= stopped or at <= stopped:
        return promised
    return add_hours(at, between(stopped, promised, calendar).total_seconds() / 3600, calendar)


def due(state: State) -> State:
    """The state with the promise that runs now."""
    if state.status in (Status.RESOLVED, Status.WAITING, Status.MERGED):
        return replace(state, due_at=None)
    return replace(state, due_at=state.close_due if state.contacted_at else state.first_due)


def took(start: datetime, end: datetime, calendar: Calendar) -> int:
    """Business seconds from `start` to `end`."""
    return round(between(start, end, calendar).total_seconds())
