"""Work owed to a contact: cases, their journal, tags and root causes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.base import (
    BigId,
    Json,
    id_field,
    index_while,
    json_field,
    now_utc,
    one_of,
    owed,
    ref,
    where_set,
)

UNRESOLVED = "status NOT IN ('resolved', 'merged')"
UNHEARD = "escalation < 2"  # the manager has not heard of it: domain/escalating.MANAGER
RESOLVED = "resolved_at IS NOT NULL"
# Its order, then what the queue's tabs are counted by: so a count reads the index alone.
QUEUE = (
    "rank_at", "id", "status", "assignee_id", "due_at", "snoozed_until", "unit_id",
    "escalated_to_id",
)  # fmt: skip

# What somebody has to do, in its order; it is counted from the index alone, too.
OWN = ("assignee_id", "rank_at", "id", "status", "snoozed_until", "unit_id")


class RootCause(SQLModel, table=True):
    """An entry of the taxonomy that says why a case arose; a proposed one waits for acceptance."""

    __tablename__ = "root_cause"

    id: int | None = id_field()
    name: str = Field(unique=True)
    retired_at: datetime | None = None
    proposed_by: int | None = ref("user.id", ondelete=None)
    accepted_at: datetime | None = None


class Case(SQLModel, table=True):
    """Work owed to one contact for one reason; at most one unresolved case per pair.

    The journal (`CaseEvent`) is the truth: every column that a move changes is the fold of its
    events. `response_id` is the answer it is about (the last that joined), `due_at` the promise
    that runs now (none while it is paused or resolved), `rank_at` the place in the queue: the due
    time moved forward by `priority` hours, of which `given_reasons` are those that rules added.
    `two_sides` is what waits for a decision because a vendor has the case, too (none: nothing).
    `change_seq` is the data version of the last change.
    """

    __tablename__ = "case"
    __table_args__ = (
        one_of("status", "new", "open", "waiting", "resolved", "merged"),
        CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged_somewhere"),
        CheckConstraint(
            "status <> 'resolved' OR (outcome IS NOT NULL AND root_cause_id IS NOT NULL)",
            name="resolved_says_why",
        ),
        index_while("uq_case_unresolved", UNRESOLVED, "contact_id", "reason_key", unique=True),
        index_while("ix_case_queue", UNRESOLVED, *QUEUE),
        index_while("ix_case_due", UNRESOLVED, "due_at", "breached_due"),
        index_while("ix_case_assignee", UNRESOLVED, *OWN),
        index_while(
            "ix_case_escalated",
            f"escalated_to_id IS NOT NULL AND {UNRESOLVED}",
            "escalated_to_id",
            "status",
            "unit_id",
        ),
        index_while("ix_case_unheard", f"{UNHEARD} AND {UNRESOLVED}", "due_at"),
        index_while(
            "ix_case_idle", f"assignee_id IS NOT NULL AND {UNRESOLVED}", "team_id", "idle_since"
        ),
        Index("ix_case_opened", "opened_at", "id", "status", "unit_id"),
        index_while("ix_case_resolved", RESOLVED, "resolved_at", "id", "status", "unit_id"),
        Index("ix_case_change_seq", "change_seq"),
        where_set("ix_case_merged_into", "merged_into"),
        one_of("two_sides", "changed", "changed solved", "solved"),
        where_set("ix_case_two_sides", "two_sides"),
    )

    id: int | None = id_field()
    number: int = Field(unique=True, sa_type=BigId)
    contact_id: int | None = ref("contact.id", index=True)
    account_id: int | None = ref("account.id", index=True)
    unit_id: int | None = ref("unit.id", ondelete=None)
    response_id: int | None = ref("response.id", ondelete=None)
    reason_key: str = "detractor"
    version: int = Field(default=1, sa_type=Integer)
    status: str = "new"
    assignee_id: int | None = ref("user.id")
    team_id: int | None = ref("team.id", index=True)
    priority: int = 0
    priority_reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    given_reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    rank_at: datetime | None = None
    opened_at: datetime
    first_due: datetime | None = None
    close_due: datetime | None = None
    due_at: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0
    snoozed_until: datetime | None = None
    merged_into: int | None = ref("case.id")
    outcome: str | None = None
    root_cause_id: int | None = ref("root_cause.id")
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None
    contact_seconds: int | None = None
    close_seconds: int | None = None
    asked: bool = False
    breached_due: datetime | None = None
    escalated_at: datetime | None = None
    escalated_to_id: int | None = ref("user.id", ondelete=None)
    escalation: int = Field(default=0, sa_type=Integer)
    idle_since: datetime | None = None
    play: str | None = Field(default=None, index=True)
    steps: list[str] = Field(default_factory=list, sa_type=Json)
    ideal_customer: bool | None = None
    play_result: str | None = None
    two_sides: str | None = None
    change_seq: int = Field(default=0, sa_type=BigId)


class CaseResponse(SQLModel, table=True):
    """A response that belongs to a case: the one that opened it and those that joined."""

    __tablename__ = "case_response"

    case_id: int = Field(primary_key=True, foreign_key="case.id", sa_type=BigId)
    response_id: int = Field(primary_key=True, foreign_key="response.id", sa_type=BigId, index=True)
    joined_at: datetime = Field(default_factory=now_utc)


class CaseEvent(SQLModel, table=True):
    """The journal: one fact a row, never changed. `data` holds ids and states, never texts."""

    __tablename__ = "case_event"
    __table_args__ = (Index("ix_case_event_case", "case_id", "id"),)

    id: int | None = id_field()
    case_id: int = owed("case.id")
    actor_id: int | None = ref("user.id")
    at: datetime = Field(index=True)
    kind: str
    data: dict[str, Any] = json_field()
    undo_of: int | None = ref("case_event.id")
    batch_id: str | None = Field(default=None, index=True)


class Draft(SQLModel, table=True):
    """What somebody has typed on a case and not sent; erasing the contact removes it."""

    __table_args__ = (one_of("kind", "note", "contact", "reply"),)

    user_id: int = Field(primary_key=True, foreign_key="user.id", sa_type=BigId, ondelete="CASCADE")
    case_id: int = Field(
        primary_key=True, foreign_key="case.id", sa_type=BigId, ondelete="CASCADE", index=True
    )
    kind: str = Field(primary_key=True)
    body: str
    subject: str | None = None
    way: str | None = None
    at: datetime | None = None
    updated_at: datetime


class SavedView(SQLModel, table=True):
    """A filter of the queue under a name: the person's own, or shared; `proposed` waits for a yes.

    `query` is what the URL of the queue holds.
    """

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("owner_id", "name", name="uq_saved_view_owner_id"),)

    id: int | None = id_field()
    owner_id: int = owed("user.id", ondelete="CASCADE")
    name: str
    query: str
    shared: bool = False
    proposed: bool = False
    created_at: datetime


class Presence(SQLModel, table=True):
    """Who has a case open since when they were last heard of; nobody's history."""

    user_id: int = Field(primary_key=True, foreign_key="user.id", sa_type=BigId, ondelete="CASCADE")
    case_id: int = Field(
        primary_key=True, foreign_key="case.id", sa_type=BigId, ondelete="CASCADE", index=True
    )
    at: datetime
    writing: bool = False


class Ask(SQLModel, table=True):
    """A contact was asked for a favour (a review, say), and what came of it: counts for the cap."""

    __table_args__ = (one_of("kind", "review", "referral", "case_study", "advocacy"),)

    id: int | None = id_field()
    contact_id: int = owed("contact.id", index=True)
    case_id: int | None = ref("case.id", index=True)
    kind: str
    asked_by: int | None = ref("user.id", ondelete=None)
    at: datetime
    undone_at: datetime | None = None
    result: str | None = None
    result_at: datetime | None = None


class Tag(SQLModel, table=True):
    """A word that people put on cases."""

    id: int | None = id_field()
    name: str = Field(unique=True)


class CaseTag(SQLModel, table=True):
    """A tag on a case."""

    __tablename__ = "case_tag"

    case_id: int = Field(primary_key=True, foreign_key="case.id", sa_type=BigId, ondelete="CASCADE")
    tag_id: int = Field(primary_key=True, foreign_key="tag.id", sa_type=BigId, index=True)
