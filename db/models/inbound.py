"""What vendors tell the desk, each once."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.base import id_field, json_field, one_of, ref


class Inbound(SQLModel, table=True):
    """Something that came from a vendor; (`vendor`, `event_id`) names it, so that it counts once.

    A `look` says that something changed in `thread`, a `change` is what was read there, an `act` is
    what somebody pressed. `at` is its time by the vendor's clock. `says` names what it is about
    (reply, status, claim ...), and stays; `payload` is what applying needs, and is emptied with it.
    `note` says why it was ignored or failed.
    """

    __table_args__ = (
        one_of("kind", "look", "change", "act"),
        one_of("state", "new", "done", "ignored", "failed"),
        UniqueConstraint("vendor", "event_id", name="uq_inbound_vendor"),
        Index("ix_inbound_thread", "vendor", "thread", "kind", "id"),
        Index("ix_inbound_state", "state", "vendor", "id"),
        Index("ix_inbound_vendor", "vendor", "id"),
    )

    id: int | None = id_field()
    vendor: str
    event_id: str
    kind: str
    case_id: int | None = ref("case.id", index=True)
    thread: str | None = None
    at: datetime | None = None
    received_at: datetime
    state: str = "new"
    attempts: int = Field(default=0)
    next_at: datetime
    ended_at: datetime | None = None
    note: str | None = None
    says: dict[str, Any] = json_field()
    payload: dict[str, Any] = json_field()
