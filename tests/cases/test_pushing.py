"""A case handed to a vendor: once, with what follows from later steps of the case."""

from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import Case, Delivery, ExternalRef, Integration, Notice, RootCause
from services import deliveries
from services.access import Actor, Refused, actor_for
from services.cases import opening, pushing, verbs
from services.cases.journal import journal
from services.domain.opening import Policy
from tests import builders as make
from tests.builders import NOW


@pytest.fixture
def agent(session: Session) -> Actor:
    for name in ("slack", "zendesk", "intercom", "webhook"):
        session.add(Integration(name=name, connected_at=NOW, config={"copy_notes": "yes"}))
    return actor_for(session, make.user(session, "support"))


@pytest.fixture
def case(session: Session) -> Case:
    acme = make.account(session, arr=84_000, currency="EUR")
    person = make.contact(session, "dana@acme.example", name="Dana", account_id=acme.id)
    return make.case(
        session, 2, contact_id=person.id, account_id=acme.id, comment="Support stopped answering"
    )


def owed(session: Session) -> list[tuple[str, str]]:
    return [(d.vendor, d.action) for d in session.exec(select(Delivery).order_by(Delivery.id))]  # type: ignore


def there(session: Session, case: Case, *vendors: str) -> None:
    for vendor in vendors:
        session.add(
            ExternalRef(entity="case", entity_id=case.id or 0, vendor=vendor, remote_id="77")
        )
    session.flush()


def test_a_case_is_pushed_with_all_that_helps_there(
    session: Session, agent: Actor, case: Case
) -> None:
    pushing.push(session, agent, 1, vendor="zendesk", now=NOW)
    (delivery,) = session.exec(select(Delivery))
    body: Any = delivery.payload
    assert body["card"]["account"]["name"] == "Acme"
    assert body["card"]["contact"]["email"] == "dana@acme.example"
    assert body["card"]["link"].endswith("/case?number=1")
    assert "Support stopped answering" in body["text"] and "detractor" in body["tags"]
    assert (delivery.lane, delivery.actor_id) == (f"zendesk:{case.id}", agent.id)
    assert journal(session, case.id or 0)[-1].kind == "pushed"


def test_it_is_pushed_once_and_again_only_if_that_came_to_nothing(
    session: Session, agent: Actor, case: Case
) -> None:
    pushing.push(session, agent, 1, vendor="slack", now=NOW)
    with pytest.raises(Refused, match="on its way"):
        pushing.push(session, agent, 1, vendor="slack", now=NOW)
    assert [name for name, _ in pushing.choices(session, agent, 1)] == [
        "zendesk", "intercom", "webhook"
    ]  # fmt: skip
    delivery = session.exec(select(Delivery)).one()
    delivery.state = "failed"
    session.flush()
    pushing.push(session, agent, 1, vendor="slack", now=NOW)
    keys = session.exec(select(Delivery.idem_key)).all()
    assert len(set(keys)) == 2
    session.exec(select(Delivery).where(Delivery.state == "pending")).one().state = "sent"
    there(session, case, "slack")
    with pytest.raises(Refused, match="has the case already"):
        pushing.push(session, agent, 1, vendor="slack", now=NOW)


def test_what_is_not_connected_is_not_offered(session: Session, case: Case) -> None:
    assert case
    someone = make.actor("csm")
    assert pushing.choices(session, someone, 1) == []
    with pytest.raises(Refused, match="not connected"):
        pushing.push(session, someone, 1, vendor="slack", now=NOW)


def test_vendors_that_have_the_case_keep_up_with_it(
    session: Session, agent: Actor, case: Case
) -> None:
    there(session, case, "slack", "zendesk", "intercom")
    verbs.note(session, agent, 1, body="Called twice", now=NOW)
    assert owed(session) == [("intercom", "note"), ("zendesk", "note")]
    verbs.assign(session, agent, 1, to=agent.id, version=case.version, now=NOW)
    assert owed(session)[2:] == [("slack", "update")]
    cause = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, agent, 1, outcome="solved", root_cause_id=cause, version=case.version, now=NOW
    )
    assert owed(session)[3:] == [("intercom", "close"), ("zendesk", "status")]
    update = session.exec(select(Delivery).where(Delivery.action == "update")).one()
    assert update.payload["card"]["status"] == "resolved"  # the one that waits tells the newest


