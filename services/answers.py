"""Answers on their way in: what they are before anybody has looked into the database."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Person(NamedTuple):
    """What an answer says about who gave it. `domain` is the part of the e-mail after the @."""

    email_norm: str
    email: str
    name: str | None
    account_norm: str | None
    domain: str


class Answer(NamedTuple):
    """One answer ready to be kept; texts are cleaned and checked by whoever made it.

    `answered_at` is "YYYY-MM-DD HH:MM:SS.ffffff" in UTC, `props` a JSON object as text; the last
    two are keys of the batch's `people` and `accounts`.
    """

    external_id: str
    score_given: str
    score: int
    band: int
    comment: str | None
    channel: str | None
    touchpoint: str | None
    answered_at: str
    followup: str
    anonymous: bool
    is_test: bool
    props: str
    email_norm: str | None
    account_norm: str | None


OWN = Answer._fields[:-2]
Columns = list[list[Any]]


@dataclass(frozen=True)
class Batch:
    """Answers of one source, each id once, with the people and accounts they name.

    `columns` are those of `Answer`, one list each: a million answers pass through here, and a
    list of values costs a third of a tuple per answer. `accounts` is {normalised: as given}.
    Whoever was in an earlier batch of the same source need not be in `people` again.
    """

    columns: Columns = field(default_factory=lambda: [[] for _ in Answer._fields])
    people: dict[str, Person] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)

    def column(self, name: str) -> list[Any]:
        """All values of one field of `Answer`."""
        return self.columns[Answer._fields.index(name)]

    @property
    def n(self) -> int:
        """How many answers there are."""
        return len(self.columns[0])
