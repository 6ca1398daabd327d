"""What people do about deliveries: replay, cancel, decide; by row and by filter, in their units."""

from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import Audit, Case, Delivery, DeliveryAttempt, Integration, Message
from services import deliveries
from services.access import Forbidden, Refused, actor_for
from services.cases import replying, verbs
from services.domain.retrying import State
from services.insights import delivery_rows
from services.insights.delivery_rows import Wanted
from services.insights.delivery_steps import steps
from services.keyed import fingerprint
from services.outbox.owing import owe
from tests import builders as make
from tests.builders import NOW

BOSS = make.actor("manager")


def owed(session: Session, key: str = "k", state: str = "failed", **values: Any) -> Delivery:
    made = owe(
        session, key=key, vendor=values.pop("vendor", "slack"), action=values.pop("action", "post"),
        body={}, now=NOW, **values,
    )  # fmt: skip
    made.state, made.last_error = state, "down" if state == "failed" else None
    session.flush()
    return made


def test_what_failed_is_replayed_under_its_name(session: Session) -> None:
    delivery = owed(session, attempts=12)
    deliveries.replay(session, BOSS, delivery.id or 0, now=NOW)
    assert (delivery.state, delivery.attempts, delivery.idem_key) == ("pending", 0, "k")
    with pytest.raises(Refused, match="only what failed"):
        deliveries.replay(session, BOSS, delivery.id or 0, now=NOW)
    audit = session.exec(select(Audit)).one()
    assert (audit.verb, audit.entity_id) == ("delivery.replay", delivery.id)


def test_what_has_not_left_is_cancelled(session: Session) -> None:
    delivery = owed(session, state="pending")
    deliveries.cancel(session, BOSS, delivery.id or 0, now=NOW)
    assert delivery.state == "cancelled"
    with pytest.raises(Refused, match="only what is pending"):
        deliveries.cancel(session, BOSS, delivery.id or 0, now=NOW)


@pytest.mark.parametrize(("arrived", "state"), [(True, "sent"), (False, "pending")])
def test_a_person_decides_about_what_nobody_knows(
    session: Session, arrived: bool, state: str
) -> None:
    person = make.contact(session)
    case = make.case(session, contact_id=person.id)
    message = Message(case_id=case.id or 0, kind="reply", contact_id=person.id, created_at=NOW)
    session.add(message)
    session.flush()
    delivery = owed(
        session, state="unknown", vendor="email", action="reply", case_id=case.id,
        message_id=message.id,
    )  # fmt: skip
    (row,) = delivery_rows.listed(session, BOSS, Wanted())
    assert row.asks and row.case == 1
    deliveries.decide(session, BOSS, delivery.id or 0, arrived=arrived, now=NOW)
    assert delivery.state == state
    assert (case.contacted_at is not None) is arrived  # an e-mail that arrived is a contact
    assert "a person says" in (session.exec(select(DeliveryAttempt.error)).one() or "")
    with pytest.raises(Refused, match="nothing to decide"):
        deliveries.decide(session, BOSS, delivery.id or 0, arrived=True, now=NOW)


def test_many_at_once_by_filter_are_for_those_who_lead(session: Session) -> None:
    for n in range(3):
        owed(session, f"s{n}")
    owed(session, "z", vendor="zendesk"), owed(session, "p", state="pending")
    with pytest.raises(Forbidden):
        deliveries.replay_all(session, make.actor("support"), Wanted(), now=NOW)
    with pytest.raises(Refused, match="managers"):
        deliveries.replay_all(session, make.actor("csm"), Wanted(), now=NOW)
    assert deliveries.replay_all(session, BOSS, Wanted(vendor="slack"), now=NOW) == (3, 0)
    assert deliveries.cancel_all(session, BOSS, Wanted(), now=NOW) == (4, 0)
    assert delivery_rows.counts(session, BOSS, Wanted()) == {State.CANCELLED: 4, State.FAILED: 1}


def test_a_reply_that_came_back_or_was_taken_back_is_not_sent_again(session: Session) -> None:
    person = make.contact(session, "dana@acme.example", bounced_email="dana@acme.example")
    case = make.case(session, contact_id=person.id)
    message = Message(case_id=case.id or 0, kind="reply", contact_id=person.id, created_at=NOW)
    session.add(message)
    session.flush()
    delivery = owed(session, vendor="email", action="reply", message_id=message.id)
    delivery.payload = {"to": {"address": "Dana@acme.example"}}
    with pytest.raises(Refused, match="came back"):
        deliveries.replay(session, BOSS, delivery.id or 0, now=NOW)
    message.undone_at = NOW
    with pytest.raises(Refused, match="taken back"):
        deliveries.replay(session, BOSS, delivery.id or 0, now=NOW)
    assert deliveries.replay_all(session, BOSS, Wanted(), now=NOW) == (0, 1)


