"""A reply: owed with the case's step, taken back until it leaves, a contact once it has left."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import Case, Contact, Delivery, Integration, Message, RootCause
from services.access import Actor, Refused, actor_for
from services.cases import drafts, replying, undo
from services.cases.journal import journal, state_hash
from services.domain.retrying import Pace
from services.outbox.claiming import claim
from services.outbox.recording import Ended, record
from services.vendors.base import Receipt, VendorError
from tests import builders as make
from tests.builders import NOW

SOON = NOW + timedelta(seconds=31)
PACE = Pace()


@pytest.fixture
def agent(session: Session) -> Actor:
    session.add(
        Integration(name="email", connected_at=NOW, config={"from_address": "care@desk.example"})
    )
    return actor_for(session, make.user(session, "csm", name="Ana Kim"))


@pytest.fixture
def case(session: Session) -> Case:
    person = make.contact(session, "dana@acme.example", name="Dana Reyes")
    return make.case(session, 2, contact_id=person.id)


def delivery(session: Session) -> Delivery:
    return session.exec(select(Delivery).order_by(Delivery.id.desc())).first()  # type: ignore


def write(session: Session, agent: Actor, **values: Any) -> Any:
    given = {"way": "email", "body": "Dear Dana", "now": NOW} | values
    return replying.reply(session, agent, 1, **given)


def leave(session: Session, ended: Ended | None = None, vendor: str = "email") -> None:
    claimed = claim(session, vendor, SOON, "w", PACE)
    assert claimed is not None
    record(session, claimed, ended or Ended(receipt=Receipt("id")), PACE, SOON, 0.5)


def kinds(session: Session, case: Case) -> list[str]:
    return [event.kind for event in journal(session, case.id or 0)]


def test_a_reply_leaves_after_its_time_and_is_the_first_contact(
    session: Session, agent: Actor, case: Case
) -> None:
    write(session, agent, subject="Your\r\nfeedback")
    owed = delivery(session)
    assert (owed.state, owed.not_before) == ("pending", NOW + timedelta(seconds=30))
    assert owed.payload["to"] == {"name": "Dana Reyes", "address": "dana@acme.example"}
    assert owed.payload["subject"] == "Your feedback" and owed.payload["references"] == []
    assert case.contacted_at is None  # it is none before it has left
    assert claim(session, "email", NOW, "w", PACE) is None
    leave(session)
    assert case.contacted_at == SOON and case.status == "open"
    assert kinds(session, case) == ["opened", "replied", "contacted"]
    assert journal(session, case.id or 0)[-1].actor_id == agent.id


def test_it_can_be_taken_back_until_it_leaves_and_is_a_draft_again(
    session: Session, agent: Actor, case: Case
) -> None:
    before = state_hash(session, case)
    done = write(session, agent, then="wait", subject="Hello")
    assert case.status == "waiting" and case.due_at is None
    undo.undo(session, agent, 1, done.event_id, now=NOW)
    assert state_hash(session, case) == before
    assert delivery(session).state == "cancelled"
    assert claim(session, "email", SOON, "w", PACE) is None
    kept = drafts.mine(session, agent, 1)["reply"]
    assert (kept.body, kept.subject, kept.way) == ("Dear Dana", "Hello", "email")


def test_what_has_left_or_may_have_cannot_be_taken_back(
    session: Session, agent: Actor, case: Case
) -> None:
    done = write(session, agent)
    claimed = claim(session, "email", SOON, "w", PACE)
    assert claimed is not None
    with pytest.raises(Refused, match="It has left"):
        undo.undo(session, agent, 1, done.event_id, now=SOON)
    record(session, claimed, Ended(receipt=Receipt("id")), PACE, SOON, 0.5)
    contact = journal(session, case.id or 0)[-1]
    for event_id in (done.event_id, contact.id or 0):
        with pytest.raises(Refused, match="It has left"):
            undo.undo(session, agent, 1, event_id, now=SOON)
    assert case.contacted_at == SOON


def test_send_and_resolve_is_one_step_and_the_loop_is_closed_when_it_has_left(
    session: Session, agent: Actor, case: Case
) -> None:
    cause = session.exec(select(RootCause.id)).first()
    with pytest.raises(Refused, match="root cause"):
        write(session, agent, then="resolve", outcome="solved")
    write(session, agent, then="resolve", outcome="solved", root_cause_id=cause)
    assert (case.status, case.contacted_at) == ("resolved", None)
    leave(session)
    assert (case.status, case.contacted_at) == ("resolved", SOON)


def test_the_second_mail_answers_the_first_and_each_has_an_id_of_its_own(
    session: Session, agent: Actor, case: Case
) -> None:
    assert case
    write(session, agent)
    first = delivery(session).payload
    write(session, agent, body="One thing more")
    second = delivery(session).payload
    assert first["message_id"].endswith("@desk.example>")
    assert second["in_reply_to"] == first["message_id"] != second["message_id"]
    assert second["references"] == [first["message_id"]]


def test_a_mail_of_which_nobody_knows_is_no_contact_yet(
    session: Session, agent: Actor, case: Case
) -> None:
    write(session, agent)
    leave(session, Ended(error=VendorError("the connection broke", unsure=True)))
    assert delivery(session).state == "unknown" and case.contacted_at is None


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ({"do_not_contact": True}, "must not be contacted"),
        ({"email": None, "email_norm": None}, "left no address"),
        ({"bounced_email": "dana@acme.example"}, "came back"),
        ({"erased_at": NOW, "name": None, "email": None, "email_norm": None}, "erased"),
    ],
)
def test_nobody_is_written_to_who_must_not_or_cannot_be(
    session: Session, agent: Actor, case: Case, why: dict[str, Any], said: str
) -> None:
    person = session.get(Contact, case.contact_id)
    assert person is not None
    for name, value in why.items():
        setattr(person, name, value)
    session.flush()
    with pytest.raises(Refused, match=said):
        write(session, agent)
    assert session.exec(select(Delivery)).all() == []
    assert session.exec(select(Message)).all() == []
    (way, *_) = replying.ways(session, agent, 1)
    assert way.why_not and said in way.why_not


def test_a_declined_follow_up_is_respected(session: Session, agent: Actor) -> None:
    person = make.contact(session)
    case = make.case(session, contact_id=person.id)
    from db.models import Response

    answer = session.get(Response, case.response_id)
    assert answer is not None
    answer.followup = "declined"
    session.flush()
    with pytest.raises(Refused, match="declined"):
        write(session, agent)


def test_an_unconnected_vendor_and_a_case_that_is_not_there_are_refused(
    session: Session, agent: Actor, case: Case
) -> None:
    assert case
    with pytest.raises(Refused, match="Zendesk is not connected"):
        write(session, agent, way="zendesk")
    session.add(Integration(name="zendesk", connected_at=NOW))
    with pytest.raises(Refused, match="Push the case to Zendesk first"):
        write(session, agent, way="zendesk")
    with pytest.raises(Refused, match="says something"):
        write(session, agent, body=" \0 ")


def test_the_same_click_twice_is_one_reply(session: Session, agent: Actor, case: Case) -> None:
    assert case
    first, second = (write(session, agent, once="form-1") for _ in range(2))
    assert first == second and len(session.exec(select(Delivery)).all()) == 1


def test_the_journal_tells_it(session: Session, agent: Actor, case: Case) -> None:
    from services.cases import words

    write(session, agent, then="wait")
    leave(session)
    told = words.sentences(session, journal(session, case.id or 0), NOW.tzinfo)  # type: ignore
    assert told[1:] == [
        "Ana Kim wrote to the customer by e-mail and set it to wait",
        "Ana Kim reached the customer by e-mail",
    ]
