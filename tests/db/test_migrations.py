"""Migrations go up from every earlier version with data in the tables, on both engines."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import Session, select

from db import migrate, search
from db.engine import make_engine
from db.models import Case, Response, RootCause, metadata
from tests import builders as make

EARLIER = migrate.revisions()[:-1]


DUE = datetime(2026, 6, 16, 9, tzinfo=UTC)


def old_case(session: Session, contact_id: int) -> None:
    """A case as versions before 0004 could hold one: the columns of that time only."""
    session.execute(
        sa.text(
            'INSERT INTO "case" (id, number, contact_id, reason_key, version, status, priority, '
            "priority_reasons, opened_at, first_due, paused_seconds) VALUES "
            "(1, 1, :contact, 'detractor', 1, 'new', 0, '[]', :at, :due, 0)"
        ).bindparams(
            sa.bindparam("at", type_=sa.DateTime(timezone=True)),
            sa.bindparam("due", type_=sa.DateTime(timezone=True)),
        ),
        {"contact": contact_id, "at": make.NOW, "due": DUE},
    )
    session.execute(
        sa.text(
            "INSERT INTO case_response (case_id, response_id, joined_at) VALUES (1, 1, :at)"
        ).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))),
        {"at": make.NOW},
    )


def differences(engine: sa.Engine) -> list[object]:
    def known(_o: object, name: str | None, _k: str, _r: bool, _c: object) -> bool:
        by_hand = ("response_fts", "ix_response_fts")
        return not (name or "").startswith(by_hand)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": known})
        return list(compare_metadata(context, metadata))


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_the_migrations_make_exactly_the_tables_of_the_models(unmigrated_url: str) -> None:
    engine = make_engine(unmigrated_url)
    migrate.upgrade(engine)
    assert differences(engine) == []
    engine.dispose()


@pytest.mark.parametrize("start", EARLIER)
def test_a_desk_with_data_comes_up_from_every_version(unmigrated_url: str, start: str) -> None:
    engine = make_engine(unmigrated_url)
    migrate.upgrade(engine, start)
    with Session(engine) as session:
        person = make.contact(session, "dana@example.com", name="Dana")
        make.response(session, 3, comment="The export broke twice", contact_id=person.id)
        make.response(session, 9)
        if start < "0004":
            old_case(session, person.id or 0)
        session.commit()
    migrate.upgrade(engine)
    assert migrate.at(engine) == migrate.revisions()[-1]
    with Session(engine) as session:
        rows = session.exec(sa.select(Response.score, Response.comment)).all()
        assert sorted(rows) == [(3, "The export broke twice"), (9, None)]
        found = search.matches(session, "export")
        assert found is not None
        assert session.exec(sa.select(Response.score).where(found)).all() == [(3,)]
        for case in session.exec(select(Case)):
            assert (case.response_id, case.rank_at, case.due_at) == (1, DUE, DUE)
        assert session.exec(select(RootCause.name)).first()
    engine.dispose()


def test_going_up_twice_changes_nothing(database_url: str) -> None:
    engine = make_engine(database_url)
    with Session(engine) as session:
        make.response(session, answered_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
        session.commit()
    migrate.upgrade(engine)
    with Session(engine) as session:
        row = session.exec(sa.select(Response)).scalar_one()
        assert row.answered_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    engine.dispose()
