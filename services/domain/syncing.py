"""What a change at a vendor means for a case, where both sides may have changed it. Pure.

A case and its ticket there are each changed by people who do not see the other side. What is newer
than all that happened here is taken over; where both changed, neither wins.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.domain.case_state import State, Status
from services.domain.moves import Move, check


class Stand(StrEnum):
    """Where a case stands, as a vendor can say it too."""

    OPEN = "open"
    WAITING = "waiting"
    SOLVED = "solved"


class Waits(StrEnum):
    """What a case that a vendor has, too, waits for."""

    CHANGED = "changed"  # both sides changed it: which holds?
    SOLVED = "solved"  # it was solved there: how did it end, and why did it arise?


# Each way in which a case says all that it waits for.
WAITING = ("changed", "changed solved", "solved")


class Verdict(StrEnum):
    """What becomes of a change that came from there."""

    TAKE = "take"
    SAME = "same"
    OLD = "old"  # a later one from there was taken in already
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Sides:
    """What is known of one thing (status or owner) when somebody changed it there at `at`.

    `ours_at`: when it last changed here by anybody but that vendor. `theirs_at`: of the newest of
    their changes that was looked at. `unsent`: what stands here has not reached them.
    """

    at: datetime
    same: bool
    ours_at: datetime | None = None
    theirs_at: datetime | None = None
    unsent: bool = False


def judge(sides: Sides) -> Verdict:
    """What becomes of their change."""
    if sides.theirs_at is not None and sides.at < sides.theirs_at:
        return Verdict.OLD
    if sides.same:
        return Verdict.SAME
    meanwhile = sides.ours_at is not None and sides.ours_at > sides.at
    return Verdict.CONFLICT if meanwhile or sides.unsent else Verdict.TAKE


def stand(status: Status) -> Stand:
    """A case's status in the words that both sides know."""
    if status is Status.WAITING:
        return Stand.WAITING
    return Stand.SOLVED if status in (Status.RESOLVED, Status.MERGED) else Stand.OPEN


def done_there(state: State) -> State:
    """Solved at a vendor: here it still needs an outcome and a root cause."""
    check(state, Move.DONE_THERE)
    return state


def conflicted(state: State) -> State:
    """Both sides changed the same thing: nothing changes until a person says which holds."""
    check(state, Move.CONFLICTED)
    return state


def settled(state: State) -> State:
    """What stands here holds."""
    check(state, Move.SETTLED)
    return state
