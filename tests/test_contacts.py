"""Whether we may write to a person, and where: changed by who works on cases, in their units."""

import pytest
from sqlmodel import Session, select

from db.models import Audit
from services import contacts
from services.access import Refused
from tests import builders as make
from tests.builders import NOW

AGENT = make.actor("support")


def test_a_person_is_left_alone_and_may_be_contacted_again(session: Session) -> None:
    person = make.contact(session)
    contacts.leave_alone(session, AGENT, person.id or 0, on=True, now=NOW)
    assert person.do_not_contact
    contacts.leave_alone(session, AGENT, person.id or 0, on=False, now=NOW)
    assert not person.do_not_contact
    verbs = session.exec(select(Audit.verb)).all()
    assert verbs == ["contact.leave_alone", "contact.may_contact"]


def test_a_new_address_ends_that_mail_came_back(session: Session) -> None:
    person = make.contact(session, "old@acme.example", bounced_email="old@acme.example")
    contacts.move(session, AGENT, person.id or 0, email=" New@Acme.example ", now=NOW)
    assert (person.email, person.email_norm) == ("New@acme.example", "new@acme.example")
    assert person.bounced_email is None
    assert "acme" not in str(session.exec(select(Audit.data)).all())


def test_what_is_no_address_or_somebody_elses_is_refused(session: Session) -> None:
    person, _ = make.contact(session), make.contact(session, "taken@acme.example")
    for email in ("nobody", "taken@acme.example"):
        with pytest.raises(Refused):
            contacts.move(session, AGENT, person.id or 0, email=email, now=NOW)


def test_people_of_other_units_and_erased_ones_are_not_there(session: Session) -> None:
    emea, apac = make.unit(session), make.unit(session, "APAC")
    acme = make.account(session, unit_id=emea.id)
    person = make.contact(session, account_id=acme.id)
    far = make.actor("csm", units=(apac.id,))
    with pytest.raises(Refused, match="no such person"):
        contacts.leave_alone(session, far, person.id or 0, on=True, now=NOW)
    gone = make.contact(session)
    gone.erased_at, gone.name, gone.email, gone.email_norm = NOW, None, None, None
    with pytest.raises(Refused, match="erased"):
        contacts.move(session, AGENT, gone.id or 0, email="a@b.example", now=NOW)
