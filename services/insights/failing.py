"""When the database does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError


class Unavailable(Exception):
    """The database did not answer; nothing was changed."""


@contextmanager
def answering() -> Iterator[None]:
    """Turn an engine's own word for being away into ours."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable("the database did not answer") from error
