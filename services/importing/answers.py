"""What an import of answers is made of: the plan before it, rows, rejects and warnings after it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.domain.bands import Direction, Metric, Scale
from services.importing.dates import Parser
from services.importing.mapping import Mapping
from services.importing.presets import GENERIC, Preset


class Row(NamedTuple):
    """One answer, ready to be stored. `answered_at` is UTC text, `props` a JSON object."""

    record: int
    line: int
    external_id: str
    email_norm: str | None
    email_given: str | None
    name: str | None
    account: str | None
    score_given: str
    score: int
    band: int
    comment: str | None
    channel: str | None
    touchpoint: str | None
    answered_at: str
    followup: str
    anonymous: bool
    props: str | None


class Reject(NamedTuple):
    """A record that is not taken, where it stands in the file, and why."""

    record: int
    line: int
    column: str | None  # None: the whole row
    value: str
    reason: str
    cells: Sequence[str] = ()  # the row as it was, to be mended and brought again


@dataclass(frozen=True)
class Chunk:
    """What became of `read` records; `known` are exact doubles of a row with the same id."""

    rows: list[Row]
    rejects: list[Reject]
    known: int
    read: int


@dataclass
class Tally:
    """Warnings about rows that are kept: how often, and where first."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)

    def add(self, warning: str, record: int) -> None:
        self.counts[warning] = self.counts.get(warning, 0) + 1
        self.first.setdefault(warning, record)

    def lines(self) -> list[str]:
        """One sentence per kind of warning."""
        return [
            f"{count:,} {'rows' if count > 1 else 'row'} "
            f"(first: record {self.first[warning]}): {warning}."
            for warning, count in self.counts.items()
        ]


@dataclass(frozen=True)
class Plan:
    """How the columns are to be read. `answered_on` is used when no column holds a date."""

    mapping: Mapping
    metric: Metric
    scale: Scale
    direction: Direction
    source: str
    parse_date: Parser | None
    preset: Preset = GENERIC
    answered_on: str | None = None  # UTC text
