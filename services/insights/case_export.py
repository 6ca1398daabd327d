"""Cases for programs: page by page, as a feed of what changed, and one with all that happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import version as data_version
from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.case_file import case_file
from services.insights.case_filter import CaseFilter
from services.insights.case_out import ROWS, CaseOut, WholeCase, answer_of, case_of, event_of
from services.insights.case_selects import CASE
from services.insights.queue import meant_by, within_units
from services.insights.selects import Condition
from services.insights.spelling import BIGGEST_ID
from services.insights.spelling import whole as whole_number

_id = whole_number(0, BIGGEST_ID)


@dataclass(frozen=True)
class Cursor:
    """The case that a page begins behind: by change (`seq`, then `id`), or by number (`id`)."""

    id: int
    seq: int | None = None

    def __str__(self) -> str:
        return f"n{self.id}" if self.seq is None else f"c{self.seq}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote; ValueError for anything else."""
        if text.startswith("n"):
            return cls(_id(text[1:]))
        seq, _, id_ = text.removeprefix("c").partition("-")
        if text != f"c{seq}-{id_}":
            raise ValueError(text)
        return cls(_id(id_), _id(seq))

    @property
    def beyond(self) -> Condition:
        if self.seq is None:
            return CASE.c.number < self.id
        seq = CASE.c.change_seq
        return sa.and_(seq >= self.seq, sa.or_(seq > self.seq, CASE.c.id > self.id))


@dataclass(frozen=True)
class CasesOut:
    """A page of cases; `next` is the cursor of the one behind it.

    Every change up to the data version `version` is in this page or in one before it.
    """

    cases: list[CaseOut]
    next: str | None
    version: int


@permitted(Verb.SEE)
def export(
    session: Session,
    actor: Actor,
    filter: CaseFilter,
    *,
    now: datetime,
    limit: int,
    updated_after: int | None = None,
    cursor: Cursor | None = None,
) -> CasesOut:
    """Up to `limit` cases of the filter behind `cursor`: the highest number first.

    With `updated_after`, those that changed after that data version, in the order of change: a
    case that changes while somebody reads moves behind what they have not read yet.
    """
    known = data_version(session)  # before the rows, so that they hold all of it on any engine
    feed = updated_after is not None
    meant = meant_by(session, actor, filter, now, actor.id, merged=feed)
    order: list[Any] = [CASE.c.number.desc()]
    if updated_after is not None:
        meant.append(CASE.c.change_seq > updated_after)
        order = [CASE.c.change_seq, CASE.c.id]
    if cursor is not None:
        meant.append(cursor.beyond)
    rows, on = _read(session, meant, order, limit + 1), None
    if len(rows) > limit:
        last = rows[limit - 1]
        on = Cursor(last.number) if updated_after is None else Cursor(last.id, last.change_seq)
    return CasesOut([case_of(row, actor) for row in rows[:limit]], str(on) if on else None, known)


@permitted(Verb.SEE)
def one(session: Session, actor: Actor, number: int) -> CaseOut:
    """The case of this number, which the caller has found to be one that may be seen."""
    (row,) = _read(session, [CASE.c.number == number, *within_units(actor)], (), 1)
    return case_of(row, actor)


@permitted(Verb.SEE)
def whole(session: Session, actor: Actor, number: int, *, now: datetime) -> WholeCase:
    """The case with its journal and answers; Refused where there is none that may be seen."""
    found = case_file(session, actor, number, now=now)
    return WholeCase(
        **vars(one(session, actor, number)),
        journal=[event_of(step) for step in reversed(found.steps)],
        answers=[answer_of(answer) for answer in found.answers],
    )


def _read(
    session: Session, meant: Sequence[Condition], order: Sequence[Any], limit: int
) -> list[sa.Row[Any]]:
    query = ROWS.where(*meant).order_by(*order).limit(limit)
    return list(session.connection().execute(query))
