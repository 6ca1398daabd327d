"""What was sent where, chained so that nobody can change it unseen, and what vendors say of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer
from sqlmodel import Field, SQLModel

from db.models.base import BigId, id_field, index_while, json_field, one_of, owed, ref

STEPS = (
    "owed", "changed", "attempt", "decided", "cancelled", "replayed", "moved", "taken_over",
)  # fmt: skip
GAPS = ("missing", "twice", "state")


class Ledger(SQLModel, table=True):
    """One step of a delivery, sealed; never changed. Ids and states only, no text, no address.

    The rows of a case are a chain: `prev` is the hash of the row before, `hash` an HMAC of all
    the rest. Case 0 is the chain of what belongs to no case. It refers to other rows without
    foreign keys: to check them would lock rows after the heads, which are locked last.
    """

    __table_args__ = (
        one_of("kind", *STEPS),
        Index("ix_ledger_delivery", "delivery_id", "seq"),
    )

    case_id: int = Field(primary_key=True, sa_type=BigId)
    seq: int = Field(primary_key=True, sa_type=BigId)
    at: datetime
    kind: str
    delivery_id: int = Field(sa_type=BigId)
    attempt_id: int | None = Field(default=None, sa_type=BigId)
    vendor: str
    action: str
    actor_id: int | None = Field(default=None, sa_type=BigId)
    why: dict[str, Any] = json_field()
    state: str
    remote_id: str | None = None
    payload_hmac: str | None = None
    key_id: str
    prev: str
    hash: str


class LedgerHead(SQLModel, table=True):
    """Where a chain ends, so that rows cut off there are missed; `seal` is an HMAC of the rest.

    That of case -1 is about all chains together: their rows, and the sum of their seals.
    """

    __tablename__ = "ledger_head"

    case_id: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    n: int = Field(sa_type=BigId)
    hash: str
    key_id: str
    seal: str


class LedgerStart(SQLModel, table=True):
    """One row: deliveries up to the id `upto` are older than the ledger; those up to `behind`
    have been taken over into it."""

    __tablename__ = "ledger_start"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True, sa_type=Integer)
    upto: int = Field(default=0, sa_type=BigId)
    behind: int = Field(default=0, sa_type=BigId)


class Reconciliation(SQLModel, table=True):
    """One comparison with a vendor: how many deliveries were looked up there, and what came out.

    `cannot` counts those that this vendor can tell nothing about.
    """

    __table_args__ = (Index("ix_reconciliation_vendor", "vendor", "id"),)

    id: int | None = id_field()
    vendor: str
    started_at: datetime
    ended_at: datetime | None = None
    looked: int = 0
    cannot: int = 0
    differences: int = 0
    behind: int = Field(default=0, sa_type=BigId)
    error: str | None = None


class Difference(SQLModel, table=True):
    """Something that the vendor has otherwise than the ledger says. `data` holds ids and states.

    `how` says what came of it: sent_again, accepted, or gone (a later run found it right).
    """

    __table_args__ = (
        one_of("kind", *GAPS),
        one_of("how", "sent_again", "accepted", "gone"),
        index_while("uq_difference_open", "settled_at IS NULL", "delivery_id", "kind",
                    unique=True),
    )  # fmt: skip

    id: int | None = id_field()
    run_id: int = owed("reconciliation.id", index=True)
    found_at: datetime
    vendor: str
    case_id: int | None = ref("case.id", index=True)
    delivery_id: int = owed("delivery.id", index=True)
    kind: str
    data: dict[str, Any] = json_field()
    settled_at: datetime | None = None
    settled_by: int | None = ref("user.id", ondelete=None)
    how: str | None = None
