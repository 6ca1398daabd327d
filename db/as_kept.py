"""Whatever stands in a column is read, also what its type does not take: SQLite keeps anything."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from db.engine import is_sqlite

Value = TypeVar("Value")
# Python knows no moment beyond; PostgreSQL does.
FIRST, LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
_ANY = partial(str, encoding="utf-8", errors="surrogateescape")


class _AsKept(sa.types.TypeDecorator[Any]):
    """Values of the type, and what is none of it as the driver gives it."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, of: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return self.of.dialect_impl(dialect)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        read = self.of.dialect_impl(dialect).result_processor(dialect, coltype)
        return None if read is None else partial(_read, read)


def _read(read: Any, value: Any) -> Any:
    try:
        return read(value)
    except (TypeError, ValueError, AttributeError, RecursionError):
        return value


def as_kept(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The column in a SELECT. A moment that Python does not know comes as None."""
    kept = column.type
    if isinstance(kept, UTCDateTime):
        column = sa.case((column.between(FIRST, LAST), column))
    return sa.type_coerce(column, _AsKept(kept))


def through_any_text(session: Session, read: Callable[[], Value]) -> Value:
    """What `read` gives; where it meets text that is no UTF-8, what it gives when that is read too.

    All text read so would take twice as long, so it is read once more.
    """
    try:
        return read()
    except sa.exc.OperationalError:
        if not is_sqlite(session):  # it refuses such text
            raise
    raw: Any = session.connection().connection.driver_connection
    usual, raw.text_factory = raw.text_factory, _ANY
    try:
        return read()
    finally:
        raw.text_factory = usual
