"""However the same changes come (late, twice, in any order), the case ends the same."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from db import engine
from db.engine import is_sqlite
from db.models import Case, ExternalRef, Inbound, Integration, Message
from services.cases import two_sides
from services.cases.journal import journal
from services.domain.lifecycle import Status
from services.domain.syncing import Sides, Verdict, judge
from services.inbound import applying, rows
from tests import builders as make
from tests.builders import NOW
from tests.conftest import make_database

MINUTE = timedelta(minutes=1)
TOLD: list[list[dict[str, Any]]] = [
    [{"what": "reply", "text": "We are on it"}, {"what": "status", "to": "waiting"}],
    [{"what": "owner", "to": "ana@desk.example"}],
    [{"what": "answer", "text": "Firefox"}, {"what": "status", "to": "open"}],
    [{"what": "note", "text": "Known"}],
    [{"what": "owner", "to": "bo@desk.example"}, {"what": "status", "to": "waiting"}],
    [{"what": "reply", "text": "Done"}],
    [{"what": "status", "to": "open"}],
]


def change(nth: int) -> dict[str, Any]:
    """The nth of them, as it was read."""
    says = {fact["what"]: True for fact in TOLD[nth] if fact["what"] in ("status", "owner")}
    return {"event_id": f"audit:{nth}", "kind": "change", "thread": "101", "case_id": 1,
            "at": NOW + nth * MINUTE, "says": says,
            "payload": {"author": None, "facts": TOLD[nth]}}  # fmt: skip


def ended(session: Session, order: list[int]) -> Any:
    """How the case stands when they came in this order, some of them again."""
    now = NOW + timedelta(hours=1)
    for nth in order:
        rows.keep(session, "zendesk", [change(nth)], now)
        for id_ in session.exec(select(Inbound.id).where(Inbound.state == "new")).all():
            applying.take(session, id_ or 0, now)
    case = session.get_one(Case, 1)
    said = sorted(str(body) for body in session.exec(select(Message.body)))
    waits = two_sides.waiting(journal(session, 1), Status(case.status))
    assert case.two_sides == two_sides.spelt(journal(session, 1), Status(case.status))
    return case.status, case.assignee_id, case.contacted_at, said, waits


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A desk with a case that Zendesk has as 101, which no example changes for good."""
    folder: Path = tmp_path_factory.mktemp("order")
    url = next(make_database("sqlite", folder))
    made = engine.make_engine(url)
    with Session(made) as session, session.begin():
        session.add(Integration(name="zendesk", connected_at=NOW))
        make.user(session, "csm", email="ana@desk.example")
        make.user(session, "csm", email="bo@desk.example")
        assert make.case(session, 2).id == 1
        session.add(ExternalRef(entity="case", entity_id=1, vendor="zendesk", remote_id="101"))
    made.dispose()
    return url


ORDERS = st.permutations(range(len(TOLD))).flatmap(
    lambda order: st.lists(st.integers(0, len(TOLD) - 1), max_size=4).map(lambda more: order + more)
)


@settings(max_examples=25, deadline=None)
@given(order=ORDERS)
def test_the_same_changes_in_any_order_end_in_the_same_case(url: str, order: list[int]) -> None:
    made = engine.make_engine(url)
    try:
        found = []
        for one in (order, list(range(len(TOLD)))):
            with Session(made) as session:
                found.append(ended(session, one))
                session.rollback()
    finally:
        made.dispose()
    assert found[0] == found[1]
    status, _, contacted, said, waits = found[0]
    assert (status, contacted, waits) == ("open", NOW, [])
    assert said == ["Done", "Firefox", "Known", "We are on it"]


def test_a_change_that_was_kept_is_applied_once_whoever_applies_it(session: Session) -> None:
    session.add(Integration(name="zendesk", connected_at=NOW))
    case = make.case(session, 2)
    rows.keep(session, "zendesk", [change(3) | {"case_id": case.id}], NOW)
    row = session.exec(select(Inbound)).one()
    for _ in range(2):
        applying.take(session, row.id or 0, NOW)
    assert [m.body for m in session.exec(select(Message).order_by(col(Message.id)))] == ["Known"]
    session.refresh(row)
    assert (row.state, row.payload) == ("done", {})


MOMENTS = st.none() | st.integers(0, 50).map(lambda n: NOW + n * MINUTE)


@given(
    at=st.integers(0, 50).map(lambda n: NOW + n * MINUTE), same=st.booleans(), ours_at=MOMENTS,
    theirs_at=MOMENTS, unsent=st.booleans(),
)  # fmt: skip
def test_nothing_that_changed_here_meanwhile_is_overwritten(
    at: datetime, same: bool, ours_at: datetime | None, theirs_at: datetime | None, unsent: bool
) -> None:
    verdict = judge(Sides(at, same, ours_at, theirs_at, unsent))
    if verdict is Verdict.TAKE:
        assert not same and not unsent
        assert ours_at is None or ours_at <= at
        assert theirs_at is None or theirs_at <= at
    if verdict is Verdict.CONFLICT:
        assert unsent or (ours_at is not None and ours_at > at)


def test_what_is_next_is_found_by_its_index_however_much_came_before(session: Session) -> None:
    if not is_sqlite(session):
        return
    session.add(Integration(name="zendesk", connected_at=NOW))
    session.flush()
    plans: list[str] = []

    def explain(_c: object, cursor: Any, statement: str, given: Any, *_: object) -> None:
        if "FROM inbound" in statement and not statement.startswith("EXPLAIN"):
            told = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()
            plans.append(" ".join(row[3] for row in told))

    sa.event.listen(session.get_bind(), "after_cursor_execute", explain)
    assert rows.due(session, NOW) is None
    assert "SEARCH inbound USING INDEX ix_inbound_state (state=? AND vendor=?)" in plans[0]
    assert (
        "TEMP B-TREE" not in plans[0]
    )  # nor is all that waits put into an order for the first one
