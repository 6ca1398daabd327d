"""What the desk knows about itself: settings, secrets, audit trail and the data version."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from db.models.base import BigId, Json, id_field, json_field, now_utc, ref


class Setting(SQLModel, table=True):
    """One choice of the admin; `services.settings` names every key and its default."""

    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_type=Json)
    updated_at: datetime = Field(default_factory=now_utc)
    updated_by: int | None = ref("user.id")


class Secret(SQLModel, table=True):
    """A credential, encrypted (Fernet). Never shown, never logged."""

    name: str = Field(primary_key=True)
    ciphertext: bytes
    updated_at: datetime = Field(default_factory=now_utc)
    updated_by: int | None = ref("user.id")


class Audit(SQLModel, table=True):
    """Who did what to which row, and when; never changed. `data` holds ids and counts, no texts."""

    __table_args__ = (Index("ix_audit_at", "at", "id"),)

    id: int | None = id_field()
    at: datetime
    actor_id: int | None = ref("user.id")
    verb: str = Field(index=True)
    entity: str = ""
    entity_id: int | None = Field(default=None, sa_type=BigId)
    data: dict[str, Any] = json_field()


class DataVersion(SQLModel, table=True):
    """One row that rises with each committed write a page can show (`db.engine.bump`)."""

    __tablename__ = "data_version"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    n: int = Field(default=0, sa_type=BigId)
