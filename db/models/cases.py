"""Work owed to a contact: cases, their journal, tags and root causes."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, text
from sqlmodel import Field, SQLModel

from db.models.base import BigId, id_field, json_field, now_utc, one_of, owed, ref

UNRESOLVED = "status NOT IN ('resolved', 'merged')"


class RootCause(SQLModel, table=True):
    """An entry of the taxonomy that says why a case arose."""

    __tablename__ = "root_cause"

    id: int | None = id_field()
    name: str = Field(unique=True)
    retired_at: datetime | None = None


class Case(SQLModel, table=True):
    """Work owed to one contact for one reason; at most one unresolved case per pair."""

    __tablename__ = "case"
    __table_args__ = (
        one_of("status", "new", "open", "waiting", "resolved", "merged"),
        CheckConstraint("(status = 'merged') = (merged_into IS NOT NULL)", name="merged_somewhere"),
        CheckConstraint(
            "status <> 'resolved' OR (outcome IS NOT NULL AND root_cause_id IS NOT NULL)",
            name="resolved_says_why",
        ),
        Index(
            "uq_case_unresolved",
            "contact_id",
            "reason_key",
            unique=True,
            sqlite_where=text(UNRESOLVED),
            postgresql_where=text(UNRESOLVED),
        ),
        Index(
            "ix_case_queue",
            text("priority DESC"),
            "first_due",
            "id",
            sqlite_where=text(UNRESOLVED),
            postgresql_where=text(UNRESOLVED),
        ),
        Index("ix_case_assignee", "assignee_id", "status"),
    )

    id: int | None = id_field()
    number: int = Field(unique=True, sa_type=BigId)
    contact_id: int | None = ref("contact.id", index=True)
    account_id: int | None = ref("account.id", index=True)
    reason_key: str = "detractor"
    version: int = Field(default=1, sa_type=Integer)
    status: str = "new"
    assignee_id: int | None = ref("user.id")
    team_id: int | None = ref("team.id", index=True)
    priority: int = 0
    priority_reasons: list[str] = json_field()
    opened_at: datetime
    first_due: datetime | None = None
    close_due: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0
    snoozed_until: datetime | None = None
    merged_into: int | None = ref("case.id")
    outcome: str | None = None
    root_cause_id: int | None = ref("root_cause.id")
    contacted_at: datetime | None = None
    resolved_at: datetime | None = None


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


class Tag(SQLModel, table=True):
    """A word that people put on cases."""

    id: int | None = id_field()
    name: str = Field(unique=True)


class CaseTag(SQLModel, table=True):
    """A tag on a case."""

    __tablename__ = "case_tag"

    case_id: int = Field(primary_key=True, foreign_key="case.id", sa_type=BigId, ondelete="CASCADE")
    tag_id: int = Field(primary_key=True, foreign_key="tag.id", sa_type=BigId, index=True)
