"""What a vendor with cases of its own tells: what agents and customers did to them over there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.vendors.base import Field


@dataclass(frozen=True)
class Fact:
    """One part of a change: an agent's `reply` or `note`, a customer's `answer`, `status`, `owner`.

    `to`: open, waiting or solved; or the owner's address, None where there is none (any more).
    `known`: false where there is an owner whose address is not told.
    """

    what: str
    text: str = ""
    to: str | None = None
    known: bool = True


@dataclass(frozen=True)
class Change:
    """What was done at once, by one person. `id` names it for ever; `author` is their address.

    `ours`: it carries our mark. `teammate`: it was made by who writes in our name.
    """

    id: str
    at: datetime
    facts: tuple[Fact, ...]
    author: str | None = None
    ours: bool = False
    teammate: bool = False


class TwoWay(Protocol):
    """A vendor that can be read. VendorError where it cannot be, as for `send`."""

    def changes(self, thread: str, known: Collection[str]) -> list[Change]:
        """What was done to the ticket or conversation, the first first; without those `known`."""

    def changed(self, threads: Sequence[str], since: datetime) -> Iterator[tuple[str, datetime]]:
        """Which of these may have changed since then, and when last, in whole seconds."""


def fields(noun: str, outcomes: Sequence[str]) -> tuple[Field, ...]:
    """What an admin decides about changes over there; `noun` is what the vendor has."""
    return (
        Field("two_way", "Changes there change the case",
              f"Replies, notes, owner and status of the {noun}.", default="yes",
              choices=("yes", "no")),
        Field("poll", "Look for changes every (seconds)", "Also where a webhook tells of them: "
              "what was lost on the way is found.", default="60", choices=("30", "60", "300")),
        Field("when_solved", "When it is solved there",
              "ask: the owner says outcome and root cause here. resolve: with those below.",
              default="ask", choices=("ask", "resolve")),
        Field("solved_outcome", "Outcome then", default=outcomes[0], choices=tuple(outcomes),
              required=False),
        Field("solved_cause", "Root cause then", "Its name, as the page Causes and tags has it.",
              required=False),
    )  # fmt: skip


def wanted(config: Mapping[str, Any]) -> bool:
    """Whether changes over there change the case."""
    return str(config.get("two_way", "yes")) == "yes"


def facts_of(told: Sequence[Mapping[str, Any]]) -> tuple[Fact, ...]:
    """As they were kept."""
    return tuple(Fact(**one) for one in told)
