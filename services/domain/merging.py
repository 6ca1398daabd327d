"""Two cases become one, and one becomes two: what each of them is then. Pure."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from services.domain import case_clock as clock
from services.domain.case_state import State, Status
from services.domain.lifecycle import Move, check, opened
from services.domain.opening import DETRACTOR, FOLLOW_UP, SECOND
from services.domain.sla import Calendar, Promise

OPENED_UP = (Status.OPEN, Status.WAITING)


def merged(state: State, into: int) -> State:
    """The case lives on in the case with the id `into`; no promise of its own runs any more."""
    check(state, Move.MERGED)
    still = replace(state, due_at=None, paused_at=None, snoozed_until=None)
    return replace(still, status=Status.MERGED, merged_into=into)


def absorbed(
    state: State,
    other: State,
    at: datetime,
    calendar: Calendar,
    *,
    same: bool,
    response_id: int | None,
) -> State:
    """The case with another one in it: the customer has waited since the earlier opening, and the
    earlier of each two promises holds.

    What we reached the customer with counts only where both are about the `same` person. It waits
    or sleeps only if both did; it takes an owner over where it has none.
    """
    check(state, Move.ABSORBED)
    check(other, Move.MERGED)
    mine, theirs = (_running(one, at, calendar) for one in (state, other))
    since = min(mine, theirs, key=lambda one: one.opened_at)
    both_wait = state.status is other.status is Status.WAITING
    reached = _first(mine.contacted_at, theirs.contacted_at if same else None)
    owner = mine if mine.assignee_id or not theirs.assignee_id else theirs
    worked = owner.assignee_id or reached or {mine.status, theirs.status} & {*OPENED_UP}
    whole = replace(
        mine,
        status=Status.WAITING if both_wait else Status.OPEN if worked else Status.NEW,
        opened_at=since.opened_at,
        response_id=response_id,
        asked=mine.asked or theirs.asked,
        assignee_id=owner.assignee_id,
        team_id=owner.team_id or mine.team_id or theirs.team_id,
        first_due=_first(mine.first_due, theirs.first_due),
        close_due=_first(mine.close_due, theirs.close_due),
        paused_at=at if both_wait else None,
        paused_seconds=since.paused_seconds,
        snoozed_until=_both(mine.snoozed_until, theirs.snoozed_until),
        contacted_at=reached,
        contact_seconds=clock.took(since.opened_at, reached, calendar) if reached else None,
    )
    return _told(clock.due(whole), mine, theirs)


def left(state: State, *, response_id: int | None, asked: bool) -> State:
    """Answers have left the case; it is about `response_id` of those that stayed."""
    check(state, Move.SPLIT)
    return replace(state, response_id=response_id, asked=asked)


def split_off(
    state: State, at: datetime, promise: Promise, *, response_id: int, asked: bool
) -> State:
    """A case of its own for answers of this one: whoever owns this one owns it, and its clock runs
    from `at`."""
    check(state, Move.SPLIT)
    new = opened(at, promise, response_id=response_id, team_id=state.team_id, asked=asked)
    status = Status.OPEN if state.assignee_id else Status.NEW
    return replace(new, assignee_id=state.assignee_id, status=status)


def reason_apart(low: bool, taken: Collection[str]) -> str | None:
    """The reason of a case that is split off, where the person's open cases have those `taken`.

    None: there is none left, since a person has one open case for a reason. `low`: one of its
    answers is in the bottom band.
    """
    fitting = (DETRACTOR, SECOND) if low else (FOLLOW_UP,)
    return next((reason for reason in fitting if reason not in taken), None)


def _running(state: State, at: datetime, calendar: Calendar) -> State:
    return clock.run_on(state, at, calendar) if state.paused_at else state


def _told(whole: State, mine: State, theirs: State) -> State:
    """A broken promise is noted once: not anew because it stands in another case now."""
    noted = {mine.breached_due, theirs.breached_due} - {None}
    broken = whole.due_at if whole.due_at in noted else mine.breached_due or theirs.breached_due
    chain = max(mine, theirs, key=lambda one: one.escalation)  # the first of equals is `mine`
    if not chain.escalated_to_id:
        chain = theirs if theirs.escalated_to_id else mine
    return replace(
        whole,
        breached_due=broken,
        escalation=chain.escalation,
        escalated_at=chain.escalated_at,
        escalated_to_id=chain.escalated_to_id,
    )


def _first(*times: datetime | None) -> datetime | None:
    return min((time for time in times if time), default=None)


def _both(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else None
