"""A delivery leaves once: claimed, sent, recorded, and found again whatever happens between."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db import engine
from db.models import Delivery, DeliveryAttempt, ExternalRef, Integration, Message
from services.domain.retrying import Pace, State
from services.outbox import claiming, sending
from services.outbox.owing import owe, withdraw
from services.vendors.base import Message as BaseMessage
from services.vendors.base import Receipt, VendorError
from tests import builders as make
from tests.builders import NOW
from tests.fakes import Remembering

PACE = Pace(lease=60, first=10, looks=(15, 45), trips=3, shut=30)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(desk: sa.Engine) -> Iterator[Clock]:
    assert desk
    with engine.transaction() as session:
        session.add(Integration(name="webhook", connected_at=NOW))
    yield Clock()


def owed(key: str = "k1", action: str = "look", **values: Any) -> int:
    with engine.transaction() as session:
        made = owe(
            session, key=key, vendor="webhook", action=action, body={"n": key},
            now=values.pop("now", NOW), **values,
        )  # fmt: skip
        return made.id or 0


def step(vendor: Remembering, clock: Clock, worker: str = "w1") -> State | None:
    claimed = sending.take("webhook", worker, PACE, clock)
    return claimed and sending.note(claimed, sending.attempt(vendor, claimed), PACE, clock)


def row(id_: int) -> Delivery:
    with engine.reading() as session:
        found = session.get(Delivery, id_)
        assert found is not None
        return found


def states(id_: int) -> list[str]:
    with engine.reading() as session:
        query = select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == id_)
        return [each.state for each in session.exec(query.order_by(DeliveryAttempt.id))]


def test_a_delivery_is_owed_once_sent_once_and_recorded(clock: Clock) -> None:
    vendor = Remembering()
    first = owed()
    assert owed() == first
    assert step(vendor, clock) is State.SENT
    assert step(vendor, clock) is None
    sent = row(first)
    assert (sent.state, sent.attempts, sent.remote_id) == ("sent", 1, "r1")
    assert states(first) == ["sent"] and len(vendor.got) == 1
    with engine.reading() as session:
        attempt = session.exec(select(DeliveryAttempt)).one()
        assert len(attempt.payload_hmac) == 64 and sent.ended_at == NOW


def test_nothing_leaves_before_its_time_and_can_be_withdrawn_until_then(clock: Clock) -> None:
    vendor = Remembering()
    first = owed(hold=timedelta(seconds=30))
    assert step(vendor, clock) is None
    with engine.transaction() as session:
        assert withdraw(session, session.get(Delivery, first), "taken back", NOW)
    clock.on(31)
    assert step(vendor, clock) is None and row(first).state == "cancelled"
    second = owed("k2")
    assert step(vendor, clock) is State.SENT
    with engine.transaction() as session:
        assert not withdraw(session, session.get(Delivery, second), "too late", NOW)
    assert row(second).state == "sent"


def test_what_fails_for_now_is_tried_later_and_given_up_at_last(clock: Clock) -> None:
    vendor, first = Remembering(), owed()
    vendor.fails = [VendorError("the vendor is down")] * 2 + [
        VendorError("no such field", permanent=True)
    ]
    assert step(vendor, clock) is State.PENDING
    assert row(first).last_error == "the vendor is down"
    assert step(vendor, clock) is None  # not at once
    clock.on(16)
    assert step(vendor, clock) is State.PENDING
    clock.on(46)
    assert step(vendor, clock) is State.FAILED
    assert states(first) == ["pending", "pending", "failed"] and not vendor.got


def test_a_vendor_that_says_when_is_asked_no_sooner(clock: Clock) -> None:
    vendor = Remembering()
    owed(), owed("k2")
    vendor.fails = [VendorError("too many requests", wait=120)]
    assert step(vendor, clock) is State.PENDING
    clock.on(119)
    assert step(vendor, clock) is None  # the other message would meet the same limit
    clock.on(2)
    assert [step(vendor, clock), step(vendor, clock)] == [State.SENT, State.SENT]


@pytest.mark.parametrize("there", [True, False])
def test_what_may_have_arrived_is_looked_up_before_it_is_sent_again(
    clock: Clock, there: bool
) -> None:
    vendor, first = Remembering(), owed()
    vendor.fails = [VendorError("no answer", unsure=True)]
    assert step(vendor, clock) is State.UNKNOWN
    if not there:
        vendor.got.clear()
    clock.on(14)
    assert step(vendor, clock) is None
    clock.on(2)
    if there:
        assert step(vendor, clock) is State.SENT
    else:
        assert step(vendor, clock) is State.UNKNOWN  # it may be slow: it is asked once more
        clock.on(46)
        assert [step(vendor, clock), step(vendor, clock)] == [State.PENDING, State.SENT]
    assert len(vendor.got) == 1 and row(first).state == "sent"


def test_what_cannot_be_looked_up_waits_for_a_person(clock: Clock) -> None:
    vendor, first = Remembering(), owed(action="ask")
    vendor.fails = [VendorError("no answer", unsure=True)]
    step(vendor, clock)
    clock.on(16)
    assert step(vendor, clock) is State.UNKNOWN
    clock.on(1e6)
    assert step(vendor, clock) is None
    assert row(first).look_at is None and len(vendor.got) == 1


def test_what_is_the_same_when_sent_again_is_sent_again_under_its_name(clock: Clock) -> None:
    vendor, first = Remembering(), owed(action="again")
    vendor.fails = [VendorError("no answer", unsure=True)]
    step(vendor, clock)
    clock.on(16)
    assert [step(vendor, clock), step(vendor, clock)] == [State.PENDING, State.SENT]
    assert len({each.key for each in vendor.got}) == 1 and row(first).attempts == 2


@pytest.mark.parametrize("action", ["again", "look"])
def test_what_always_leaves_doubt_is_tried_ever_less_often_and_given_up(
    clock: Clock, action: str
) -> None:
    vendor, first = Remembering(), owed(action=action)
    vendor.fails, vendor.blind = [VendorError("an error of its own", unsure=True)] * 99, 999
    began = clock.now
    for _ in range(200):
        step(vendor, clock)
        clock.on(1800)
        if row(first).state == "failed":
            break
    assert row(first).attempts == PACE.most and row(first).last_error == "an error of its own"
    assert clock.now - began > timedelta(hours=12)


def test_a_worker_that_dies_leaves_an_unknown_delivery_and_its_late_word_still_counts(
    clock: Clock,
) -> None:
    vendor, first = Remembering(), owed(action="ask")
    claimed = sending.take("webhook", "dead", PACE, clock)
    assert claimed and row(first).state == "sending"
    clock.on(61)
    with engine.transaction() as session:
        assert claiming.any_expired(session, clock()) and claiming.expire(session, clock()) == 1
    assert row(first).state == "unknown" and states(first) == ["unknown"]
    assert step(vendor, clock) is State.UNKNOWN and not vendor.got
    late = sending.attempt(vendor, claimed)
    assert sending.note(claimed, late, PACE, clock) is State.SENT
    assert row(first).state == "sent"


def test_a_failure_told_by_a_worker_without_its_lease_changes_nothing(clock: Clock) -> None:
    vendor, first = Remembering(), owed(action="look")
    claimed = sending.take("webhook", "slow", PACE, clock)
    assert claimed is not None
    clock.on(61)
    with engine.transaction() as session:
        claiming.expire(session, clock())
    vendor.fails = [VendorError("down")]
    assert sending.note(claimed, sending.attempt(vendor, claimed), PACE, clock) is None
    assert row(first).state == "unknown"


def test_a_lane_keeps_its_order_and_holds_up_nobody_else(clock: Clock) -> None:
    vendor = Remembering()
    first, second = owed("a1", lane="webhook:1"), owed("a2", lane="webhook:1")
    other = owed("b1", lane="webhook:2")
    vendor.fails = [VendorError("down")]
    assert step(vendor, clock) is State.PENDING
    assert step(vendor, clock) is State.SENT
    assert step(vendor, clock) is None
    assert [row(id_).state for id_ in (first, second, other)] == ["pending", "pending", "sent"]
    clock.on(16)
    assert [step(vendor, clock), step(vendor, clock)] == [State.SENT, State.SENT]
    assert [each.body["n"] for each in vendor.got] == ["b1", "a1", "a2"]


def test_a_vendor_that_keeps_failing_is_left_alone_and_tried_with_one_message(
    clock: Clock,
) -> None:
    vendor = Remembering()
    for n in range(5):
        owed(f"k{n}")
    vendor.fails = [VendorError("down")] * 4
    assert [step(vendor, clock) for _ in range(4)] == [State.PENDING] * 3 + [None]
    clock.on(31)
    assert step(vendor, clock) is State.PENDING  # the one it is tried with
    assert step(vendor, clock) is None
    clock.on(61)
    assert [step(vendor, clock) for _ in range(5)] == [State.SENT] * 5
    with engine.reading() as session:
        state = session.get(Integration, "webhook")
        assert state and (state.failures, state.closed_until, state.last_error) == (0, None, None)


def test_refused_credentials_hold_everything_until_it_is_reconnected(clock: Clock) -> None:
    vendor, first = Remembering(), owed()
    vendor.fails = [VendorError("the token was revoked", reconnect=True)]
    assert step(vendor, clock) is State.PENDING and row(first).attempts == 0
    clock.on(1e5)
    assert step(vendor, clock) is None
    with engine.transaction() as session:
        assert claiming.due(session, clock()) == set()
        state = session.get(Integration, "webhook")
        assert state and state.broken_at == NOW
        state.broken_at = None
        session.add(state)
    assert step(vendor, clock) is State.SENT


def test_a_paused_vendor_gets_nothing(clock: Clock) -> None:
    owed()
    with engine.transaction() as session:
        state = session.get(Integration, "webhook")
        assert state and claiming.due(session, clock()) == {"webhook"}
        state.paused_at = NOW
        session.add(state)
    assert step(Remembering(), clock) is None


def test_a_fault_of_our_own_is_not_taken_for_nothing_having_happened(clock: Clock) -> None:
    class Broken(Remembering):
        def send(self, message: BaseMessage) -> Receipt:
            raise ZeroDivisionError(message.action)

    first = owed()
    assert step(Broken(), clock) is State.UNKNOWN
    assert row(first).last_error == sending.SURPRISE


def test_a_reply_to_a_person_who_must_not_be_contacted_does_not_leave(clock: Clock) -> None:
    vendor = Remembering()
    with engine.transaction() as session:
        person = make.contact(session)
        case = make.case(session, contact_id=person.id)
        message = Message(case_id=case.id or 0, kind="reply", contact_id=person.id, created_at=NOW)
        session.add(message)
        session.flush()
        person.do_not_contact = True
        session.add(person)
        made = owe(
            session, key="r", vendor="webhook", action="look", body={}, now=NOW,
            case_id=case.id, message_id=message.id,
        )  # fmt: skip
    assert step(vendor, clock) is None and not vendor.got
    assert row(made.id or 0).state == "cancelled"


def test_what_the_vendor_calls_the_case_is_kept_and_used_from_then_on(clock: Clock) -> None:
    vendor = Remembering()
    with engine.transaction() as session:
        case = make.case(session)
        session.flush()
        number = case.id
    owed("a", case_id=number, lane="webhook:1"), owed("b", case_id=number, lane="webhook:1")
    step(vendor, clock), step(vendor, clock)
    with engine.reading() as session:
        (ref,) = session.exec(select(ExternalRef)).all()
    assert (ref.entity_id, ref.remote_id) == (number, vendor.got[1].thread)


def test_many_workers_send_each_delivery_once(clock: Clock) -> None:
    from concurrent.futures import ThreadPoolExecutor

    vendor = Remembering()
    for n in range(60):
        owed(f"k{n}", action="event")

    def work(name: int) -> None:
        while step(vendor, clock, f"w{name}") is not None:
            pass

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert sorted(each.body["n"] for each in vendor.got) == sorted(f"k{n}" for n in range(60))
