"""An intended effect becomes a row, in the transaction of what it follows from."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Delivery, ExternalRef
from services.domain.retrying import OPEN, State
from services.keyed import keyed
from services.ledger.noting import said

ERASED = {"erased": True}  # the payload of what was about a person who was erased


def owe(
    session: Session,
    *,
    key: str,
    vendor: str,
    action: str,
    body: Mapping[str, Any],
    now: datetime,
    hold: timedelta = timedelta(0),
    why: dict[str, Any] | None = None,
    **values: Any,
) -> Delivery:
    """The delivery that `key` names, made if there is none; it leaves after `hold`.

    `values` are further columns: case_id, message_id, user_id, actor_id, lane. `why` is what the
    ledger says of its reason, in ids.
    """
    known = session.exec(select(Delivery).where(Delivery.idem_key == key)).one_or_none()
    if known is not None:
        return known
    made = Delivery(
        idem_key=key, vendor=vendor, action=action, payload=dict(body), not_before=now + hold,
        created_at=now, **values,
    )  # fmt: skip
    session.add(made)
    session.flush()
    if why:
        said(session, made, why=why)
    return made


def lane(vendor: str, case_id: int) -> str:
    """One case at one vendor: what is owed there leaves one after the other."""
    return f"{vendor}:{case_id}"


def thread_of(session: Session, vendor: str, case_id: int | None) -> str | None:
    """What the vendor calls this case, if it has it."""
    query = (
        select(ExternalRef.remote_id)
        .where(
            ExternalRef.entity == "case", ExternalRef.entity_id == case_id,
            ExternalRef.vendor == vendor,
        )
        .order_by(col(ExternalRef.id).desc())
    )  # fmt: skip
    return session.exec(query).first()


def still_open(state: Any) -> sa.ColumnElement[bool]:
    """Whether a delivery of this state is on its way, in the words of the partial index on lanes:
    with bound values SQLite does not see that it holds, and reads the whole table."""
    words: sa.BindParameter[Any] = sa.bindparam(
        "open", [each.value for each in OPEN], expanding=True, literal_execute=True
    )
    return col(state).in_(words)


def open_in(session: Session, vendor: str, case_id: int, action: str) -> Delivery | None:
    """The newest delivery of this action that is still on its way."""
    query = (
        select(Delivery)
        .where(
            Delivery.lane == lane(vendor, case_id), Delivery.action == action,
            still_open(Delivery.state),
        )
        .order_by(col(Delivery.id).desc())
    )  # fmt: skip
    return session.exec(query).first()


def withdraw(
    session: Session, delivery: Delivery, why: str, now: datetime, by: int | None = None
) -> bool:
    """Cancel what has not left; whether it could be. The row is locked by this."""
    session.refresh(delivery, with_for_update=True)
    if delivery.state != State.PENDING:
        return False
    said(session, delivery, "cancelled", actor_id=by, at=now)
    delivery.state, delivery.last_error, delivery.ended_at = State.CANCELLED.value, why, now
    session.add(delivery)
    session.flush()
    return True


def public_key(idem_key: str) -> str:
    """What the outside knows the effect by: no two desks have the same, and it tells nothing."""
    return f"ld-{keyed(b'outbox key', idem_key)[:32]}"
