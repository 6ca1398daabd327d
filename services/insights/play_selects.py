"""Which cases a filter means by their play, how it ended, and what their people were asked for."""

from collections.abc import Iterator, Sequence
from itertools import product

import sqlalchemy as sa
from sqlmodel import col

from db.models import Ask, Case
from services.domain.plays import RESULTS, SHEETS, Favour, Play, Reply
from services.insights.selects import Condition

RUNNING, FINISHED, OPEN = "running", "finished", "open"
GOOD = tuple(dict.fromkeys(next(iter(sheet.results)) for sheet in SHEETS.values()))
ENDS = {RUNNING: "still running", FINISHED: "ended"} | dict(RESULTS)
ASKS = {favour.value: f"asked for a {favour.label}" for favour in Favour} | {
    f"{favour}.{reply}": f"{favour.label}: {reply.label.lower()}"
    for favour, reply in product(Favour, Reply)
} | {f"{favour}.{OPEN}": f"{favour.label}: nothing heard yet" for favour in Favour}  # fmt: skip


def end(text: str) -> str:
    """A key of `ENDS`; ValueError for anything else."""
    if text not in ENDS:
        raise ValueError(text)
    return text


def ask(text: str) -> str:
    """A key of `ASKS`; ValueError for anything else."""
    if text not in ASKS:
        raise ValueError(text)
    return text


def of_play(
    plays: Sequence[Play], ends: Sequence[str], asked: Sequence[str]
) -> Iterator[Condition]:
    """The conditions on a case; each list is of alternatives."""
    if plays:
        yield col(Case.play).in_([play.value for play in plays])
    if ends:
        yield sa.or_(*map(_ended, ends))
    if asked:
        yield col(Case.id).in_(
            sa.select(col(Ask.case_id)).where(
                col(Ask.undone_at).is_(None), sa.or_(*map(_asked, asked))
            )
        )


def _ended(key: str) -> Condition:
    if key == RUNNING:
        return sa.and_(col(Case.play).is_not(None), col(Case.play_result).is_(None))
    if key == FINISHED:
        return col(Case.play_result).is_not(None)
    return col(Case.play_result) == key


def _asked(key: str) -> Condition:
    favour, _, reply = key.partition(".")
    kind = col(Ask.kind) == favour
    if not reply:
        return kind
    return sa.and_(kind, col(Ask.result).is_(None) if reply == OPEN else col(Ask.result) == reply)
