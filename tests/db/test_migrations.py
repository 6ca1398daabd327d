"""Migrations go up from every earlier version with data in the tables, on both engines."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import Session, select

from db import migrate, search
from db.engine import make_engine
from db.models import (
    Case,
    Contact,
    Delivery,
    Draft,
    Message,
    Response,
    RootCause,
    User,
    metadata,
)
from services.cases import two_sides
from services.cases.journal import journal
from services.domain.lifecycle import Status
from tests import builders as make

EARLIER = migrate.revisions()[:-1]


DUE = datetime(2026, 6, 16, 9, tzinfo=UTC)


def put(session: Session, table: str, **values: Any) -> None:
    """Insert a row with the columns that the table has at this version."""
    old = sa.Table(table, sa.MetaData(), autoload_with=session.connection())
    session.execute(old.insert(), values)


def old_contact(session: Session) -> int:
    put(
        session, "contact", id=1, email="dana@example.com", email_norm="dana@example.com",
        name="Dana", population="customer", do_not_contact=False, props={}, created_at=make.NOW,
    )  # fmt: skip
    return 1


def old_case(session: Session, contact_id: int, version: str) -> None:
    """A case as earlier versions could hold one, with a note and a delivery."""
    newer: dict[str, Any] = {} if version < "0004" else {"rank_at": DUE, "due_at": DUE,
        "response_id": 1, "asked": False, "change_seq": 0}  # fmt: skip
    put(
        session, "case", id=1, number=1, contact_id=contact_id, reason_key="detractor", version=1,
        status="new", priority=0, priority_reasons=[], opened_at=make.NOW, first_due=DUE,
        paused_seconds=0, **newer,
    )  # fmt: skip
    put(session, "case_response", case_id=1, response_id=1, joined_at=make.NOW)
    put(session, "message", id=1, case_id=1, kind="note", body="Call", created_at=make.NOW)
    put(
        session, "delivery", id=1, idem_key="slack:1", case_id=1, vendor="slack", action="post",
        state="pending", payload={}, not_before=make.NOW, attempts=0, created_at=make.NOW,
    )  # fmt: skip


def old_draft(session: Session) -> None:
    put(
        session, "user", id=1, name="Ana", email="a@example.com", email_norm="a@example.com",
        role="csm", created_at=make.NOW,
    )  # fmt: skip
    put(session, "draft", user_id=1, case_id=1, kind="note", body="I was", updated_at=make.NOW)


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


def words(text: str) -> set[str]:
    """The words that a check lists, however the database spells it."""
    return set(re.findall(r"'(\w+)'", text))


def test_each_column_takes_exactly_the_words_that_the_models_name(unmigrated_url: str) -> None:
    engine = make_engine(unmigrated_url)
    migrate.upgrade(engine)
    for name, table in metadata.tables.items():
        kept = {
            one["name"]: one["sqltext"] for one in sa.inspect(engine).get_check_constraints(name)
        }
        for check in table.constraints:
            if isinstance(check, sa.CheckConstraint):
                assert words(kept[str(check.name)]) == words(str(check.sqltext)), check.name
    engine.dispose()


@pytest.mark.parametrize("start", EARLIER)
def test_a_desk_with_data_comes_up_from_every_version(unmigrated_url: str, start: str) -> None:
    engine = make_engine(unmigrated_url)
    migrate.upgrade(engine, start)
    with Session(engine) as session:
        person = old_contact(session)
        make.response(session, 3, comment="The export broke twice", contact_id=person)
        make.response(session, 9)
        old_case(session, person, start)
        if start >= "0004":
            old_draft(session)
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
        assert session.exec(select(Contact.name, Contact.bounced_email)).all() == [("Dana", None)]
        assert session.exec(select(Delivery.state, Delivery.looks)).all() == [("pending", 0)]
        assert session.exec(select(Message.body, Message.way)).all() == [("Call", None)]
        kept = [("I was",)] if start >= "0004" else []
        assert session.exec(sa.select(Draft.body)).all() == kept
        assert session.exec(select(User.notify)).all() == ([{}] if kept else [])
    engine.dispose()


def test_what_waits_for_a_decision_is_read_from_the_journals(unmigrated_url: str) -> None:
    engine, status = make_engine(unmigrated_url), {"field": "status"}
    solved = {"changes": {"status": ["open", "resolved"]}}
    journals: dict[int, list[tuple[str, dict[str, Any], int | None]]] = {
        1: [("conflicted", status, None), ("noted", {}, None)],
        2: [("conflicted", status, None), ("done_there", {}, None)],
        3: [("conflicted", {"field": "owner"}, None), ("done_there", {}, None)],
        4: [("conflicted", status, None), ("settled", status, None)],
        5: [("done_there", {}, None), ("resolved", solved, None)],
        6: [("conflicted", {"field": "owner"}, None), ("assigned", {"changes": {}}, None)],
        7: [("conflicted", {"field": "owner"}, None), ("assigned", {"changes": {"assignee_id": [
            None, 1]}}, None), ("undone", {"changes": {"assignee_id": [1, None]}}, 2)],
        8: [("noted", {}, None)],
    }  # fmt: skip
    migrate.upgrade(engine, "0011")
    with Session(engine) as session:
        for id_, events in journals.items():
            put(session, "case", id=id_, number=id_, reason_key="detractor", version=1,
                status="open", priority=0, priority_reasons=[], opened_at=make.NOW, rank_at=DUE,
                paused_seconds=0, asked=False, change_seq=0)  # fmt: skip
            for k, (kind, data, back) in enumerate(events, 1):
                put(session, "case_event", id=id_ * 10 + k, case_id=id_, at=make.NOW, kind=kind,
                    data=data, undo_of=back and id_ * 10 + back)  # fmt: skip
        session.commit()
    migrate.upgrade(engine)
    with Session(engine) as session:
        found = dict(session.exec(select(Case.number, Case.two_sides)).all())
        for case in session.exec(select(Case)):  # as it will be read from now on
            events = journal(session, case.id or 0)
            assert case.two_sides == two_sides.spelt(events, Status(case.status))
    assert found == {1: "changed", 2: "solved", 3: "changed solved", 4: None, 5: None,
                     6: "changed", 7: None, 8: None}  # fmt: skip
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
