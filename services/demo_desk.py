"""What the cases of the demo company share: who works there, what is promised, who answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.cases.ranking import Ranker, Told
from services.domain import priority
from services.domain.lifecycle import Promise
from services.domain.sla import Calendar


@dataclass(frozen=True)
class Heard:
    """An answer that opens or joins a case, and what else its case is made of."""

    told: Told
    at: datetime  # received
    comment: str | None
    touchpoint: str

    @property
    def asked(self) -> bool:
        """Whether the person asked to be contacted."""
        return self.told.followup == "requested"


@dataclass(frozen=True)
class Worker:
    """A colleague; `calendar` is when this one works, `pace` multiplies how long things take."""

    id: int
    name: str
    team_id: int | None
    calendar: Calendar
    pace: float


class Then(Ranker):
    """Ranks a case as it was ranked at a moment of the past."""

    def at(
        self, answer: Told, at: datetime, opened: list[datetime]
    ) -> list[priority.Reason]:  # fmt: skip
        """The reasons at `at`; `opened` are the times of the same person's earlier cases."""
        self.today = at.astimezone(self.zone).date()
        recent = [_Earlier(n) for n, one in enumerate(opened) if one >= at - priority.REPEATED]
        self._cases = {answer.contact_id: recent}
        return self.reasons(answer)


@dataclass(frozen=True)
class _Earlier:
    id: int


@dataclass(frozen=True)
class Desk:
    """What all cases share: the end of time, what is promised, who leads, who ranks, and who
    hears of what the lead leaves for so many business hours (nobody: it is not noted)."""

    now: datetime
    promises: Mapping[int | None, Promise]
    leads: Mapping[int | None, int | None]
    ranker: Then
    managers: tuple[int, ...] = ()
    escalate_hours: float = 16
