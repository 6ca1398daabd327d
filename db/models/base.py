"""What every table shares: column types that mean the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, Integer, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata: MetaData = SQLModel.metadata

# SQLite counts rowids only in a column declared INTEGER; PostgreSQL needs 64 bits.
BigId = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON().with_variant(JSONB(none_as_null=True), "postgresql")


def id_field() -> Any:
    """The primary key of a table: 64 bits, given by the database."""
    return Field(default=None, primary_key=True, sa_type=BigId)


def ref(target: str, *, index: bool = False, ondelete: Any = "RESTRICT") -> Any:
    """An optional reference to `target` ("table.column")."""
    return Field(
        default=None,
        foreign_key=target,
        sa_type=BigId,
        index=index,
        ondelete=ondelete,
        nullable=True,
    )


def owed(target: str, *, index: bool = False, ondelete: Any = "RESTRICT") -> Any:
    """A required reference to `target` ("table.column")."""
    return Field(foreign_key=target, sa_type=BigId, index=index, ondelete=ondelete)


def json_field() -> Any:
    """A JSON object, empty by default. In-place changes are not saved: assign a new object."""
    return Field(default_factory=dict, sa_type=Json)


def one_of(column: str, *values: str) -> CheckConstraint:
    """The column holds one of `values` (or NULL where it may be null)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def where_set(name: str, column: str, *, unique: bool = False) -> Index:
    """An index over the rows that have a value in `column`."""
    return index_while(name, f"{column} IS NOT NULL", column, unique=unique)


def index_while(name: str, condition: str, *columns: str, unique: bool = False) -> Index:
    """An index over the rows for which the condition holds."""
    only = text(condition)
    return Index(name, *columns, unique=unique, sqlite_where=only, postgresql_where=only)


def now_utc() -> datetime:
    """Default of `created_at`; verbs pass their own `now` wherever a rule depends on it."""
    return datetime.now(UTC)
