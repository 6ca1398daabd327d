"""How the desk is doing, counted on each engine, and read from indexes alone."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.migrate import newest
from db.models import Case, Delivery, DeliveryAttempt, Integration, Job
from services import sessions
from services.insights.operations import UNDONE, Operations, operations
from tests import builders as make
from tests.builders import NOW
from tests.insights.test_queue_speed import plans

HOUR = timedelta(hours=1)


def looked(session: Session, now: datetime = NOW) -> Operations:
    session.flush()
    return operations(session, now=now)


def case(session: Session, **values: Any) -> Case:
    row = make.case(session)
    for name, value in {"assignee_id": None, "due_at": NOW + HOUR, **values}.items():
        setattr(row, name, value)
    return row


def owed(session: Session, vendor: str, state: str, **values: Any) -> None:
    n = make.contact(session).id
    row = {"idem_key": f"k{n}", "vendor": vendor, "action": "post", "state": state}
    session.add(Delivery(**row | {"not_before": NOW} | values))


def test_an_empty_desk_has_nothing_to_say(session: Session) -> None:
    found = looked(session)
    kinds = ("new", "open", "waiting", "overdue", "unassigned", "snoozed")
    assert found.cases == dict.fromkeys(kinds, 0)
    assert (found.opened, found.answers, found.answered_at, found.attempts) == (0, 0, None, 0)
    assert (found.vendors, found.deliveries, found.waited, found.jobs) == ({}, {}, {}, {})
    assert found.revision == newest()
    assert found.database == session.get_bind().dialect.name


def test_cases_are_counted_by_status_and_by_what_is_wrong_with_them(session: Session) -> None:
    here, left = make.user(session), make.user(session, disabled_at=NOW)
    case(session, due_at=NOW)
    case(session, status="open", assignee_id=here.id, due_at=NOW + timedelta(seconds=1))
    case(session, status="open", assignee_id=left.id, due_at=NOW - HOUR)
    case(session, status="open", snoozed_until=NOW + HOUR)
    case(session, status="open", snoozed_until=NOW)
    case(session, status="waiting", due_at=None)
    kept = case(session, assignee_id=here.id)
    case(session, status="merged", merged_into=kept.id, due_at=NOW - HOUR)
    counted = looked(session).cases
    assert counted == {
        "new": 2, "open": 4, "waiting": 1, "overdue": 2, "unassigned": 3, "snoozed": 1,
    }  # fmt: skip


def test_what_only_grows_is_the_highest_number(session: Session) -> None:
    for _ in range(3):
        case(session)
    last = make.response(session, 9, received_at=NOW - HOUR)
    found = looked(session)
    assert (found.opened, found.answers, found.answered_at) == (3, last.id, NOW - HOUR)


def test_deliveries_are_counted_until_they_have_arrived(session: Session) -> None:
    for name in ("slack", "zendesk"):
        session.add(Integration(name=name, connected_at=NOW))
    for state in (*UNDONE, "failed", "sent", "cancelled"):
        owed(session, "slack", state)
    owed(session, "email", "failed")  # not connected any more
    session.flush()
    first = session.exec(sa.select(Delivery.id)).scalars().first()
    session.add(DeliveryAttempt(delivery_id=first, at=NOW, state="sent", payload_hmac=""))
    found = looked(session)
    slack = {"pending": 1, "sending": 1, "unknown": 1, "failed": 2}
    told = {(vendor, str(state)): n for (vendor, state), n in found.deliveries.items()}
    assert told == {("slack", state): n for state, n in slack.items()} | {
        ("zendesk", state): 0 for state in slack
    } | {("email", "failed"): 1}
    assert found.attempts == 1 and set(found.vendors) == {"slack", "zendesk"}


def test_the_wait_begins_when_the_first_one_is_due(session: Session) -> None:
    session.add(Integration(name="slack", connected_at=NOW))
    owed(session, "slack", "pending", not_before=NOW + HOUR)
    owed(session, "slack", "failed", not_before=NOW - HOUR)
    assert looked(session).waited == {"slack": 0.0}
    owed(session, "slack", "pending", not_before=NOW - timedelta(seconds=90))
    owed(session, "slack", "pending", not_before=NOW - timedelta(seconds=30))
    assert looked(session).waited == {"slack": 90.0}


def test_sessions_count_while_they_let_somebody_in(session: Session) -> None:
    here, left = make.user(session), make.user(session)
    for who in (here, here, left):
        sessions.begin(session, who.id or 0, now=NOW)
    left.disabled_at = NOW
    assert looked(session).sessions == 2
    rested = NOW + sessions.REST
    assert looked(session, rested - timedelta(seconds=1)).sessions == 2
    assert looked(session, rested).sessions == 0


def test_jobs_are_told_by_their_names(session: Session) -> None:
    session.add(Job(name="promises", next_at=NOW, last_at=NOW - HOUR, last_error="KeyError"))
    found = looked(session).jobs["promises"]
    assert (found.last_at, found.last_error) == (NOW - HOUR, "KeyError")


def test_the_look_reads_no_row_that_an_index_spares_it(sqlite_desk: sa.Engine) -> None:
    with Session(sqlite_desk) as session:
        session.add(Integration(name="slack", connected_at=NOW))
        session.commit()
    found = plans(sqlite_desk, lambda session: operations(session, now=NOW))
    told = "\n".join(found)
    assert "SCAN case USING COVERING INDEX ix_case_queue" in told
    assert "SEARCH delivery USING COVERING INDEX ix_delivery_state (state=?)" in told
    assert "SEARCH delivery USING INDEX ix_delivery_due (vendor=?)" in told
    walked = [line for plan in found for line in plan.split("\n") if line.startswith("SCAN")]
    assert {line.split()[1] for line in walked} <= {
        "case", "delivery", "response", "integration", "job", "session", "data_version",
        "alembic_version", "user", "CONSTANT",
    }  # fmt: skip
    assert all("SCAN delivery USING" in line for line in walked if line.split()[1] == "delivery")
