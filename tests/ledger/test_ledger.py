"""The ledger on a desk: every step is in it, by whom and why, whatever way it was taken."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db import engine
from db.models import Case, CaseEvent, Delivery, DeliveryAttempt, Integration, Ledger, LedgerStart
from services import deliveries
from services.cases import following, pushing
from services.erasing.erase import erase
from services.ledger import taking_over, verifying
from services.outbox import claiming, sending
from services.outbox.owing import owe
from services.vendors.base import VendorError
from tests import builders as make
from tests.builders import NOW
from tests.fakes import Remembering
from tests.outbox.test_outbox import PACE, Clock

ADMIN = make.actor("admin")


@pytest.fixture(autouse=True)
def clock(desk: sa.Engine) -> Iterator[Clock]:
    assert desk
    with engine.transaction() as session:
        session.add(Integration(name="webhook", connected_at=NOW))
    yield Clock()


def pushed(by: int | None = None) -> int:
    """A case that is on its way; its id."""
    with engine.transaction() as session:
        case = make.case(session)
        actor = make.actor("admin", id=by)
        pushing.push(session, actor, case.number, vendor="webhook", now=NOW)
        return case.id or 0


def step(vendor: Remembering, clock: Clock) -> None:
    claimed = sending.take("webhook", "w", PACE, clock)
    assert claimed is not None
    sending.note(claimed, sending.attempt(vendor, claimed), PACE, clock)


def rows(case_id: int) -> list[Ledger]:
    with engine.reading() as session:
        query = select(Ledger).where(Ledger.case_id == case_id).order_by(sa.text("seq"))
        return list(session.exec(query))


def told(case_id: int) -> list[tuple[str, str]]:
    return [(row.kind, row.state) for row in rows(case_id)]


def intact() -> verifying.Verdict:
    with engine.reading() as session:
        return verifying.verify(session, ADMIN)


def test_each_step_is_a_row_with_who_did_it_and_why(clock: Clock) -> None:
    with engine.transaction() as session:
        boss = make.user(session, "admin").id
    case_id, vendor = pushed(boss), Remembering()
    vendor.fails = [VendorError("no such address", permanent=True)]
    step(vendor, clock)
    with engine.transaction() as session:
        number = session.exec(select(Case.number)).one()
        of = session.exec(select(Delivery.id)).one() or 0
        deliveries.replay(session, make.actor("admin", id=boss), of, now=NOW + timedelta(hours=1))
    clock.on(7200)
    step(vendor, clock)
    kept = rows(case_id)
    assert told(case_id) == [
        ("owed", "pending"), ("attempt", "failed"), ("replayed", "pending"), ("attempt", "sent"),
    ]  # fmt: skip
    with engine.reading() as session:
        event = session.exec(select(CaseEvent).where(CaseEvent.kind == "pushed")).one()
        tries = session.exec(select(DeliveryAttempt).order_by(sa.text("id"))).all()
        assert verifying.verify(session, ADMIN, number=number).intact
    assert kept[0].why == {"event_id": event.id} and kept[0].actor_id == boss
    assert (kept[2].actor_id, kept[2].at) == (boss, NOW + timedelta(hours=1))
    assert [kept[1].attempt_id, kept[3].attempt_id] == [each.id for each in tries]
    assert kept[3].remote_id == "r1" and kept[3].payload_hmac == tries[1].payload_hmac
    assert [row.seq for row in kept] == [1, 2, 3, 4] and intact().rows == 4


def test_what_a_person_decides_and_cancels_says_who() -> None:
    case_id, vendor = pushed(), Remembering()
    with engine.transaction() as session:
        boss = make.user(session, "admin").id
        delivery = session.exec(select(Delivery)).one()
        delivery.state = "unknown"
        session.add(delivery)
    actor = make.actor("admin", id=boss)
    with engine.transaction() as session:
        deliveries.decide(session, actor, delivery.id or 0, arrived=False, now=NOW)
    with engine.transaction() as session:
        deliveries.cancel(session, actor, delivery.id or 0, now=NOW)
    assert not vendor.got
    assert told(case_id)[1:] == [
        ("moved", "unknown"), ("decided", "pending"), ("cancelled", "cancelled"),
    ]  # fmt: skip
    assert [row.actor_id for row in rows(case_id)[2:]] == [boss, boss]


def test_a_dead_worker_and_a_rest_are_steps_and_a_claim_is_none(clock: Clock) -> None:
    case_id = pushed()
    assert sending.take("webhook", "dead", PACE, clock) and intact().intact
    assert told(case_id) == [("owed", "pending")]
    clock.on(61)
    with engine.transaction() as session:
        claiming.expire(session, clock())
    assert told(case_id)[1:] == [("attempt", "unknown")]


def test_what_follows_from_a_step_of_the_case_names_it() -> None:
    with engine.transaction() as session:
        session.add(Integration(name="slack", connected_at=NOW, config={"channel": "C1"}))
        case = make.case(session)
        pushing.push(session, ADMIN, case.number, vendor="slack", now=NOW)
        events = session.exec(select(CaseEvent).order_by(sa.text("id"))).all()
        for event in (events[0], events[0]):
            following.follow(session, case, event, NOW)
    kinds = [(row.kind, row.action) for row in rows(case.id or 0)]
    assert kinds == [("owed", "post"), ("owed", "update"), ("changed", "update")]
    changed = rows(case.id or 0)[2]
    assert changed.why == {"event_id": events[0].id} and changed.payload_hmac


def test_what_was_tried_and_taken_back_within_a_transaction_leaves_no_row() -> None:
    with engine.transaction() as session:
        case = make.case(session)
        case_id = case.id or 0
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            pushing.push(session, ADMIN, case.number, vendor="webhook", now=NOW)
            raise ZeroDivisionError
        with session.begin_nested():
            owe(session, key="k", vendor="webhook", action="event", body={}, now=NOW)
    assert told(case_id) == [] and told(0) == [("owed", "pending")]
    with pytest.raises(ZeroDivisionError), engine.transaction() as session:
        owe(session, key="l", vendor="webhook", action="event", body={}, now=NOW)
        raise ZeroDivisionError
    assert intact().rows == 1


def test_a_way_past_the_session_is_found() -> None:
    case_id = pushed()
    with engine.transaction() as session:
        session.connection().execute(sa.update(Delivery).values(state="sent"))
        found = verifying.verify(session, ADMIN)
        assert [each.fault.value for each in found.defects] == ["other"]
        assert found.defects[0].case_id == case_id
        session.rollback()


def test_an_erased_person_leaves_the_ledger_intact(clock: Clock) -> None:
    case_id, vendor = pushed(), Remembering()
    vendor.fails = [VendorError("refused dana@example.com", permanent=True)]
    step(vendor, clock)
    with engine.transaction() as session:
        case = session.get_one(Case, case_id)
        owe(session, key="w", vendor="webhook", action="event", body={}, now=NOW, case_id=case_id)
        erase(session, ADMIN, case.contact_id or 0, now=NOW)
    with engine.reading() as session:
        assert session.exec(select(DeliveryAttempt.error)).one() == "(erased)"
    assert told(case_id)[-1] == ("cancelled", "cancelled") and intact().intact


def older(session: Session, n: int) -> None:
    """Deliveries as a desk has them from before it had a ledger."""
    case = make.case(session)
    session.flush()
    values: dict[str, Any] = {"vendor": "slack", "action": "post", "payload": {}, "looks": 0,
                              "not_before": NOW, "created_at": NOW, "attempts": 1}  # fmt: skip
    made = [
        values | {"idem_key": f"o{k}", "state": "sent" if k % 2 else "sending",
                  "case_id": case.id if k % 3 else None}
        for k in range(n)
    ]  # fmt: skip
    session.connection().execute(sa.insert(Delivery), made)
    ids = session.exec(select(Delivery.id)).all()
    tried = [{"delivery_id": id_, "at": NOW, "state": "sent", "payload_hmac": "h"} for id_ in ids]
    session.connection().execute(sa.insert(DeliveryAttempt), tried)
    session.connection().execute(sa.update(LedgerStart).values(upto=max(i or 0 for i in ids)))


def test_older_deliveries_are_taken_over_in_lots_and_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with engine.transaction() as session:
        older(session, 7)
    assert intact().left == 7 and not intact().intact and not intact().found
    monkeypatch.setattr(taking_over, "LOT", 3)
    lots = 0
    for _ in range(5):
        with engine.transaction() as session:
            lots += 1
            if not taking_over.take_over(session):
                break
    assert lots == 3 and intact().intact and intact().rows == 14
    case_id = pushed()
    assert told(case_id) == [("owed", "pending")] and intact().intact
