"""Who works here: teams, users, what they may see, and how they prove who they are."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from db.models.base import BigId, id_field, json_field, now_utc, one_of, owed, ref

ROLES = ("admin", "manager", "csm", "support")


class Team(SQLModel, table=True):
    """People who share a lead and a business calendar (JSON: hours per weekday, holidays, zone).

    What the lead does not answer goes to `manager_id`. `round_robin`: cases are given in turn, the
    next one to whoever comes after `last_given_id`; `idle_hours` of nobody's work return a case.
    """

    id: int | None = id_field()
    name: str = Field(unique=True)
    lead_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("user.id", use_alter=True))
    )
    calendar: dict[str, Any] = json_field()
    manager_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("user.id", use_alter=True))
    )
    round_robin: bool = False
    idle_hours: int | None = None
    last_given_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("user.id", use_alter=True))
    )


class User(SQLModel, table=True):
    """A person who signs in. Without `password_hash` nobody can sign in by password.

    `notify` says what they want to hear of, and how (`services.notices`); `absent_since` is when
    it was said that they are away until `absent_until`; `last_view` what the queue opens with.
    """

    __table_args__ = (
        one_of("role", *ROLES),
        Index("uq_user_email_norm", "email_norm", unique=True),
    )

    id: int | None = id_field()
    name: str
    email: str
    email_norm: str
    role: str
    team_id: int | None = ref("team.id", index=True)
    time_zone: str | None = None
    password_hash: str | None = None
    absent_until: datetime | None = None
    absent_since: datetime | None = None
    capacity: int | None = None
    disabled_at: datetime | None = None
    notify: dict[str, Any] = json_field()
    last_view: str | None = None
    created_at: datetime = Field(default_factory=now_utc)


class UserUnit(SQLModel, table=True):
    """A unit whose accounts the user works for."""

    __tablename__ = "user_unit"

    user_id: int = Field(primary_key=True, foreign_key="user.id", sa_type=BigId, ondelete="CASCADE")
    unit_id: int = Field(primary_key=True, foreign_key="unit.id", sa_type=BigId, ondelete="CASCADE")


class UserSession(SQLModel, table=True):
    """A signed-in browser. Only the SHA-256 of its token is kept; deleting the row signs it out."""

    __tablename__ = "session"

    id: int | None = id_field()
    token_hash: str = Field(unique=True)
    csrf: str
    user_id: int = owed("user.id", index=True, ondelete="CASCADE")
    created_at: datetime
    expires_at: datetime
    last_seen_at: datetime
    agent: str = ""


class OneTimeLink(SQLModel, table=True):
    """A link that may be used once: `setup` makes the first admin, `reset` sets a password."""

    __tablename__ = "one_time_link"
    __table_args__ = (one_of("purpose", "setup", "reset"),)

    id: int | None = id_field()
    token_hash: str = Field(unique=True)
    purpose: str
    user_id: int | None = ref("user.id", index=True, ondelete="CASCADE")
    expires_at: datetime
    used_at: datetime | None = None


class Identity(SQLModel, table=True):
    """Somebody at a provider of identities: its name for them, which never changes, and who it is.

    Their address may change over there, or become somebody else's: it only counts the first time.
    """

    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_identity_issuer_subject"),)

    id: int | None = id_field()
    issuer: str
    subject: str
    user_id: int = owed("user.id", index=True, ondelete="CASCADE")
    created_at: datetime
    last_at: datetime


class SignInStart(SQLModel, table=True):
    """A browser that went to the provider of identities and has not come back; used once."""

    __tablename__ = "sign_in_start"

    id: int | None = id_field()
    state_hash: str = Field(unique=True)
    browser_hash: str
    nonce: str
    verifier: str
    path: str
    expires_at: datetime


class SignInFailure(SQLModel, table=True):
    """A failed sign-in, counted per `subject`: keyed hash of an account name or of an address."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_subject_at", "subject", "at"),)

    id: int | None = id_field()
    subject: str
    at: datetime


class ApiKey(SQLModel, table=True):
    """A machine's key: `prefix` names it in lists, only the SHA-256 of the whole is kept."""

    __tablename__ = "api_key"
    __table_args__ = (
        Index(
            "ix_api_key_live",
            "prefix",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: int | None = id_field()
    name: str
    prefix: str
    key_hash: str = Field(unique=True)
    scopes: list[str] = json_field()
    created_by: int | None = ref("user.id")
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None
