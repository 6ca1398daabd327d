"""What a case is, and how a journal tells it: states, what differs between two, and the fold. Pure.

Times are aware; measured times are in business seconds.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where a case stands. `merged` ones live on in another case."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"
    MERGED = "merged"


class Outcome(StrEnum):
    """How a case ended (its disposition)."""

    SOLVED = "solved"
    EXPLAINED = "explained"
    COMPENSATED = "compensated"
    PASSED_ON = "passed_on"
    UNREACHED = "unreached"
    LEFT = "left"
    NOT_OWED = "not_owed"

    @property
    def label(self) -> str:
        """As people read it."""
        return _OUTCOMES[self]


_OUTCOMES = {
    Outcome.SOLVED: "Solved for the customer",
    Outcome.EXPLAINED: "Explained, nothing to solve",
    Outcome.COMPENSATED: "Compensated",
    Outcome.PASSED_ON: "Passed on to another team",
    Outcome.UNREACHED: "Could not be reached",
    Outcome.LEFT: "The customer leaves",
    Outcome.NOT_OWED: "Opened by mistake",
}


@dataclass(frozen=True)
class State:
    """Everything about a case that a move can change.

    `due_at` is the promise that runs now: first contact, then closing; None while the clock is
    paused (`paused_at`) or the case is resolved; `paused_seconds` is how long it has stood still,
    the time before a reopening included. `asked`: the customer asked to be contacted.
    """

    opened_at: datetime
    status: Status = Status.NEW
    response_id: int | None = None
    asked: bool = False
    assignee_id: int | None = None
    team_id: int | None = None
    first_due: datetime | None = None
    close_due: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0
    snoozed_until: datetime | None = None
    outcome: Outcome | None = None
    root_cause_id: int | None = None
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    contact_seconds: int | None = None
    close_seconds: int | None = None
    breached_due: datetime | None = None
    escalated_at: datetime | None = None
    escalated_to_id: int | None = None
    escalation: int = 0
    merged_into: int | None = None
    play: str | None = None
    steps: tuple[str, ...] = ()
    ideal_customer: bool | None = None
    play_result: str | None = None


FIELDS = tuple(field.name for field in fields(State))
_MOMENTS = {name for name in FIELDS if name.endswith(("_at", "_due", "_until"))}
Changes = dict[str, list[Any]]


def changes(before: State | None, after: State) -> Changes:
    """What a move changed: {field: [before, after]}, as JSON holds it."""
    old = written(before) if before else dict.fromkeys(FIELDS)
    return {
        name: [old[name], value] for name, value in written(after).items() if old[name] != value
    }


def fold(journal: Iterable[Changes]) -> State:
    """The state that a journal tells, from its first event on."""
    told = written(State(opened_at=datetime.min.replace(tzinfo=UTC))) | {"opened_at": None}
    for moved in journal:
        told |= {name: after for name, (_, after) in moved.items()}
    return read(told)


def written(state: State) -> dict[str, Any]:
    """The state as JSON holds it: times as ISO 8601 in UTC."""
    found = {name: getattr(state, name) for name in FIELDS}
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
    } | {"steps": list(state.steps)}


def read(told: Mapping[str, Any]) -> State:
    """What `written` wrote."""
    values: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in _MOMENTS and value else value
        for name, value in told.items()
    }
    values["status"] = Status(values["status"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    values["steps"] = tuple(values["steps"] or ())
    return State(**values)