def test_a_case_in_salesforce_follows_and_hears_of_notes(
    session: Session, agent: Actor, case: Case
) -> None:
    session.add(Integration(name="salesforce", connected_at=NOW, config={"copy_notes": "yes"}))
    pushing.push(session, agent, 1, vendor="salesforce", now=NOW)
    with pytest.raises(Refused, match="on its way"):
        pushing.push(session, agent, 1, vendor="salesforce", now=NOW)
    there(session, case, "salesforce")
    verbs.note(session, agent, 1, body="Called twice", now=NOW)
    cause = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, agent, 1, outcome="solved", root_cause_id=cause, version=case.version, now=NOW
    )
    verbs.reopen(session, agent, 1, version=case.version, now=NOW)
    found = session.exec(select(Delivery).order_by(Delivery.id)).all()  # type: ignore[arg-type]
    assert [(each.action, each.lane) for each in found] == [
        (action, f"salesforce:{case.id}") for action in ("case", "note", "status", "status")
    ]
    assert found[0].payload["priority"] and found[1].payload == {"text": "Called twice"}
    assert [each.payload["status"] for each in found[2:]] == ["solved", "open"]


def test_a_change_while_the_post_is_on_its_way_is_shown_after_it(
    session: Session, agent: Actor, case: Case
) -> None:
    assert case
    pushing.push(session, agent, 1, vendor="slack", now=NOW)
    verbs.wait(session, agent, 1, version=case.version, now=NOW)
    assert owed(session) == [("slack", "post"), ("slack", "update")]


def test_a_further_answer_joins_the_ticket_but_an_import_tells_nobody(
    session: Session, agent: Actor, case: Case
) -> None:
    assert agent
    there(session, case, "zendesk", "slack")
    again = make.response(session, 0, contact_id=case.contact_id, comment="Still broken")
    opening.open_by_hand(session, agent, again.id or 0, now=NOW)
    note = session.exec(select(Delivery).where(Delivery.vendor == "zendesk")).one()
    assert note.action == "note" and "Still broken" in note.payload["text"]
    n = len(owed(session))
    more = make.response(session, 1, contact_id=case.contact_id, change_seq=999)
    assert more.change_seq == 999
    opening.open_written(session, 999, Policy(NOW.replace(year=2025)), NOW, quiet=True)
    assert journal(session, case.id or 0)[-1].kind == "joined" and len(owed(session)) == n


def test_who_is_given_a_case_by_another_hears_of_it(session: Session, case: Case) -> None:
    ana = make.user(session, "csm", notify={"way": "slack"})
    boss = actor_for(session, make.user(session, "manager"))
    verbs.assign(session, boss, 1, to=ana.id, version=case.version, now=NOW)
    notice = session.exec(select(Notice)).one()
    assert (notice.user_id, notice.kind, notice.case_id) == (ana.id, "assigned", case.id)
    verbs.assign(session, boss, 1, to=None, version=case.version, now=NOW)
    verbs.assign(session, actor_for(session, ana), 1, to=ana.id, version=case.version, now=NOW)
    assert len(session.exec(select(Notice)).all()) == 1  # nobody is told what they did


def test_nothing_is_owed_to_a_vendor_that_was_disconnected(
    session: Session, agent: Actor, case: Case
) -> None:
    there(session, case, "slack", "zendesk")
    session.delete(session.get(Integration, "zendesk"))
    session.flush()
    verbs.note(session, agent, 1, body="Called twice", now=NOW)
    verbs.assign(session, agent, 1, to=agent.id, version=case.version, now=NOW)
    assert owed(session) == [("slack", "update")]


def test_what_a_person_says_arrived_in_intercom_is_not_pushed_twice(
    session: Session, agent: Actor, case: Case
) -> None:
    pushing.push(session, agent, case.number, vendor="intercom", now=NOW)
    (delivery,) = session.exec(select(Delivery))
    delivery.state = "unknown"
    session.flush()
    deliveries.decide(session, agent, delivery.id or 0, arrived=True, now=NOW)
    assert "intercom" not in dict(pushing.choices(session, agent, 1))
    with pytest.raises(Refused, match="has the case already"):
        pushing.push(session, agent, 1, vendor="intercom", now=NOW)


def test_what_goes_there_can_be_looked_at_though_it_is_there(
    session: Session, agent: Actor, case: Case
) -> None:
    there(session, case, "webhook")
    told = pushing.preview(session, agent, 1, vendor="webhook", now=NOW)
    assert "Support stopped answering" in str(told)
    with pytest.raises(Refused, match="do not go to"):
        pushing.preview(session, agent, 1, vendor="email", now=NOW)
