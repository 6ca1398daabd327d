"""Counting the loop: one walk over the cases of a period, and sums of what it has read.

What became of a case is decided in the database, by the very conditions of the lists behind the
figures (`case_selects`), so the two cannot differ; it comes as bits of a number. The numbers of all
cases of a bucket come as a few long texts: grouping in the database would sort the rows several
times over, and a row per case costs ten times as much as its share of a text.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.sql.visitors import replacement_traverse
from sqlmodel import Session

from services.domain.periods import Period
from services.insights.case_filter import Loop
from services.insights.case_selects import CASE, JOINED, became
from services.insights.loop_filter import LoopFilter, Part
from services.insights.selects import Condition

OPENED: Part = ()
LOOPS = tuple(one for one in Loop if one not in (Loop.NOT_CONTACTED, Loop.NOT_CLOSED))  # the rest
_NONE = -1  # no team, no owner, no time: the columns of a text hold a number for every case
Numbers = NDArray[np.int64]
Ended = tuple[str, int]  # the outcome of a resolved case and its root cause


@dataclass(frozen=True)
class Tally:
    """The cases of a group, one number each: what became of them, and business seconds."""

    codes: Numbers
    contact: Numbers
    close: Numbers

    def n(self, part: Part) -> int:
        """How many became `part`."""
        bits = sum(1 << LOOPS.index(loop) for loop in part)
        return int(np.count_nonzero((self.codes & bits) == bits))

    @property
    def contact_seconds(self) -> Numbers:
        """From the opening to the first contact, of those contacted."""
        return self._known(self.contact, Loop.CONTACTED)

    @property
    def close_seconds(self) -> Numbers:
        """From the opening to the resolution, of those closed."""
        return self._known(self.close, Loop.CLOSED)

    def _known(self, seconds: Numbers, loop: Loop) -> Numbers:
        bit = 1 << LOOPS.index(loop)
        known: Numbers = seconds[((self.codes & bit) == bit) & (seconds != _NONE)]
        return known


NOTHING = Tally(*[np.zeros(0, np.int64)] * 3)


@dataclass(frozen=True)
class Cohort:
    """The cases that are meant, each with the number of its bucket, its team and its owner."""

    whole: Tally
    buckets: Numbers
    teams: Numbers
    owners: Numbers
    ended: dict[Ended, int]

    def by(self, keys: Numbers) -> dict[int | None, Tally]:
        """The cases put together by one of the columns; None for those without one."""
        order = np.argsort(keys, kind="stable")
        found, starts = np.unique(keys[order], return_index=True)
        groups = np.split(order, starts[1:]) if len(order) else []
        return {
            None if key == _NONE else int(key): Tally(
                self.whole.codes[rows], self.whole.contact[rows], self.whole.close[rows]
            )
            for key, rows in zip(found.tolist(), groups, strict=True)
        }


def cohort(
    session: Session, asked: LoopFilter, periods: Sequence[Period], where: list[Condition],
    now: datetime,
) -> Cohort:  # fmt: skip
    """The cases opened in each of the periods; `where` apart from their time."""
    case, resolved = CASE.c, became(Loop.RESOLVED, now)
    columns = [
        _text(case.team_id), _text(case.assignee_id), _text(_code(now)),
        _text(case.contact_seconds), _text(case.close_seconds),
        sa.func.aggregate_strings(
            sa.case((resolved, case.outcome + "/" + sa.cast(case.root_cause_id, sa.Text))), ","
        ),
    ]  # fmt: skip
    arms = [
        sa.select(sa.literal_column(str(k), sa.Integer), *columns)
        .select_from(_source(asked))
        .where(*where, *_within(piece))
        for k, piece in enumerate(periods)
    ]
    rows = session.connection().execute(sa.union_all(*arms)).all()
    read = [[_numbers(text) for text in row[1:6]] for row in rows]
    teams, owners, *figures = (np.concatenate(column) for column in zip(*read, strict=True))
    sizes = [len(one[0]) for one in read]
    buckets = np.repeat(np.array([row[0] for row in rows], np.int64), sizes)
    return Cohort(Tally(*figures), buckets, teams, owners, _ended([row[6] for row in rows]))


def as_of(
    session: Session, asked: LoopFilter, period: Period, where: list[Condition], then: datetime
) -> Tally:
    """The cases of a period as they stood at `then`: what came later has not happened yet.

    By the times that a case has now: one that was reopened since counts as not resolved.
    """
    code = _text(_as_of(_code(then), then))
    query = sa.select(code).select_from(_source(asked)).where(*where, *_within(period))
    codes = _numbers(session.connection().execute(query).scalar())
    return Tally(codes, *[np.full(len(codes), _NONE, np.int64)] * 2)


def _source(asked: LoopFilter) -> Any:
    """What is read: the metric stands with the survey, everything else in the case itself."""
    return JOINED if asked.metrics else CASE


def _within(period: Period) -> list[Condition]:
    """Opened in the half-open `period`."""
    return [CASE.c.opened_at >= period.start, CASE.c.opened_at < period.end]


def _code(now: datetime) -> sa.ColumnElement[int]:
    """What became of a case: a bit for each of `LOOPS`."""
    conditions = [became(loop, now) for loop in LOOPS]
    bits = [
        sa.case((one, sa.literal_column(str(1 << k), sa.Integer)), else_=sa.literal_column("0"))
        for k, one in enumerate(conditions)
    ]
    return sum(bits[1:], start=bits[0])


def _text(column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """The numbers of all cases in one text, in the order in which the cases are read.

    That order is the same for all the texts of a SELECT: each case is added to all of them at once.
    """
    known = sa.func.coalesce(column, sa.literal_column(str(_NONE)))
    return sa.func.aggregate_strings(sa.cast(known, sa.Text), ",")


def _as_of(column: sa.ColumnElement[Any], then: datetime) -> sa.ColumnElement[Any]:
    """The column with a case's fields as they were at `then`."""
    case = CASE.c
    later = sa.and_(case.status == "resolved", case.resolved_at > then)
    past = {case.status: sa.case((later, "open"), else_=case.status)}
    for moment in (case.contacted_at, case.resolved_at, case.paused_at, case.breached_due):
        past[moment] = sa.case((moment <= then, moment))
    return replacement_traverse(column, {}, lambda one, **_: past.get(one))  # type: ignore[call-overload, no-any-return]


def _numbers(text: str | None) -> Numbers:
    return np.fromstring(text, np.int64, sep=",") if text else np.zeros(0, np.int64)


def _ended(texts: Sequence[str | None]) -> dict[Ended, int]:
    found = Counter(one for text in texts if text for one in text.split(","))
    pairs = ((one.split("/"), n) for one, n in found.items())
    return {(outcome, int(cause)): n for (outcome, cause), n in pairs}
