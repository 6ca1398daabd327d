"""The report on promises as a file: a line for each team, person and period, audited."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlmodel import Session

from services import audit, csv_text
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.loop_figures import Share, Wait
from services.insights.loop_filter import LoopFilter
from services.insights.sla import Kept, sla
from services.insights.sla_words import against

_PROMISE = (
    "kept", "missed", "undecided", "kept_percent", "low_percent", "high_percent", "against_others",
    "n_hours", "median_hours", "nine_of_ten_hours",
)  # fmt: skip
HEADER = (
    "by", "id", "name", "opened",
    *(f"contact_{name}" for name in _PROMISE), *(f"close_{name}" for name in _PROMISE),
)  # fmt: skip


@permitted(Verb.EXPORT)
def export(session: Session, actor: Actor, asked: LoopFilter, *, now: datetime) -> str:
    """The CSV text; hours are business hours. Figures of fewer than five promises are left empty,
    their counts are not."""
    found = sla(session, actor, asked, now=now)
    groups = {
        "all": [found.whole], "team": found.teams, "person": found.people,
        found.span.grain.value: [one.kept for one in found.periods],
    }  # fmt: skip
    lines = [_line(by, one) for by, rows in groups.items() for one in rows]
    audit.record(session, actor.id, "export.sla", now=now, rows=len(lines))
    return "".join(csv_text.rows(HEADER, lines))


def _line(by: str, one: Kept) -> list[Any]:
    cells = [
        *_promise(one.contact, one.contact_wait, by), *_promise(one.close, one.close_wait, by)
    ]  # fmt: skip
    return [by, one.key if by in ("team", "person") else None, one.name, one.opened.n, *cells]


def _promise(promise: Share, wait: Wait, by: str) -> Iterator[Any]:
    now, took = promise.now, wait.waits
    yield from (promise.hits.n, promise.of.n - promise.hits.n, promise.undecided)
    yield from (None,) * 3 if now.too_few else map(_rounded, (now.value, now.low, now.high))
    yield against(promise) if by in ("team", "person") else ""
    yield took.n
    yield from (None,) * 2 if took.too_few else map(_hours, (took.median, took.most))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 3600, 2)
