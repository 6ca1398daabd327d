"""Deliveries that are older than the ledger come into it, as they stand: once, lot by lot."""

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.models import metadata
from services.ledger.writing import Step, append, known, settled

DELIVERY, ATTEMPT, START = (
    metadata.tables[name] for name in ("delivery", "delivery_attempt", "ledger_start")
)
LOT = 1000


def left(session: Session) -> int:
    """How far there is still to go, in ids."""
    found = session.connection().execute(sa.select(START.c.upto - START.c.behind)).scalar()
    return found or 0


def take_over(session: Session) -> bool:
    """Take the next lot over; whether there is more. Many who do it at once take turns."""
    mine = sa.select(START.c.upto, START.c.behind).with_for_update()
    upto, behind = session.connection().execute(mine).one()
    query = (
        sa.select(DELIVERY).where(DELIVERY.c.id > behind, DELIVERY.c.id <= upto)
        .order_by(DELIVERY.c.id).limit(LOT)
    )  # fmt: skip
    found = session.connection().execute(query).mappings().all()
    there = known(session, [row["id"] for row in found])
    append(session, list(_steps(session, [row for row in found if row["id"] not in there])))
    behind = found[-1]["id"] if len(found) == LOT else upto
    session.connection().execute(START.update().values(behind=behind))
    return bool(behind < upto)


def _steps(session: Session, found: Sequence[sa.RowMapping]) -> Iterator[Step]:
    query = (
        sa.select(ATTEMPT).where(ATTEMPT.c.delivery_id.in_([row["id"] for row in found]))
        .order_by(ATTEMPT.c.id)
    )  # fmt: skip
    tries: dict[int, list[sa.RowMapping]] = {}
    for each in session.connection().execute(query).mappings():
        tries.setdefault(each["delivery_id"], []).append(each)
    for row in found:
        for each in tries.get(row["id"], ()):
            yield _step(
                row, at=each["at"], state=each["state"], attempt_id=each["id"],
                remote_id=each["remote_id"] or row["remote_id"],
                payload_hmac=each["payload_hmac"],
            )  # fmt: skip
        yield _step(
            row, at=row["ended_at"] or row["created_at"], state=settled(row["state"]),
            remote_id=row["remote_id"], actor_id=row["actor_id"],
        )  # fmt: skip


def _step(row: sa.RowMapping, **values: Any) -> Step:
    return Step(
        case_id=row["case_id"] or 0, delivery_id=row["id"], kind="taken_over",
        vendor=row["vendor"], action=row["action"], **values,
    )  # fmt: skip