def test_everybody_sees_what_belongs_to_their_units_and_notices_are_ones_own(
    session: Session,
) -> None:
    emea, apac = make.unit(session), make.unit(session, "APAC")
    case = make.case(session, unit_id=emea.id)
    case.unit_id = emea.id
    ana = make.user(session, "csm")
    owed(session, "c", case_id=case.id), owed(session, "n", user_id=ana.id)
    both = make.actor("csm", id=ana.id)
    assert len(delivery_rows.listed(session, both, Wanted())) == 2
    assert len(delivery_rows.listed(session, make.actor("manager", id=99), Wanted())) == 1
    near = make.actor("csm", units=(emea.id,))
    far = make.actor("csm", units=(apac.id,))
    assert [row.case for row in delivery_rows.listed(session, near, Wanted())] == [1]
    assert delivery_rows.listed(session, far, Wanted()) == []
    with pytest.raises(Refused, match="no such delivery"):
        deliveries.replay(session, far, 1, now=NOW)


def test_pages_follow_one_another_and_the_steps_are_listed(session: Session) -> None:
    made = [owed(session, f"k{n}") for n in range(7)]
    first = delivery_rows.listed(session, BOSS, Wanted(), limit=4)
    rest = delivery_rows.listed(session, BOSS, Wanted(), before=first[-1].id, limit=4)
    assert [row.id for row in (*first, *rest)] == [each.id for each in reversed(made)]
    carried = fingerprint(made[0].payload)
    session.add(DeliveryAttempt(delivery_id=1, at=NOW, state="failed", payload_hmac=carried))
    session.commit()
    assert [each.kind for each in steps(session, BOSS, 1)] == ["owed", "attempt"]


def test_what_a_later_one_has_outdone_is_not_replayed(session: Session) -> None:
    case = make.case(session)
    first, second = (
        owed(session, key, vendor="zendesk", action="status", case_id=case.id) for key in "ab"
    )
    with pytest.raises(Refused, match="A later one"):
        deliveries.replay(session, BOSS, first.id or 0, now=NOW)
    deliveries.replay(session, BOSS, second.id or 0, now=NOW)
    assert (first.state, second.state) == ("failed", "pending")


def replied(session: Session) -> Delivery:
    """A reply on its way that set its case to wait, written by a colleague."""
    author = make.user(session, "csm", name="Ana")
    case = make.case(session, contact_id=make.contact(session, email="dana@example.com").id)
    session.add(
        Integration(name="email", connected_at=NOW, config={"from_address": "care@desk.example"})
    )
    actor = actor_for(session, author)
    replying.reply(session, actor, case.number, way="email", body="Hi", then="wait", now=NOW)
    return session.exec(select(Delivery)).one()


@pytest.mark.parametrize("many", [False, True])
def test_a_reply_that_is_cancelled_no_longer_lets_its_case_wait(
    session: Session, many: bool
) -> None:
    boss = make.user(session, "manager", name="Mia")
    delivery, actor = replied(session), actor_for(session, boss)
    case = session.exec(select(Case)).one()
    assert case.status == "waiting"
    if many:
        assert deliveries.cancel_all(session, actor, Wanted(), now=NOW) == (1, 0)
    else:
        deliveries.cancel(session, actor, delivery.id or 0, now=NOW)
    assert (delivery.state, case.status) == ("cancelled", "new")
    assert session.exec(select(Message.undone_at)).one() is not None


def test_a_reply_is_stopped_even_where_its_case_has_moved_on(session: Session) -> None:
    boss = make.user(session, "manager", name="Mia")
    delivery = replied(session)
    other = actor_for(session, make.user(session, "csm", name="Bo"))
    case = session.exec(select(Case)).one()
    verbs.resume(session, other, case.number, version=case.version, now=NOW)
    deliveries.cancel(session, actor_for(session, boss), delivery.id or 0, now=NOW)
    assert (delivery.state, case.status) == ("cancelled", "open")


@pytest.mark.parametrize(("arrived", "state"), [(True, "sent"), (False, "pending")])
def test_many_are_decided_about_by_filter(session: Session, arrived: bool, state: str) -> None:
    asks = [owed(session, f"u{n}", state="unknown") for n in range(2)]
    other = owed(session, "z", vendor="zendesk", state="unknown")
    looked_up = owed(session, "l", state="unknown", look_at=NOW)
    slack = Wanted(vendor="slack")
    with pytest.raises(Refused, match="managers"):
        deliveries.decide_all(session, make.actor("csm"), slack, arrived=arrived, now=NOW)
    assert deliveries.decide_all(session, BOSS, slack, arrived=arrived, now=NOW) == (2, 0)
    assert {each.state for each in asks} == {state}
    session.refresh(other)
    assert (other.state, looked_up.state) == ("unknown", "unknown")
