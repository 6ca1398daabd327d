"""What was owed and is not wanted any more does not leave, and its author hears of that."""

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db import engine
from db.models import Delivery, Integration, Message, Notice
from services import config
from services.cases.following import having
from services.domain.retrying import Pace
from services.outbox import claiming
from services.outbox.claiming import claim
from services.outbox.owing import owe
from tests import builders as make
from tests.builders import NOW

PACE = Pace()


@pytest.fixture(autouse=True)
def connected(session: Session) -> None:
    session.add(Integration(name="email", connected_at=NOW))
    session.flush()


def replies(session: Session, n: int, actor_id: int | None) -> None:
    person = make.contact(session, do_not_contact=True)
    case = make.case(session, contact_id=make.contact(session).id)
    message = Message(case_id=case.id or 0, kind="reply", contact_id=person.id, created_at=NOW)
    session.add(message)
    session.flush()
    for each in range(n):
        owe(
            session, key=f"r{each}", vendor="email", action="reply", body={}, now=NOW,
            case_id=case.id, message_id=message.id, actor_id=actor_id,
        )  # fmt: skip


def test_the_author_hears_that_a_reply_did_not_leave(session: Session) -> None:
    ana = make.user(session, notify={"way": "email"})
    replies(session, 1, ana.id)
    assert claim(session, "email", NOW, "w", PACE) is None
    notice = session.exec(select(Notice)).one()
    assert (notice.user_id, notice.kind, notice.data["state"]) == (ana.id, "failed", "cancelled")


def test_many_at_once_do_not_leave_either(session: Session) -> None:
    replies(session, 1100, None)  # more than a verb may call itself
    assert claim(session, "email", NOW, "w", PACE) is None
    assert set(session.exec(select(Delivery.state))) == {"cancelled"}


def test_a_notice_does_not_go_to_a_colleague_who_left(session: Session) -> None:
    ana, ben = make.user(session), make.user(session, disabled_at=NOW)
    for user in (ben, ana):
        owe(
            session, key=f"n{user.id}", vendor="email", action="notice", body={"to": user.id},
            now=NOW, user_id=user.id,
        )  # fmt: skip
    claimed = claim(session, "email", NOW, "w", PACE)
    assert claimed is not None and claimed.body == {"to": ana.id}
    assert claim(session, "email", NOW, "w", PACE) is None


def test_a_demo_does_not_even_ask_a_vendor(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = owe(session, key="k", vendor="email", action="reply", body={}, now=NOW)
    made.state, made.look_at = "unknown", NOW
    monkeypatch.setenv("LOOPDESK_DEMO", "1")
    config.load.cache_clear()
    try:
        assert claim(session, "email", NOW, "w", PACE) is None
        assert (made.state, made.look_at) == ("unknown", None)
    finally:
        monkeypatch.undo()
        config.load.cache_clear()


def test_sqlite_reads_no_more_than_a_case_and_its_lanes(sqlite_desk: sa.Engine) -> None:
    plans = list[str]()

    @sa.event.listens_for(sqlite_desk, "before_cursor_execute")
    def _explain(
        _c: object, cursor: sa.CursorResult, text: str, values: object, *_: object
    ) -> None:  # type: ignore[type-arg]
        if "(open" not in text and ".state IN (" in text:
            cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)  # type: ignore[attr-defined]
            plans.append(" ".join(row[3] for row in cursor.fetchall()))

    with engine.reading() as session:
        having(session, [1])
        claiming._next(session, "webhook", NOW)
    by_case, by_lane = plans[0], plans[-1]
    assert "ix_delivery_case_id (case_id=?)" in by_case
    assert "ix_delivery_lane (lane=? AND id<?)" in by_lane
