"""Which cases the loop is judged by, its form in a URL, and the lists behind its figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from services.domain.periods import RANGES, Days
from services.domain.scores import Metric
from services.insights import spelling
from services.insights.case_filter import NOBODY, CaseFilter, Loop, View
from services.insights.spelling import BIGGEST_ID, Field, listed, many, one, plain, whole

Part = tuple[Loop, ...]  # what became of a case: all of it must hold


@dataclass(frozen=True)
class LoopFilter:
    """Cases opened in `range` (a name of RANGES or "2026-01-01..2026-03-31").

    Empty fields mean all; lists are sorted, each value once, and alternatives. `owners` are those
    who own the cases now and may hold `NOBODY`.
    """

    range: str = "12m"
    owners: tuple[int, ...] = ()
    teams: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    metrics: tuple[Metric, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                object.__setattr__(self, field.name, tuple(sorted(set(value))))

    def to_query(self) -> dict[str, list[str]]:
        """The URL parameters; what has its default is left out."""
        return spelling.to_query(self, LoopFilter(), _FIELDS)

    @classmethod
    def from_query(cls, query: Mapping[str, Sequence[str]]) -> tuple[Self, list[str]]:
        """The filter that `query` spells, and a notice (plain text) for each value not usable."""
        values, notices = spelling.from_query(query, _FIELDS)
        return cls(**values), notices

    def narrowed(self, **changes: Any) -> "LoopFilter":
        """This filter with fields replaced as named."""
        return replace(self, **changes)

    def cases(self, part: Part = (), days: Days | None = None, **others: Any) -> CaseFilter:
        """The list of those that became `part`; opened in `days` where these are named."""
        same = {name: getattr(self, name) for name in ("owners", "teams", "units", "metrics")}
        opened = str(days) if days else self.range
        return CaseFilter(**{"view": View.ANY, "opened": opened, "loop": part, **same, **others})


def _range(text: str) -> str:
    return text if text in RANGES else str(Days.parse(text))


_id = whole(1, BIGGEST_ID)
_FIELDS: tuple[Field, ...] = (
    ("range", "range", plain, one("range", _range)),
    ("owner", "owners", listed, many("owner", whole(NOBODY, BIGGEST_ID))),
    ("team", "teams", listed, many("team", _id)),
    ("unit", "units", listed, many("unit", _id)),
    ("metric", "metrics", listed, many("metric", Metric)),
)
KEYS = tuple(key for key, *_ in _FIELDS)
