"""Whom we listen to: units, accounts (companies) and contacts (the people who answer)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint
from sqlmodel import Field, SQLModel

from db.models.base import BigId, id_field, json_field, now_utc, one_of, ref, where_set


class Unit(SQLModel, table=True):
    """A part of the own organisation that owns accounts: a region, a site, a business line."""

    id: int | None = id_field()
    name: str = Field(unique=True)


class Account(SQLModel, table=True):
    """A customer company. `arr` is annual recurring revenue in `currency` (ISO 4217).

    `hold` is why nothing of it or of its people may be removed, if so.
    """

    __table_args__ = (
        CheckConstraint("arr IS NULL OR arr >= 0", name="arr_not_negative"),
        CheckConstraint("currency IS NULL OR length(currency) = 3", name="currency_iso"),
        Index("uq_account_name_norm", "name_norm", unique=True),
        where_set("uq_account_external_id", "external_id", unique=True),
    )

    id: int | None = id_field()
    external_id: str | None = None
    name: str
    name_norm: str
    domain: str | None = Field(default=None, index=True)
    arr: Decimal | None = Field(default=None, sa_type=Numeric(14, 2))
    currency: str | None = None
    renewal_on: date | None = None
    owner_id: int | None = ref("user.id", index=True)
    unit_id: int | None = ref("unit.id", index=True)
    stage: str | None = None
    churned_on: date | None = None
    hold: str | None = None
    props: dict[str, Any] = json_field()
    created_at: datetime = Field(default_factory=now_utc)


class Contact(SQLModel, table=True):
    """A person who answers. An erased contact keeps its row and its counts, nothing personal.

    `bounced_email` is the address (as in `email_norm`) from which mail came back for good; `hold`
    is why nothing of them may be removed, if so.
    """

    __table_args__ = (
        one_of("role", "buyer", "admin", "end_user"),
        one_of("population", "customer", "employee"),
        CheckConstraint(
            "erased_at IS NULL OR (email_norm IS NULL AND name IS NULL)", name="erased_is_nameless"
        ),
        where_set("uq_contact_email_norm", "email_norm", unique=True),
        where_set("uq_contact_external_id", "external_id", unique=True),
    )

    id: int | None = id_field()
    external_id: str | None = None
    email: str | None = None
    email_norm: str | None = None
    name: str | None = None
    account_id: int | None = ref("account.id", index=True)
    role: str | None = None
    population: str = "customer"
    language: str | None = None
    do_not_contact: bool = False
    bounced_email: str | None = None
    hold: str | None = None
    erased_at: datetime | None = None
    props: dict[str, Any] = json_field()
    created_at: datetime = Field(default_factory=now_utc)


class ExternalRef(SQLModel, table=True):
    """What a vendor calls one of our rows: (`entity`, `entity_id`) here is `remote_id` there."""

    __tablename__ = "external_ref"
    __table_args__ = (
        UniqueConstraint("entity", "vendor", "remote_id"),
        Index("ix_external_ref_entity", "entity", "entity_id", "vendor"),
        one_of("entity", "account", "contact", "case", "user", "message"),
    )

    id: int | None = id_field()
    entity: str
    entity_id: int = Field(sa_type=BigId)
    vendor: str
    remote_id: str
    created_at: datetime = Field(default_factory=now_utc)
