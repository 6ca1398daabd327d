"""What is told regularly, without being asked: digests for a person or a channel."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from db.models.base import Json, id_field, index_while, one_of, owed, where_set


class Digest(SQLModel, table=True):
    """What somebody is told at their hour, or a Slack channel (`channel`) at that of its maker.

    `user_id` is the person, or the channel's maker: it tells what they may see when it is sent.
    `zone` is empty for the person's own. `last_for` is the local date that it was last due for,
    `last_at` the moment up to which it has told.
    """

    __table_args__ = (
        one_of("vendor", "email", "slack"),
        one_of("scope", "own", "team", "all"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour_of_day"),
        CheckConstraint("channel IS NULL OR vendor = 'slack'", name="channel_in_slack"),
        index_while("uq_digest_person", "channel IS NULL", "user_id", unique=True),
        where_set("uq_digest_channel", "channel", unique=True),
    )

    id: int | None = id_field()
    user_id: int = owed("user.id", ondelete="CASCADE")
    channel: str | None = None
    vendor: str
    hour: int
    zone: str | None = None
    days: list[int] = Field(default_factory=list, sa_type=Json)
    scope: str = "all"
    quiet: bool = False
    enabled: bool = False
    last_for: date | None = None
    last_at: datetime | None = None
    made_at: datetime
