"""Which cases are meant: the tab of the queue, its filters, and the list behind a loop figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from services.domain.case_state import Outcome
from services.domain.periods import RANGES, Days
from services.domain.scores import Metric
from services.insights import spelling
from services.insights.spelling import BIGGEST_ID, Field, listed, many, one, plain, whole

NOBODY = 0  # among the owners


class View(StrEnum):
    """A tab of the queue. Of the first four no case waits for the customer or is snoozed."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    TODAY = "today"
    OPEN = "open"
    ESCALATED = "escalated"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"
    ANY = "any"


class Sla(StrEnum):
    """How the promise stands that runs now."""

    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"


class Loop(StrEnum):
    """What became of a case, as the loop counts it."""

    CONTACTED = "contacted"
    NOT_CONTACTED = "not_contacted"
    RESOLVED = "resolved"
    CLOSED = "closed"
    NOT_CLOSED = "not_closed"
    CONTACT_KEPT = "contact_kept"
    CONTACT_MISSED = "contact_missed"
    CLOSE_KEPT = "close_kept"
    CLOSE_MISSED = "close_missed"
    ASKED = "asked"
    ESCALATED = "escalated"


@dataclass(frozen=True)
class CaseFilter:
    """Which cases. Empty fields mean all; lists are sorted, each value once, and alternatives.

    `opened` is a range of days (a name of RANGES or "2026-01-01..2026-03-31"); all of `loop` must
    hold. `owners` may hold `NOBODY`.
    """

    view: View = View.OPEN
    text: str = ""
    owners: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    metrics: tuple[Metric, ...] = ()
    scores: tuple[int, ...] = ()
    sla: tuple[Sla, ...] = ()
    opened: str = ""
    loop: tuple[Loop, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    causes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(sorted(set(value))))

    @property
    def plain(self) -> bool:
        """Whether nothing but the tab narrows it."""
        return self == CaseFilter(self.view)

    def to_query(self) -> dict[str, list[str]]:
        """The URL parameters; what has its default is left out."""
        return spelling.to_query(self, CaseFilter(), _FIELDS)

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> tuple[Self, list[str]]:
        """The filter that `query` spells, and a notice (plain text) for each value not usable."""
        values, notices = spelling.from_query(query, _FIELDS)
        return cls(**values), notices

    def narrowed(self, **changes: Any) -> "CaseFilter":
        """This filter with fields replaced as named."""
        return replace(self, **changes)


def _range(text: str) -> str:
    return text if text in RANGES else str(Days.parse(text))


_FIELDS: tuple[Field, ...] = (
    ("view", "view", plain, one("view", View)),
    ("q", "text", plain, one("q", str)),
    ("owner", "owners", listed, many("owner", whole(NOBODY, BIGGEST_ID))),
    ("team", "teams", listed, many("team", whole(1, BIGGEST_ID))),
    ("unit", "units", listed, many("unit", whole(1, BIGGEST_ID))),
    ("metric", "metrics", listed, many("metric", Metric)),
    ("score", "scores", listed, many("score", whole(0, 10))),
    ("sla", "sla", listed, many("sla", Sla)),
    ("opened", "opened", plain, one("opened", _range)),
    ("loop", "loop", listed, many("loop", Loop)),
    ("outcome", "outcomes", listed, many("outcome", Outcome)),
    ("cause", "causes", listed, many("cause", whole(1, BIGGEST_ID))),
)
KEYS = tuple(key for key, *_ in _FIELDS)
