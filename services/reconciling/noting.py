"""What came of a look at a vendor: differences that are new or gone, and how far it has come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.engine import turn
from db.models import Delivery, Difference, Reconciliation
from services.domain.differences import Gap, gaps
from services.domain.retrying import State
from services.reconciling.runs import Item
from services.vendors.base import There


def note(
    session: Session, run_id: int, items: Sequence[Item], found: Mapping[str, There],
    now: datetime,
) -> None:  # fmt: skip
    """Write down what the vendor has of these, and go on behind them. Whoever else works on the
    run (the worker, somebody in the shell) may have done so meanwhile: once is enough."""
    turn(session)
    run = session.get_one(Reconciliation, run_id, with_for_update=True, populate_existing=True)
    if run.ended_at is not None or run.behind >= items[0].id:
        return
    for item in items:
        there = found.get(item.message.key)
        if there is None:
            run.cannot += 1
            continue
        run.looked += 1
        if item.state is State.UNKNOWN:
            _look_again(session, item, there, now)
        else:
            run.differences += _compare(session, run, item, there, now)
    run.behind = items[-1].id
    session.add(run)
    session.flush()


def end(session: Session, run_id: int, now: datetime, error: str | None = None) -> None:
    """The run has come to its end, or cannot go on."""
    turn(session)
    run = session.get_one(Reconciliation, run_id, with_for_update=True, populate_existing=True)
    if run.ended_at is not None:
        return
    run.ended_at, run.error = now, error
    session.add(run)
    session.flush()


def _look_again(session: Session, item: Item, there: There, now: datetime) -> None:
    """It is there, so nobody has to decide: the outbox looks once more, and keeps what it finds."""
    delivery = session.get(Delivery, item.id, with_for_update=True, populate_existing=True)
    if there.copies and delivery is not None and delivery.state == State.UNKNOWN:
        delivery.look_at, delivery.looks = now, 0
        session.add(delivery)


def _compare(session: Session, run: Reconciliation, item: Item, there: There, now: datetime) -> int:
    """Keep what differs, unless it is known; how much does."""
    wrong = dict(gaps(there.copies, there.ended, item.ours))
    query = select(Difference).where(Difference.delivery_id == item.id)
    known = session.exec(query.order_by(col(Difference.id))).all()
    still = {Gap(row.kind): row for row in known if row.settled_at is None}
    accepted = [(row.kind, row.data) for row in known if row.how == "accepted"]
    for gap, row in still.items():
        if gap not in wrong:
            row.settled_at, row.how = now, "gone"
            session.add(row)
    new = {gap: data for gap, data in wrong.items() if (gap, data) not in accepted}
    for gap, data in new.items():
        session.add(still.get(gap) or _new(run, item, gap, data, now))
    session.flush()
    return len(new)


def _new(
    run: Reconciliation, item: Item, gap: Gap, data: dict[str, Any], now: datetime
) -> Difference:
    return Difference(
        run_id=run.id or 0, found_at=now, vendor=run.vendor, case_id=item.case_id,
        delivery_id=item.id, kind=gap.value, data=data,
    )  # fmt: skip
