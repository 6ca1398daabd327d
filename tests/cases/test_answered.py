"""What comes back by mail: an answer, a bounce, an absence; each once, on the right case."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import Case, CaseEvent, Contact, Delivery, Integration, Message, Notice, RootCause
from services.access import Actor, actor_for
from services.cases import answered, replying, verbs
from services.vendors.base import Update
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def agent(session: Session) -> Actor:
    session.add(Integration(name="email", connected_at=NOW, config={"from_address": "a@d.example"}))
    user = make.user(session, "csm", notify={"way": "email"})
    return actor_for(session, user)


@pytest.fixture
def case(session: Session, agent: Actor) -> Case:
    person = make.contact(session, "dana@acme.example", name="Dana")
    found = make.case(session, 2, contact_id=person.id)
    verbs.assign(session, agent, 1, to=agent.id, version=1, now=NOW)
    replying.reply(session, agent, 1, way="email", body="Dear Dana", then="wait", now=NOW)
    session.exec(select(Delivery)).one().state = "sent"
    session.flush()
    return found


def came(session: Session, kind: str = "answer", **values: object) -> Update:
    ours = session.exec(select(Message.message_id).where(Message.kind == "reply")).first()
    given = {"kind": kind, "key": "<their-1@acme>", "at": LATER, "thread": (ours,),
             "text": "Thank you, it works"}  # fmt: skip
    return Update(**(given | values))  # type: ignore[arg-type]


def test_an_answer_lands_on_its_case_once_and_it_is_our_turn_again(
    session: Session, case: Case
) -> None:
    assert case.status == "waiting"
    assert answered.take(session, came(session), LATER) == "answer"
    assert answered.take(session, came(session), LATER) == "known"
    assert case.status == "open" and case.due_at is not None
    inbound = session.exec(select(Message).where(Message.kind == "inbound")).one()
    assert (inbound.body, inbound.way) == ("Thank you, it works", "email")
    assert session.exec(select(CaseEvent.kind)).all()[-1] == "answered"
    assert session.exec(select(Notice.kind)).all() == ["answered"]


def test_an_answer_reopens_a_resolved_case(session: Session, agent: Actor, case: Case) -> None:
    cause = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, agent, 1, outcome="solved", root_cause_id=cause, version=case.version, now=NOW
    )
    assert answered.take(session, came(session), LATER) == "answer"
    assert case.status == "open" and case.resolved_at is None
    event = session.exec(select(CaseEvent).order_by(CaseEvent.id.desc())).first()  # type: ignore
    assert event and event.data["reopened"]


def test_an_answer_to_a_closed_case_goes_to_the_one_that_is_open(
    session: Session, agent: Actor, case: Case
) -> None:
    cause = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, agent, 1, outcome="solved", root_cause_id=cause, version=case.version, now=NOW
    )
    other = make.case(session, 1, contact_id=case.contact_id)
    assert other.id != case.id
    answered.take(session, came(session), LATER)
    assert case.status == "resolved"
    inbound = session.exec(select(Message).where(Message.kind == "inbound")).one()
    assert inbound.case_id == other.id


def test_an_absence_is_kept_and_changes_nothing(session: Session, case: Case) -> None:
    version = case.version
    assert answered.take(session, came(session, "away"), LATER) == "away"
    assert (case.status, case.version) == ("waiting", version)
    assert session.exec(select(Message).where(Message.kind == "inbound")).one()


def test_a_bounce_marks_address_and_delivery_and_it_is_our_turn_again(
    session: Session, agent: Actor, case: Case
) -> None:
    update = came(session, "bounce", hard=True, failed="dana@acme.example", text="5.1.1 unknown")
    assert answered.take(session, update, LATER) == "bounce"
    contact = session.get(Contact, case.contact_id)
    assert contact and contact.bounced_email == contact.email_norm
    assert session.exec(select(Delivery)).one().state == "failed"
    assert case.status == "open"
    assert "came back" in (replying.ways(session, agent, 1)[0].why_not or "")


def test_a_bounce_that_may_pass_marks_no_address(session: Session, case: Case) -> None:
    answered.take(session, came(session, "bounce", hard=False), LATER)
    contact = session.get(Contact, case.contact_id)
    assert contact and contact.bounced_email is None
    assert session.exec(select(Delivery)).one().state == "sent"


def test_mail_that_answers_nothing_of_ours_is_left_alone(session: Session, case: Case) -> None:
    assert case
    update = came(session, thread=("<something@else>",))
    assert answered.take(session, update, LATER) == "stranger"
    assert session.exec(select(Message).where(Message.kind == "inbound")).all() == []


def test_a_bounce_says_nothing_about_an_address_that_is_newer_than_the_mail(
    session: Session, case: Case
) -> None:
    contact = session.get(Contact, case.contact_id)
    assert contact is not None
    contact.email = contact.email_norm = "dana@new.example"
    session.add(contact)
    session.flush()
    answered.take(session, came(session, "bounce", hard=True), LATER)
    assert contact.bounced_email == "dana@acme.example"
