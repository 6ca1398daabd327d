"""What teammates and customers do to a conversation in Intercom is done to its case, once."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.engine import transaction
from db.models import Delivery, RootCause
from services.cases import replying, verbs
from services.worker import inbound
from tests.inbound.there import ADMIN, There, at_intercom


@pytest.fixture
def there(sqlite_desk: sa.Engine) -> Iterator[There]:
    assert sqlite_desk
    with at_intercom() as there:
        yield there
        assert there.standin.violations == []


def test_replies_notes_owner_and_end_come_to_the_case(there: There) -> None:
    there.does("992", "comment", body="<p>We look into it</p>")
    at = there.now
    there.does("992", "note", body="<p>Known bug</p>")
    there.does("992", "assignment", to="991")
    there.does("user", "comment", body="<p>Thanks</p>")
    there.does("992", "close")
    there.told("hook:1", "hook:2")
    there.takes()
    assert there.kinds() == ["contacted", "noted", "assigned", "answered", "done_there"]
    case = there.case()
    assert (case.contacted_at, case.assignee_id) == (at, there.ana_here().id)
    assert there.messages() == [
        ("reply", "intercom", "We look into it"), ("note", "intercom", "Known bug"),
        ("inbound", "intercom", "Thanks"),
    ]  # fmt: skip


def test_what_a_machine_says_in_a_teammates_name_is_no_contact(there: There) -> None:
    there.does("992", "comment", body="<p>Have you tried our guide?</p>", ai=True)
    there.told("hook:1")
    there.takes()
    assert (there.case().contacted_at, there.messages()) == (None, [])


def test_what_the_desk_did_itself_comes_back_as_nothing(there: There) -> None:
    with transaction() as session:
        replying.reply(session, ADMIN, 1, way="intercom", body="Dear Dana\n\nsorry", now=there.now)
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=3, now=there.now
        )
    there.passes(minutes=2)
    there.sends()
    kinds = there.kinds()
    there.told("hook:1")
    there.takes()
    assert there.kinds() == kinds
    assert {row.note for row in there.rows()} == {"it was done from here"}
    assert len(there.rows()) == 3  # the note of the conversation, the reply, the end


def test_the_same_teammate_can_write_there_by_hand(there: There) -> None:
    there.does("991", "comment", body="<p>By hand</p>")
    there.told("hook:1")
    there.takes()
    assert there.messages() == [("reply", "intercom", "By hand")]


def test_while_a_reply_of_ours_is_under_way_the_conversation_waits(there: There) -> None:
    with transaction() as session:
        replying.reply(session, ADMIN, 1, way="intercom", body="Dear Dana", now=there.now)
        row = session.exec(select(Delivery).where(Delivery.action == "reply")).one()
        row.state = "sending"
    there.does("992", "note", body="<p>Later</p>")
    there.told("hook:1")
    there.takes()
    assert there.messages() == [("reply", "intercom", "Dear Dana")]
    with transaction() as session:
        row = session.exec(select(Delivery).where(Delivery.action == "reply")).one()
        row.state = "sent"
    there.passes(minutes=1)
    there.takes()
    assert there.messages()[-1] == ("note", "intercom", "Later")


def test_what_no_webhook_told_is_found_by_asking(there: There) -> None:
    there.does("992", "comment", body="<p>Unheard</p>")
    there.passes(minutes=2)
    state = inbound.poll({}, there.clock)
    there.takes()
    assert there.kinds() == ["contacted"]
    there.passes(minutes=2)
    state = inbound.poll(state, there.clock)
    assert len(there.rows("look")) == 1  # the same newest state is looked at once
    there.does("992", "comment", body="<p>Again</p>")
    there.passes(minutes=2)
    inbound.poll(state, there.clock)
    there.takes()
    assert there.kinds() == ["contacted", "contacted"]
