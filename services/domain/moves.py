"""What can happen to a case, and where it has to stand for that. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from services.domain.case_state import State, Status


class Move(StrEnum):
    """What can happen to a case: the kinds of its journal."""

    OPENED = "opened"
    JOINED = "joined"
    ASSIGNED = "assigned"
    NOTED = "noted"
    CONTACTED = "contacted"
    WAITED = "waited"
    RESUMED = "resumed"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    BREACHED = "breached"
    REPLIED = "replied"
    PUSHED = "pushed"
    ANSWERED = "answered"
    BOUNCED = "bounced"
    TAGGED = "tagged"
    PLAYED = "played"
    MERGED = "merged"
    ABSORBED = "absorbed"
    SPLIT = "split"
    SPLIT_OFF = "split_off"
    RETURNED = "returned"
    ESCALATED = "escalated"
    DONE_THERE = "done_there"
    CONFLICTED = "conflicted"
    SETTLED = "settled"
    RULED = "ruled"
    UNDONE = "undone"


UNRESOLVED = frozenset({Status.NEW, Status.OPEN, Status.WAITING})
ALIVE = UNRESOLVED | {Status.RESOLVED}
FROM: Mapping[Move, frozenset[Status]] = {
    Move.OPENED: frozenset(),
    Move.JOINED: UNRESOLVED,
    Move.ASSIGNED: UNRESOLVED,
    Move.NOTED: ALIVE,
    Move.CONTACTED: ALIVE,
    Move.WAITED: frozenset({Status.NEW, Status.OPEN}),
    Move.RESUMED: frozenset({Status.WAITING}),
    Move.SNOOZED: UNRESOLVED,
    Move.WOKEN: UNRESOLVED,
    Move.RESOLVED: UNRESOLVED,
    Move.REOPENED: frozenset({Status.RESOLVED}),
    Move.BREACHED: UNRESOLVED,
    Move.REPLIED: ALIVE,
    Move.PUSHED: ALIVE,
    Move.ANSWERED: ALIVE,
    Move.BOUNCED: ALIVE,
    Move.TAGGED: ALIVE,
    Move.PLAYED: ALIVE,
    Move.MERGED: UNRESOLVED,
    Move.ABSORBED: UNRESOLVED,
    Move.SPLIT: UNRESOLVED,
    Move.SPLIT_OFF: frozenset(),
    Move.RETURNED: UNRESOLVED,
    Move.ESCALATED: UNRESOLVED,
    Move.DONE_THERE: UNRESOLVED,
    Move.CONFLICTED: ALIVE,
    Move.SETTLED: ALIVE,
    Move.RULED: ALIVE,
    Move.UNDONE: ALIVE | {Status.MERGED},
}
# What came from outside, or left, stays done.
UNDOABLE = frozenset(Move) - {
    Move.OPENED, Move.JOINED, Move.BREACHED, Move.PUSHED, Move.ANSWERED, Move.BOUNCED,
    Move.SPLIT_OFF, Move.RETURNED, Move.ESCALATED, Move.DONE_THERE, Move.CONFLICTED, Move.SETTLED,
    Move.RULED,
}  # fmt: skip


class Illegal(ValueError):
    """The case stands where this move is not possible; the message says so to a person."""


def check(state: State, move: Move) -> None:
    """Illegal where the case stands elsewhere than the move begins."""
    if state.status not in FROM[move]:
        raise Illegal(f"A case that is {state.status.value} cannot be {move.value}")
