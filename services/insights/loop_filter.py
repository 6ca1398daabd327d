"""Which cases the loop is judged by, its form in a URL, and the lists behind its figures."""

from dataclasses import dataclass
from typing import Any

from services.domain.periods import Days
from services.domain.scores import Metric
from services.insights.case_filter import NOBODY, CaseFilter, Loop, View
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

Part = tuple[Loop, ...]  # what became of a case: all of it must hold


@dataclass(frozen=True)
class LoopFilter(Spelt):
    """Cases opened in `range` (a name of RANGES or "2026-01-01..2026-03-31").

    Empty fields mean all; lists are sorted, each value once, and alternatives. `owners` are those
    who own the cases now and may hold `NOBODY`.
    """

    range: str = "12m"
    owners: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    metrics: tuple[Metric, ...] = ()

    def cases(self, part: Part = (), days: Days | None = None, **others: Any) -> CaseFilter:
        """The list of those that became `part`; opened in `days` where these are named."""
        same = {name: getattr(self, name) for name in ("owners", "teams", "units", "metrics")}
        opened = str(days) if days else self.range
        return CaseFilter(**{"view": View.ANY, "opened": opened, "loop": part, **same, **others})


_id = whole(1, BIGGEST_ID)
_FIELDS: tuple[Field, ...] = (
    ("range", "range", plain, one("range", days)),
    ("owner", "owners", listed, many("owner", whole(NOBODY, BIGGEST_ID))),
    ("team", "teams", listed, many("team", _id)),
    ("unit", "units", listed, many("unit", _id)),
    ("metric", "metrics", listed, many("metric", Metric)),
)
KEYS = tuple(key for key, *_ in _FIELDS)
LoopFilter.SPELT = _FIELDS
