"""Reads a whole table in one go, as the loader does it chunk by chunk."""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.importing.answers import Plan, Reject, Row, Tally
from services.importing.files import Table
from services.importing.planning import Choices, make_plan
from services.importing.rows import read_rows

NOW = datetime(2025, 11, 22, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True)
class Reading:
    rows: list[Row]
    rejects: list[Reject]
    known: int
    read: int
    warnings: list[str]
    notes: list[str]
    plan: Plan

    @property
    def bands(self) -> tuple[int, int, int]:
        """Promoters, passives, detractors."""
        found = [row.band for row in self.rows]
        return found.count(1), found.count(0), found.count(-1)

    @property
    def reasons(self) -> list[str]:
        return [reject.reason for reject in self.rejects]


def read_all(table: Table, choices: Choices | None = None, zone: ZoneInfo = UTC_ZONE) -> Reading:
    plan, notes = make_plan(table, choices or Choices(), zone, NOW)
    tally = Tally()
    chunks = list(read_rows(table, plan, NOW, tally))
    return Reading(
        rows=[row for chunk in chunks for row in chunk.rows],
        rejects=[reject for chunk in chunks for reject in chunk.rejects],
        known=sum(chunk.known for chunk in chunks),
        read=sum(chunk.read for chunk in chunks),
        warnings=tally.lines(),
        notes=notes,
        plan=plan,
    )
