"""What was removed because it had been kept long enough."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from db.models.base import id_field, json_field, one_of, ref

RULES = ("comments", "contacts", "messages", "deliveries", "inbound", "traces")


class RetentionRun(SQLModel, table=True):
    """One run of one rule: what it removed, in counts, between its two times.

    `months` is what the rule said then. `actor_id` started it by hand; the nightly one is nobody's.
    Without `ended_at` it has not come to its end.
    """

    __tablename__ = "retention_run"
    __table_args__ = (one_of("rule", *RULES),)

    id: int | None = id_field()
    rule: str
    months: int
    actor_id: int | None = ref("user.id", ondelete=None)
    started_at: datetime = Field(index=True)
    ended_at: datetime | None = None
    counts: dict[str, Any] = json_field()
