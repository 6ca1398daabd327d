"""Whether the ledger and what it is about say the same: deliveries, attempts, and their rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.as_kept import as_kept
from db.models import metadata
from services.keyed import fingerprints
from services.ledger.chain import Defect, Fault, case_of, whole
from services.ledger.sealing import desk_key
from services.ledger.writing import LEDGER
from services.outbox.owing import ERASED

DELIVERY, ATTEMPT, START = (
    metadata.tables[name] for name in ("delivery", "delivery_attempt", "ledger_start")
)
LOT = 1000


@dataclass(frozen=True)
class Ids:
    """Deliveries with ids behind `after` and up to `upto`; of a case where one is meant."""

    after: int = 0
    upto: int | None = None
    case_id: int | None = None

    def holds(self, of: Any, case_id: Any) -> sa.ColumnElement[bool]:
        """As a condition."""
        found = [of > self.after]
        if self.upto is not None:
            found.append(of <= self.upto)
        if self.case_id is not None:
            found.append(sa.func.coalesce(case_id, 0) == self.case_id)
        return sa.and_(*found)


def crossed(session: Session, ids: Ids) -> Iterator[Defect]:
    """Everything that one has and the other has not, or has otherwise."""
    for query, faults in (
        (_deliveries(ids), (Fault.NO_ROW, Fault.OTHER)),
        (_attempts(ids), (Fault.TRY_NO_ROW, Fault.TRY_OTHER)),
        (_rows(ids), (Fault.NOTHING, Fault.TRY_NOTHING)),
    ):
        found = session.connection().execute(query, execution_options={"yield_per": LOT})
        for row in found:
            yield Defect(
                faults[0] if row.first else faults[1], case_of(row.case_id), whole(row.seq),
                delivery_id=whole(row.delivery_id), attempt_id=whole(row.attempt_id),
            )  # fmt: skip
    yield from _carried(session, ids)


def _deliveries(ids: Ids) -> sa.Select[Any]:
    """Deliveries without a row, or that stand otherwise than their last row says."""
    last, newest = LEDGER.alias("last"), LEDGER.alias("newest")
    top = (
        sa.select(sa.func.max(newest.c.seq)).where(newest.c.delivery_id == DELIVERY.c.id)
        .scalar_subquery()
    )  # fmt: skip
    stands = sa.case((DELIVERY.c.state == "sending", "pending"), else_=DELIVERY.c.state)
    lost = last.c.seq.is_(None)
    other = sa.or_(
        stands != last.c.state,
        DELIVERY.c.remote_id.is_distinct_from(last.c.remote_id),
        sa.func.coalesce(DELIVERY.c.case_id, 0) != last.c.case_id,
        DELIVERY.c.vendor != last.c.vendor, DELIVERY.c.action != last.c.action,
    )  # fmt: skip
    mine = sa.and_(last.c.delivery_id == DELIVERY.c.id, last.c.seq == top)
    return (
        sa.select(
            lost.label("first"), DELIVERY.c.case_id, last.c.seq,
            DELIVERY.c.id.label("delivery_id"), sa.null().label("attempt_id"),
        )
        .select_from(DELIVERY.outerjoin(last, mine))
        .where(ids.holds(DELIVERY.c.id, DELIVERY.c.case_id), _in_ledger(), sa.or_(lost, other))
        .order_by(DELIVERY.c.id)
    )  # fmt: skip


def _attempts(ids: Ids) -> sa.Select[Any]:
    """Attempts without a row, or with one that says something else."""
    row = LEDGER.alias("row")
    lost = row.c.seq.is_(None)
    other = sa.or_(
        ATTEMPT.c.state != row.c.state, ATTEMPT.c.at != row.c.at,
        ATTEMPT.c.payload_hmac != row.c.payload_hmac,
        sa.and_(
            ATTEMPT.c.remote_id.is_not(None),
            ATTEMPT.c.remote_id.is_distinct_from(row.c.remote_id),
        ),
    )  # fmt: skip
    mine = sa.and_(
        row.c.delivery_id == ATTEMPT.c.delivery_id, row.c.attempt_id == ATTEMPT.c.id
    )  # fmt: skip
    of = ATTEMPT.join(DELIVERY, DELIVERY.c.id == ATTEMPT.c.delivery_id).outerjoin(row, mine)
    return (
        sa.select(
            lost.label("first"), DELIVERY.c.case_id, row.c.seq,
            DELIVERY.c.id.label("delivery_id"), ATTEMPT.c.id.label("attempt_id"),
        )
        .select_from(of)
        .where(ids.holds(DELIVERY.c.id, DELIVERY.c.case_id), _in_ledger(), sa.or_(lost, other))
        .order_by(ATTEMPT.c.id)
    )  # fmt: skip


def _rows(ids: Ids) -> sa.Select[Any]:
    """Rows whose delivery or attempt is gone."""
    row = LEDGER.alias("row")
    lost = DELIVERY.c.id.is_(None)
    untried = sa.and_(row.c.attempt_id.is_not(None), ATTEMPT.c.id.is_(None))
    of = row.outerjoin(DELIVERY, DELIVERY.c.id == row.c.delivery_id).outerjoin(
        ATTEMPT,
        sa.and_(ATTEMPT.c.id == row.c.attempt_id, ATTEMPT.c.delivery_id == row.c.delivery_id),
    )
    return (
        sa.select(
            lost.label("first"), row.c.case_id, row.c.seq, row.c.delivery_id, row.c.attempt_id
        )
        .select_from(of)
        .where(ids.holds(row.c.delivery_id, row.c.case_id), sa.or_(lost, untried))
        .order_by(row.c.delivery_id, row.c.seq)
    )


def _carried(session: Session, ids: Ids) -> Iterator[Defect]:
    """Deliveries that hold something else than was owed, and attempts that carried it.

    Where the key is another one nothing can be said. What was emptied since is as it should be, and
    so is a notice from which somebody who was erased was taken out.
    """
    options, told = {"yield_per": LOT}, fingerprints()
    emptied = told(ERASED)
    for row in session.connection().execute(_payloads(ids), execution_options=options):
        if told(row.payload) not in (row.payload_hmac, emptied):
            yield Defect(
                Fault.PAYLOAD, case_of(row.case_id), whole(row.seq), delivery_id=row.id
            )  # fmt: skip
    for row in session.connection().execute(_tried(ids, emptied), execution_options=options):
        yield Defect(
            Fault.TRY_PAYLOAD, case_of(row.case_id), whole(row.seq),
            delivery_id=whole(row.delivery_id), attempt_id=whole(row.attempt_id),
        )  # fmt: skip


def _payloads(ids: Ids) -> sa.Select[Any]:
    owed = LEDGER.alias("owed")
    mine = sa.and_(owed.c.delivery_id == DELIVERY.c.id, owed.c.seq == _last_put(DELIVERY.c.id))
    return (
        sa.select(
            DELIVERY.c.id, DELIVERY.c.case_id, as_kept(DELIVERY.c.payload).label("payload"),
            owed.c.seq, owed.c.payload_hmac,
        )
        .select_from(DELIVERY.join(owed, mine))
        .where(
            ids.holds(DELIVERY.c.id, DELIVERY.c.case_id), owed.c.key_id == desk_key().id,
            DELIVERY.c.action != "notice",
        )
        .order_by(DELIVERY.c.id)
    )  # fmt: skip


def _tried(ids: Ids, emptied: str) -> sa.Select[Any]:
    row, owed = LEDGER.alias("row"), LEDGER.alias("owed")
    before = sa.and_(
        owed.c.delivery_id == row.c.delivery_id,
        owed.c.seq == _last_put(row.c.delivery_id, row.c.seq), owed.c.key_id == row.c.key_id,
    )  # fmt: skip
    return (
        sa.select(row.c.case_id, row.c.seq, row.c.delivery_id, row.c.attempt_id)
        .select_from(row.join(owed, before))
        .where(
            ids.holds(row.c.delivery_id, row.c.case_id), row.c.attempt_id.is_not(None),
            row.c.action != "notice",
            row.c.payload_hmac.not_in((owed.c.payload_hmac, emptied)),
        )
        .order_by(row.c.delivery_id, row.c.seq)
    )  # fmt: skip


def _last_put(delivery_id: Any, before: Any = None) -> sa.ScalarSelect[Any]:
    """The newest row (before this one) that says what the delivery was given to carry."""
    put = LEDGER.alias("put")
    query = sa.select(sa.func.max(put.c.seq)).where(
        put.c.delivery_id == delivery_id, put.c.kind.in_(("owed", "changed"))
    )
    return (query if before is None else query.where(put.c.seq < before)).scalar_subquery()


def _in_ledger() -> sa.ColumnElement[bool]:
    """Not of those that still wait to be taken over."""
    behind, upto = (
        sa.func.coalesce(sa.select(column).scalar_subquery(), 0)
        for column in (START.c.behind, START.c.upto)
    )  # fmt: skip
    return sa.or_(DELIVERY.c.id <= behind, DELIVERY.c.id > upto)
