"""What a reply of ours, and an answer of theirs, make of a case. Pure; see `lifecycle`."""

from dataclasses import replace
from datetime import datetime

from services.domain import lifecycle
from services.domain.lifecycle import FROM, Illegal, Move, Promise, State, Status


def replied(state: State) -> State:
    """A reply that is on its way changes nothing yet: it is a contact once it has left."""
    return _checked(state, Move.REPLIED)


def pushed(state: State) -> State:
    """So does a case that is on its way to a vendor."""
    return _checked(state, Move.PUSHED)


def bounced(state: State, at: datetime, promise: Promise, *, hard: bool) -> State:
    """Our mail came back. For good (`hard`): who waits for an answer waits in vain."""
    _checked(state, Move.BOUNCED)
    return _ours(state, at, promise) if hard else state


def answered(state: State, at: datetime, promise: Promise) -> State:
    """The customer wrote: it is our turn, whatever we waited for, and also if it was resolved."""
    _checked(state, Move.ANSWERED)
    if state.status is Status.RESOLVED:
        return lifecycle.reopened(state, at, promise)
    return _ours(replace(state, snoozed_until=None), at, promise)


def _ours(state: State, at: datetime, promise: Promise) -> State:
    waiting = state.status is Status.WAITING
    return lifecycle.resumed(state, at, promise.calendar) if waiting else state


def _checked(state: State, move: Move) -> State:
    if state.status not in FROM[move]:
        raise Illegal(f"A case that is {state.status.value} cannot be {move.value}")
    return state
