"""What a rule may do. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.domain.plays import Favour

MOST_HOURS = 240  # as much as all reasons of a case together may move it
MOST_MINUTES = 7 * 24 * 60
USUAL_MINUTES = 10  # in which a rating can still change
VENDORS = ("zendesk", "intercom", "slack", "salesforce", "webhook")


class Do(StrEnum):
    """The actions, in the order in which they are done."""

    OPEN = "open"
    ASSIGN = "assign"
    PRIORITY = "priority"
    TAG = "tag"
    PUSH = "push"
    NOTIFY = "notify"
    MESSAGE = "message"
    ASK = "ask"

    @property
    def label(self) -> str:
        """As people read it."""
        return LABELS[self]


LABELS: Mapping[Do, str] = {
    Do.OPEN: "Open a case",
    Do.ASSIGN: "Assign the case",
    Do.PRIORITY: "Move it forward in the queue",
    Do.TAG: "Tag the case",
    Do.PUSH: "Send the case to",
    Do.NOTIFY: "Tell a colleague",
    Do.MESSAGE: "Write to the customer",
    Do.ASK: "Ask for a favour",
}
SPEAKING = (Do.MESSAGE, Do.ASK)  # what reaches the customer: once an answer, after a while
ASSIGN_TO: Mapping[str, str] = {
    "user": "a person", "team": "a team", "turn": "somebody of a team, in turn",
    "owner": "the owner of the account",
}  # fmt: skip
NOTIFY_WHOM: Mapping[str, str] = {
    "user": "a person", "owner": "the owner of the account", "lead": "the lead of a team",
}  # fmt: skip
NEEDS_ID = ("user", "team", "turn", "lead")


@dataclass(frozen=True)
class Action:
    """One thing to do; only the values that its `do` needs are set.

    `to` is a key of ASSIGN_TO or NOTIFY_WHOM, `id` the person or team; `after` in minutes.
    """

    do: Do
    to: str = ""
    id: int | None = None
    hours: int = 0
    name: str = ""
    vendor: str = ""
    template: str = ""
    favour: Favour | None = None
    after: int = USUAL_MINUTES

    def written(self) -> dict[str, Any]:
        """As it is kept: what this action needs, and nothing else."""
        values = {name: getattr(self, name) for name in NEEDS[self.do]}
        if self.do in (Do.ASSIGN, Do.NOTIFY) and self.to not in NEEDS_ID:
            values.pop("id")
        return {"do": self.do.value} | values


NEEDS: Mapping[Do, tuple[str, ...]] = {
    Do.OPEN: (),
    Do.ASSIGN: ("to", "id"),
    Do.PRIORITY: ("hours",),
    Do.TAG: ("name",),
    Do.PUSH: ("vendor",),
    Do.NOTIFY: ("to", "id"),
    Do.MESSAGE: ("template", "after"),
    Do.ASK: ("favour", "template", "after"),
}
