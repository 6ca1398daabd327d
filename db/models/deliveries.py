"""What is said to people and vendors: messages, templates, deliveries and their attempts."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from db.models.base import id_field, json_field, now_utc, one_of, owed, ref

PENDING = "state IN ('pending', 'sending')"


class Template(SQLModel, table=True):
    """A text to start a message from, per language, with merge fields."""

    __table_args__ = (Index("uq_template_name_language", "name", "language", unique=True),)

    id: int | None = id_field()
    name: str
    language: str = "en"
    subject: str = ""
    body: str
    owner_id: int | None = ref("user.id")
    shared: bool = False
    retired_at: datetime | None = None


class Message(SQLModel, table=True):
    """A text on a case: a note, a reply to the contact, or what came back.

    Erasing empties it; an undone one is kept and no longer shown.
    """

    __table_args__ = (
        one_of("kind", "note", "reply", "inbound", "call"),
        Index("ix_message_case", "case_id", "id"),
    )

    id: int | None = id_field()
    case_id: int = owed("case.id")
    kind: str
    author_id: int | None = ref("user.id")
    contact_id: int | None = ref("contact.id", index=True)
    template_id: int | None = ref("template.id")
    subject: str | None = None
    body: str | None = None
    message_id: str | None = Field(default=None, unique=True)
    created_at: datetime = Field(default_factory=now_utc)
    erased_at: datetime | None = None
    undone_at: datetime | None = None


class Delivery(SQLModel, table=True):
    """One intended effect at one vendor. `idem_key` names it, so that it happens once."""

    __table_args__ = (
        one_of("state", "pending", "sending", "sent", "unknown", "failed", "cancelled"),
        Index(
            "ix_delivery_due",
            "not_before",
            "id",
            sqlite_where=text(PENDING),
            postgresql_where=text(PENDING),
        ),
    )

    id: int | None = id_field()
    idem_key: str = Field(unique=True)
    case_id: int | None = ref("case.id", index=True)
    message_id: int | None = ref("message.id", index=True)
    vendor: str
    action: str
    state: str = "pending"
    payload: dict[str, Any] = json_field()
    not_before: datetime
    lease_until: datetime | None = None
    leased_by: str | None = None
    attempts: int = 0
    remote_id: str | None = None
    last_error: str | None = None
    created_at: datetime = Field(default_factory=now_utc)


class DeliveryAttempt(SQLModel, table=True):
    """One try at a delivery and how it ended; never changed. The payload only as an HMAC."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (Index("ix_delivery_attempt_delivery", "delivery_id", "id"),)

    id: int | None = id_field()
    delivery_id: int = owed("delivery.id")
    at: datetime
    state: str
    remote_id: str | None = None
    error: str | None = None
    payload_hmac: str
