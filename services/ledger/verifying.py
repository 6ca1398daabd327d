"""Is the ledger as it was written? Every chain, and every delivery and attempt against it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from db.as_kept import as_kept, through_any_text
from db.models import Case
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.ledger import counting, sealing, taking_over
from services.ledger.chain import Defect, Walk, whole
from services.ledger.crossing import START, Ids, crossed
from services.ledger.sealing import COLUMNS
from services.ledger.writing import HEAD, LEDGER

MOST = 1000  # defects that are named
BATCH = 5000  # rows in memory at a time


@dataclass(frozen=True)
class Verdict:
    """What was looked at and what is wrong. `left`: deliveries (at most) not yet taken over.

    `foreign` rows are sealed with another key than this desk's, so only their order was checked.
    """

    rows: int = 0
    chains: int = 0
    foreign: int = 0
    left: int = 0
    found: int = 0
    defects: tuple[Defect, ...] = ()

    @property
    def intact(self) -> bool:
        """Whether every row is as it was written."""
        return not (self.found or self.foreign or self.left)


@dataclass(frozen=True)
class Chains:
    """The chains of cases with ids behind `after` and up to `upto`."""

    after: int = -1
    upto: int | None = None

    def holds(self, of: Any) -> sa.ColumnElement[bool]:
        """As a condition."""
        behind: sa.ColumnElement[bool] = of > self.after
        return behind if self.upto is None else sa.and_(behind, of <= self.upto)


@permitted(Verb.READ_AUDIT)
def verify(session: Session, actor: Actor, *, number: int | None = None) -> Verdict:
    """The whole ledger, or what it has of one case; the session is to see `one_moment`."""
    if number is None:
        return through_any_text(session, lambda: _whole(session))
    case_id = session.exec(select(Case.id).where(Case.number == number)).first()
    if case_id is None:
        raise Refused(f"There is no case {number}.")
    mine = Chains(case_id - 1, case_id), Ids(case_id=case_id)
    return through_any_text(session, lambda: _both(session, *mine, 0))


def _whole(session: Session) -> Verdict:
    return together(session, _both(session, Chains(), Ids(), taking_over.left(session)))


def _both(session: Session, some: Chains, ids: Ids, left: int) -> Verdict:
    one, other = chains(session, some), deliveries(session, ids)
    return replace(
        one, left=left, found=one.found + other.found,
        defects=(one.defects + other.defects)[:MOST],
    )  # fmt: skip


def together(session: Session, verdict: Verdict) -> Verdict:
    """The verdict, and whether all chains are there."""
    found = tuple(counting.counted(session, sealing.desk_key()))
    return replace(
        verdict, found=verdict.found + len(found), defects=(*verdict.defects, *found)[:MOST]
    )


def chains(session: Session, some: Chains) -> Verdict:
    """These chains, row by row."""
    upto = whole(session.connection().execute(sa.select(START.c.upto)).scalar()) or 0
    walk = Walk(sealing.desk_key(), upto)
    columns = [as_kept(LEDGER.c[name]).label(name) for name in (*COLUMNS, "hash")]
    rows = sa.select(*columns).order_by(LEDGER.c.case_id, LEDGER.c.seq)
    heads = sa.select(HEAD).order_by(HEAD.c.case_id)
    defects = walk.through(
        _streamed(session, rows.where(some.holds(LEDGER.c.case_id))),
        _streamed(session, heads.where(some.holds(HEAD.c.case_id))),
    )
    told = _told(defects)
    return replace(told, rows=walk.rows, chains=walk.chains, foreign=walk.foreign)


def foreign(session: Session) -> int:
    """How many rows are sealed with another key than this desk's."""
    query = sa.select(sa.func.count()).where(LEDGER.c.key_id != sealing.desk_key().id)
    return session.connection().execute(query).scalar() or 0


def deliveries(session: Session, ids: Ids) -> Verdict:
    """These deliveries and their attempts against their rows."""
    return _told(crossed(session, ids))


def _streamed(session: Session, query: sa.Select[Any]) -> Iterator[Any]:
    yield from session.connection().execute(query, execution_options={"yield_per": BATCH})


def _told(defects: Iterator[Defect]) -> Verdict:
    first = tuple(islice(defects, MOST))
    return Verdict(found=len(first) + sum(1 for _ in defects), defects=first)
