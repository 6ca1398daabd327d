"""What is said to people and vendors: messages, templates, deliveries, notices."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from db.models.base import id_field, index_while, json_field, now_utc, one_of, owed, ref, where_set

OPEN = "state IN ('pending', 'sending', 'unknown')"


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

    `way` is the vendor that carries it. Erasing empties it; an undone one is kept and no longer
    shown. One that a rule wrote (`auto`) is about `response_id`; it needs no case.
    """

    __table_args__ = (
        one_of("kind", "note", "reply", "inbound", "call", "auto"),
        CheckConstraint("case_id IS NOT NULL OR response_id IS NOT NULL", name="about_something"),
        where_set("uq_message_auto", "response_id", unique=True),
        Index("ix_message_case", "case_id", "id"),
    )

    id: int | None = id_field()
    case_id: int | None = ref("case.id")
    response_id: int | None = ref("response.id", ondelete=None)
    kind: str
    way: str | None = None
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
    """One intended effect at one vendor. `idem_key` names it, so that it happens once.

    Those of one `lane` (one case at one vendor) leave in the order of their ids. `not_before` is
    when a pending one may leave, `look_at` when the vendor is asked about an unknown one (none: a
    person decides). `user_id` is the colleague whom a notice is for, `link` leads to it there.
    """

    __table_args__ = (
        one_of("state", "pending", "sending", "sent", "unknown", "failed", "cancelled"),
        index_while("ix_delivery_due", "state = 'pending'", "vendor", "not_before", "id"),
        index_while("ix_delivery_leased", "state = 'sending'", "lease_until"),
        index_while("ix_delivery_look", "state = 'unknown'", "vendor", "look_at"),
        index_while("ix_delivery_lane", OPEN, "lane", "id"),
        # The tabs of the list are counted from it alone, in a state they are read in its order.
        Index(
            "ix_delivery_state",
            "state",
            "id",
            "user_id",
            "case_id",
            "vendor",
            "look_at",
        ),
    )

    id: int | None = id_field()
    idem_key: str = Field(unique=True)
    case_id: int | None = ref("case.id", index=True)
    message_id: int | None = ref("message.id", index=True)
    user_id: int | None = ref("user.id", index=True, ondelete=None)
    actor_id: int | None = ref("user.id", ondelete=None)
    vendor: str
    action: str
    lane: str | None = None
    state: str = "pending"
    payload: dict[str, Any] = json_field()
    not_before: datetime
    lease_until: datetime | None = None
    leased_by: str | None = None
    look_at: datetime | None = None
    looks: int = 0
    attempts: int = 0
    remote_id: str | None = None
    link: str | None = None
    last_error: str | None = None
    created_at: datetime = Field(default_factory=now_utc)
    ended_at: datetime | None = None


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


class Integration(SQLModel, table=True):
    """A vendor that an admin connected, and how it is doing. Its secrets are rows of `secret`.

    `revision` rises with each change of `config` or of a secret. Nothing is sent while it is
    `paused_at` (by a person) or `broken_at` (it no longer takes our credentials), nor before
    `closed_until` (it asked for a rest, or failed `failures` times in a row).
    """

    name: str = Field(primary_key=True)
    config: dict[str, Any] = json_field()
    revision: int = 1
    connected_at: datetime
    connected_by: int | None = ref("user.id", ondelete=None)
    paused_at: datetime | None = None
    broken_at: datetime | None = None
    closed_until: datetime | None = None
    failures: int = 0
    last_ok_at: datetime | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None


class Job(SQLModel, table=True):
    """Periodic work: whoever holds its lease does it, `state` is what it has to remember."""

    name: str = Field(primary_key=True)
    next_at: datetime
    lease_until: datetime | None = None
    leased_by: str | None = None
    last_at: datetime | None = None
    last_error: str | None = None
    state: dict[str, Any] = json_field()


NOTICES = (
    "assigned", "due", "breached", "failed", "answered", "vendor", "escalated", "returned", "rule",
    "synced",
)  # fmt: skip


class Notice(SQLModel, table=True):
    """Something a colleague wants to hear of; `sent_at` once a delivery carries it."""

    __table_args__ = (
        one_of("kind", *NOTICES),
        index_while("ix_notice_waiting", "sent_at IS NULL", "user_id", "id"),
    )

    id: int | None = id_field()
    user_id: int = owed("user.id", ondelete="CASCADE")
    kind: str
    case_id: int | None = ref("case.id", index=True, ondelete=None)
    about: str = Field(unique=True)
    data: dict[str, Any] = json_field()
    at: datetime
    sent_at: datetime | None = None
