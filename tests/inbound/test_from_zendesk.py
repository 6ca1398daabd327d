"""What agents and customers do to a ticket in Zendesk is done to its case, once."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.engine import reading, transaction
from db.models import Delivery, Integration, Notice, RootCause
from services.cases import verbs
from services.inbound import rows
from tests.inbound.there import ADMIN, There, at_zendesk


@pytest.fixture
def there(desk: sa.Engine) -> Iterator[There]:
    assert desk
    with at_zendesk() as there:
        yield there


def public(text: str) -> dict[str, object]:
    return {"html_body": f"<p>{text}</p>", "public": True}


def internal(text: str) -> dict[str, object]:
    return {"html_body": f"<p>{text}</p>", "public": False}


def test_an_agents_public_reply_is_the_first_contact_at_its_own_time(there: There) -> None:
    there.does(there.ana, comment=public("We are on it &amp; sorry"), status="pending")
    at = there.now
    there.passes(minutes=7)
    there.told("hook:1", "hook:1", "hook:2")
    there.takes()
    case = there.case()
    assert (case.contacted_at, case.status) == (at, "waiting")
    assert there.kinds() == ["contacted", "waited"]
    assert there.messages() == [("reply", "zendesk", "We are on it & sorry")]
    [contacted, _] = there.events()[2:]
    assert (contacted.actor_id, contacted.data["there"]) == (there.ana_here().id, "zendesk")


def test_what_nobody_there_can_be_named_for_is_no_contact_with_the_customer(there: There) -> None:
    gone = 4711  # of whom Zendesk knows nothing any more; -1 is Zendesk itself
    there.does(gone, comment=public("Still broken!"))
    there.does(-1, comment=public("This was closed and merged"))
    there.told("hook:1")
    there.takes()
    assert there.case().contacted_at is None
    assert {(kind, way) for kind, way, _ in there.messages()} == {("note", "zendesk")}


def test_our_own_updates_come_back_as_nothing(there: There) -> None:
    with transaction() as session:
        verbs.assign(session, ADMIN, 1, to=there.ana_here().id, version=2, now=there.now)
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=3, now=there.now
        )
    there.sends()
    assert there.standin.tickets[101]["status"] == "solved"
    there.told("hook:1")
    there.takes()
    assert there.kinds() == ["assigned", "resolved"]
    assert {(row.state, row.note) for row in there.rows()} == {("done", "it was done from here")}


def test_what_came_from_there_is_not_sent_back(there: There) -> None:
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=2, now=there.now
        )
    there.sends()
    with transaction() as session:
        row = session.get_one(Integration, "zendesk")
        row.config = row.config | {"copy_notes": "yes"}
    there.does(there.bo, comment=internal("Not done at all"), status="open")
    there.told("hook:1")
    there.takes()
    assert there.kinds() == ["resolved", "noted", "reopened"]
    with reading() as session:
        owed = session.exec(select(Delivery.action).where(Delivery.vendor == "zendesk")).all()
    assert owed == ["ticket", "status"]


def test_the_owner_there_owns_it_here_if_they_work_here(there: There) -> None:
    there.does(there.bo, assignee_id=there.ana)
    there.told("hook:1")
    there.takes()
    assert there.case().assignee_id == there.ana_here().id
    there.does(there.bo, assignee_id=there.bo)
    there.told("hook:2")
    there.takes()
    assert there.case().assignee_id == there.ana_here().id
    last = there.rows()[-1]
    assert (last.state, last.note) == ("ignored", "who owns it there does not work here")
    there.does(there.bo, assignee_id=None)
    there.told("hook:3")
    there.takes()
    assert there.case().assignee_id is None


def test_a_customers_answer_is_our_turn_again(there: There) -> None:
    there.does(there.ana, comment=public("Which browser?"), status="pending")
    there.told("hook:1")
    there.takes()
    there.does(there.customer, comment=public("Firefox"), status="open")
    there.told("hook:2")
    there.takes()
    assert there.case().status == "open"
    assert there.kinds() == ["contacted", "waited", "answered"]
    assert there.messages()[-1] == ("inbound", "zendesk", "Firefox")


def test_solved_there_is_asked_about_here_and_its_owner_hears_of_it(there: There) -> None:
    there.does(there.bo, assignee_id=there.ana)
    there.does(there.bo, status="solved")
    there.told("hook:1")
    there.takes()
    case = there.case()
    assert (case.status, there.kinds()) == ("open", ["assigned", "done_there"])
    with reading() as session:
        assert "synced" in session.exec(select(Notice.kind)).all()
    there.standin.does(101, there.standin.ME, status="closed")
    there.told("hook:2")
    there.takes()
    assert there.kinds() == ["assigned", "done_there"]  # closed says nothing more
    there.does(there.bo, status="open")
    there.told("hook:3")
    there.takes()
    assert there.kinds() == ["assigned", "done_there", "settled"]


def test_solved_there_resolves_it_where_an_admin_said_how(desk: sa.Engine) -> None:
    assert desk
    with reading() as session:
        cause = session.exec(select(RootCause)).first()
    assert cause is not None
    with at_zendesk(
        when_solved="resolve", solved_outcome="explained", solved_cause=cause.name.upper()
    ) as there:
        there.does(there.bo, status="solved")
        there.told("hook:1")
        there.takes()
        case = there.case()
    assert (case.status, case.outcome, case.root_cause_id) == ("resolved", "explained", cause.id)


def test_what_both_sides_changed_is_shown_and_neither_wins(there: There) -> None:
    there.does(there.bo, status="pending")
    there.passes(minutes=5)
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=2, now=there.now
        )
    there.told("hook:1")
    there.takes()
    assert there.case().status == "resolved"
    event = there.events()[-1]
    assert (event.kind, event.data["theirs"], event.data["ours"]) == (
        "conflicted", "waiting", "solved",
    )  # fmt: skip


def test_a_change_that_waits_to_be_sent_is_not_overtaken_in_silence(there: There) -> None:
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=2, now=there.now
        )
    there.does(there.bo, status="pending")  # later, but nobody there knew of ours
    there.told("hook:1")
    there.takes()
    assert there.kinds() == ["resolved", "conflicted"]


def test_what_cannot_be_read_is_read_later_and_a_ticket_of_others_is_left_alone(
    there: There,
) -> None:
    there.does(there.ana, comment=internal("Look here"))
    there.standin.fault("500", "audits")
    there.told("hook:1")
    with transaction() as session:
        other = {"event_id": "hook:9", "thread": "999", "kind": "look"}
        rows.keep(session, "zendesk", [other], there.now)
    there.takes()
    assert there.messages() == [("note", "zendesk", "Look here")]
    assert [(row.thread, row.state, row.note) for row in there.rows("look")] == [
        ("101", "done", None), ("999", "ignored", "it is no case of this desk"),
    ]  # fmt: skip
