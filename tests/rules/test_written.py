"""What rules wrote: it leaves as automatic mail; who replies gets a case, what bounces is noted."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import transaction
from db.models import Case, CaseEvent, Contact, Delivery, Message, RuleLater, Template
from services import contact_export
from services.access import SHELL
from services.cases import answered
from services.domain import merge
from services.erasing.erase import erase
from services.vendors.base import Update
from tests.builders import NOW
from tests.rules.desks import HIGH, mailing, rule, turns_until
from tests.rules.desks import answered as came_in

DANA = "dana@example.com"


@pytest.fixture
def thanked(desk: sa.Engine) -> None:  # noqa: ARG001
    with transaction() as session:
        mailing(session)
        rule(session, "Thanks", [HIGH], [{"do": "message", "template": "Thanks", "after": 0}])
    came_in(NOW, {"score": 10, "email": DANA})
    turns_until(NOW + timedelta(minutes=1))


def back(session: Session, kind: str, **values: object) -> Update:
    ours = session.exec(select(Message.message_id).where(Message.kind == "auto")).one()
    given = {"kind": kind, "key": "<1@theirs>", "at": NOW, "thread": (ours,), "text": "Call me"}
    return Update(**(given | values))  # type: ignore[arg-type]


@pytest.mark.usefixtures("thanked")
def test_who_replies_to_a_thank_you_gets_a_case_with_both() -> None:
    with transaction() as session:
        assert answered.take(session, back(session, "answer"), NOW) == "answer"
        assert answered.take(session, back(session, "answer"), NOW) == "known"
        case = session.exec(select(Case)).one()
        assert (case.reason_key, case.opened_at) == ("follow_up", NOW)
        kinds = session.exec(select(Message.kind).where(Message.case_id == case.id)).all()
        assert sorted(kinds) == ["auto", "inbound"]
        events = session.exec(select(CaseEvent.kind).order_by(col(CaseEvent.id))).all()
        assert events == ["opened", "answered"]


@pytest.mark.usefixtures("thanked")
def test_a_thank_you_that_bounces_marks_the_address_and_opens_nothing() -> None:
    with transaction() as session:
        session.exec(select(Delivery)).one().state = "sent"
        assert answered.take(session, back(session, "away"), NOW) == "away"
        assert answered.take(session, back(session, "bounce", hard=True), NOW) == "bounce"
        assert session.exec(select(Contact.bounced_email)).one() == DANA
        assert session.exec(select(Delivery.state)).one() == "failed"
        assert session.exec(select(Case)).all() == []


@pytest.mark.usefixtures("thanked")
def test_it_is_in_the_file_of_its_person_and_goes_with_them() -> None:
    with transaction() as session:
        contact = session.exec(select(Contact)).one()
        told = json.loads(contact_export.export(session, SHELL, contact.id or 0, now=NOW))
        assert [one["body"] for one in told["messages"]] == ["Thank you for the 10."]
        assert [one["rule"] for one in told["rules"]] == ["Thanks"]
        erase(session, SHELL, contact.id or 0, now=NOW)
        assert session.exec(select(Message.body)).all() == [None]
        assert session.exec(select(Delivery)).one().payload == {"erased": True}


@pytest.mark.usefixtures("desk")
def test_nothing_waits_for_a_person_who_was_erased() -> None:
    with transaction() as session:
        mailing(session)
        rule(session, "Thanks", [HIGH], [{"do": "message", "template": "Thanks", "after": 5}])
    came_in(NOW, {"score": 10, "email": DANA})
    state = turns_until(NOW)
    with transaction() as session:
        erase(session, SHELL, session.exec(select(Contact.id)).one() or 0, now=NOW)
    turns_until(NOW + timedelta(minutes=5), state)
    with transaction() as session:
        assert session.exec(select(RuleLater.outcome)).all() == ["erased"]
        assert session.exec(select(Delivery)).all() == []


@pytest.mark.usefixtures("desk")
def test_a_field_of_which_nothing_is_known_stops_the_message() -> None:
    with transaction() as session:
        mailing(session, body="Dear {{account.name}}")
        rule(session, "Thanks", [HIGH], [{"do": "message", "template": "Thanks", "after": 0}])
    came_in(NOW, {"score": 10, "email": DANA})
    turns_until(NOW + timedelta(minutes=1))
    with transaction() as session:
        assert session.exec(select(RuleLater.outcome)).all() == ["unfilled"]
        assert session.exec(select(Delivery)).all() == []


@pytest.mark.parametrize(
    ("language", "wanted"), [("de-AT", "de"), ("en", "en"), ("fi", "en"), (None, "en")]
)
def test_a_template_is_sent_in_the_language_of_the_person(
    language: str | None, wanted: str
) -> None:
    found = [Template(name="T", language=one, body="x") for one in ("de", "en")]
    chosen = merge.of_language(found, language)
    assert chosen is not None
    assert chosen.language == wanted
    assert merge.of_language([], language) is None
