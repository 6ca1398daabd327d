"""Bring a database to the newest version: `upgrade(engine)`; safe to run at every start."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import Session

HERE = Path(__file__).parent / "migrations"


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(HERE))
    return made


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Run all migrations up to `revision` in one transaction."""
    with engine.begin() as connection:
        raise_to(connection, revision)


def raise_to(connection: sa.Connection, revision: str = "head") -> None:
    """Run all migrations up to `revision` in the transaction of the connection."""
    settings = config()
    if connection.dialect.name == "postgresql":  # two processes may start at once
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7261)"))
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def revisions() -> list[str]:
    """Every revision, oldest first."""
    script = ScriptDirectory.from_config(config())
    return [step.revision for step in reversed(list(script.walk_revisions()))]


@cache
def newest() -> str:
    """The revision that this code is for."""
    return revisions()[-1]


def standing(session: Session) -> str | None:
    """The revision that the session's database stands at."""
    return MigrationContext.configure(session.connection()).get_current_revision()


def at(engine: sa.Engine) -> str | None:
    """The revision the database stands at."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()
