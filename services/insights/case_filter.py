"""Which cases are meant: the tab of the queue, its filters, and the list behind a loop figure."""

from dataclasses import dataclass
from enum import StrEnum

from services.domain.case_state import Outcome
from services.domain.plays import Play
from services.domain.scores import Metric
from services.domain.syncing import Waits
from services.insights import play_selects
from services.insights.spelling import (
    BIGGEST_ID,
    Field,
    Spelt,
    days,
    listed,
    many,
    one,
    plain,
    whole,
)

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
class CaseFilter(Spelt):
    """Which cases. Empty fields mean all; lists are sorted, each value once, and alternatives.

    `opened` is a range of days (a name of RANGES or "2026-01-01..2026-03-31"); all of `loop` must
    hold. `owners` may hold `NOBODY`. `ends` and `asks` are keys of `play_selects`.
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
    tags: tuple[int, ...] = ()
    plays: tuple[Play, ...] = ()
    ends: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    waits: tuple[Waits, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether nothing but the tab narrows it."""
        return self == CaseFilter(self.view)


_FIELDS: tuple[Field, ...] = (
    ("view", "view", plain, one("view", View)),
    ("q", "text", plain, one("q", str)),
    ("owner", "owners", listed, many("owner", whole(NOBODY, BIGGEST_ID))),
    ("team", "teams", listed, many("team", whole(1, BIGGEST_ID))),
    ("unit", "units", listed, many("unit", whole(1, BIGGEST_ID))),
    ("metric", "metrics", listed, many("metric", Metric)),
    ("score", "scores", listed, many("score", whole(0, 10))),
    ("sla", "sla", listed, many("sla", Sla)),
    ("opened", "opened", plain, one("opened", days)),
    ("loop", "loop", listed, many("loop", Loop)),
    ("outcome", "outcomes", listed, many("outcome", Outcome)),
    ("cause", "causes", listed, many("cause", whole(1, BIGGEST_ID))),
    ("tag", "tags", listed, many("tag", whole(1, BIGGEST_ID))),
    ("play", "plays", listed, many("play", Play)),
    ("play_end", "ends", listed, many("play_end", play_selects.end)),
    ("favour", "asks", listed, many("favour", play_selects.ask)),
    ("waits", "waits", listed, many("waits", Waits)),
)
KEYS = tuple(key for key, *_ in _FIELDS)
CaseFilter.SPELT = _FIELDS
