"""Merges, undo, erasing, words, and vendors that answer oddly: what comes in stays in its place."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.engine import reading, transaction
from db.models import Case, Delivery, Integration, Job, Message, Notice
from services import contact_export, integrations
from services.access import Refused
from services.cases import merging, replying, verbs
from services.cases.undo import undo
from services.erasing.erase import erase
from services.inbound import again, rows
from services.insights.arrivals import arrived
from services.insights.case_file import case_file
from services.worker import inbound, jobs
from tests import builders as make
from tests.inbound.there import ADMIN, There, at_zendesk
from tests.standins.zendesk import Zendesk


@pytest.fixture
def there(sqlite_desk: sa.Engine) -> Iterator[There]:
    assert sqlite_desk
    with at_zendesk() as there:
        yield there


def note(text: str) -> dict[str, object]:
    return {"html_body": f"<p>{text}</p>", "public": False}


def sentences(there: There) -> list[str]:
    with reading() as session:
        steps = case_file(session, ADMIN, 1, now=there.now).steps
    return [f"{step.who} {step.said}" for step in reversed(steps)][2:]


def test_the_journal_says_who_did_what_and_where(there: There) -> None:
    there.does(there.ana, comment={"html_body": "<p>Hi</p>", "public": True}, status="pending")
    there.does(there.bo, comment=note("Hm"), assignee_id=there.ana)
    there.does(there.customer, comment={"html_body": "<p>Yes</p>", "public": True}, status="open")
    there.does(there.bo, status="solved")
    there.told("hook:1")
    there.takes()
    assert sentences(there) == [
        "Ana answered the customer in Zendesk",
        "Ana set it to wait for the customer in Zendesk",
        "Somebody left a note in Zendesk",
        "Somebody assigned it to Ana in Zendesk",
        "Zendesk brought an answer of the customer",
        "Somebody solved it in Zendesk: say here how it ended, and why it arose",
    ]


def test_what_comes_for_a_merged_case_is_done_to_the_one_it_lives_on_in(there: There) -> None:
    with transaction() as session:
        company, other = make.account(session), make.case(session, 1, now=there.now)
        first = session.exec(select(Case).where(Case.number == 1)).one()
        first.account_id = other.account_id = company.id
        session.flush()
        merging.merge(session, ADMIN, 1, into=2, version=2, into_version=1, now=there.now)
    there.does(there.bo, comment=note("Both"), status="pending")
    there.told("hook:1")
    there.takes()
    with reading() as session:
        into = session.exec(select(Case).where(Case.number == 2)).one()
        [message] = session.exec(select(Message).where(Message.kind == "note"))
    assert (message.case_id, into.status) == (into.id, "waiting")


def test_a_public_reply_there_cannot_be_taken_back_here(there: There) -> None:
    there.does(there.ana, comment={"html_body": "<p>Hi</p>", "public": True})
    there.told("hook:1")
    there.takes()
    event = there.events()[-1]
    with transaction() as session, pytest.raises(Refused, match="stays said"):
        undo(session, ADMIN, 1, event.id or 0, now=there.now)
    with reading() as session:
        assert not any(s.mine for s in case_file(session, ADMIN, 1, now=there.now).steps)


def test_what_somebody_there_did_since_is_not_taken_back_over(there: There) -> None:
    with transaction() as session:
        boss = make.user(session, "csm", name="Cy")
        done = verbs.assign(session, ADMIN, 1, to=boss.id, version=2, now=there.now)
    there.passes(minutes=1)
    there.does(there.bo, assignee_id=there.ana)
    there.told("hook:1")
    there.takes()
    with transaction() as session, pytest.raises(Refused, match="in Zendesk since"):
        undo(session, ADMIN, 1, done.event_id, now=there.now)


def test_erasing_takes_what_waits_and_lets_nothing_come_back(there: There) -> None:
    there.does(there.bo, comment=note("About Dana"))
    there.told("hook:1")
    inbound.once(there.clock)
    assert "About Dana" in str([row.payload for row in there.rows()])
    person = there.case().contact_id or 0
    with transaction() as session:
        told = contact_export.export(session, ADMIN, person, now=there.now)
        assert "About Dana" in told and "from_vendors" in told
        erase(session, ADMIN, person, now=there.now)
    there.takes()
    there.does(there.bo, comment=note("More of Dana"), status="pending")
    there.told("hook:2")
    there.takes()
    assert there.messages() == []
    assert [row.payload for row in there.rows()][-2:] == [{}, {}]
    assert there.case().status == "waiting"  # how it stands there is nobody's secret


def test_zendesk_is_asked_for_what_no_webhook_told(there: There) -> None:
    there.does(there.bo, comment=note("Unheard"))
    there.passes(minutes=2)
    with transaction() as session:
        session.add(Job(name="changes", next_at=there.now, state={}))
    assert jobs._run("changes", "w", there.clock)
    there.takes()
    assert there.messages() == [("note", "zendesk", "Unheard")]
    with reading() as session:
        state = session.get_one(Job, "changes").state
    asked = len(there.standin.sent("GET", "/api/v2/tickets/show_many.json"))
    soon = datetime.fromisoformat(state["zendesk"]) + timedelta(seconds=50)
    assert inbound.poll(state, lambda: soon) == state
    there.passes(minutes=2)
    inbound.poll(state, there.clock)
    assert len(there.standin.sent("GET", "/api/v2/tickets/show_many.json")) == asked + 1
    assert len(there.rows("look")) == 1


@pytest.mark.parametrize("kind", ["html", "500", "drop", "json", "429"])
def test_an_odd_answer_of_the_list_is_noted_and_asked_for_again(there: There, kind: str) -> None:
    there.does(there.bo, comment=note("Still here"))
    there.passes(minutes=2)
    there.standin.fault(kind, "show_many")
    state = inbound.poll({}, there.clock)
    assert "zendesk" not in state and state["zendesk error"].startswith("Zendesk")
    there.passes(minutes=1)
    assert set(inbound.poll(state, there.clock)) == {"zendesk"}
    there.takes()
    assert there.messages() == [("note", "zendesk", "Still here")]


def test_what_cannot_be_read_for_long_fails_says_why_and_is_tried_again_by_an_admin(
    there: There,
) -> None:
    there.does(there.bo, comment=note("At last"))
    there.told("hook:1")
    for _ in range(rows.MOST):
        there.standin.fault("html", "audits")
        assert inbound.once(there.clock)
        there.passes(minutes=5)
    assert not inbound.once(there.clock)
    with reading() as session:
        found = arrived(session, ADMIN, "zendesk")
    assert found.counts == {"failed": 1}
    assert found.rows[0].why == "Zendesk answered with a page instead of data"
    with transaction() as session:
        assert again.again(session, ADMIN, "zendesk", now=there.now) == 1
    there.takes()
    assert there.messages() == [("note", "zendesk", "At last")]
    with transaction() as session, pytest.raises(Refused, match="Nothing failed"):
        again.again(session, ADMIN, "zendesk", now=there.now)


def test_what_waits_when_changes_there_are_no_longer_wanted_changes_nothing(there: There) -> None:
    there.does(there.bo, comment=note("Read already"))
    there.told("hook:1")
    assert inbound.once(there.clock)
    there.does(there.bo, comment=note("Not read yet"))
    there.told("hook:2")
    with transaction() as session:
        row = session.get_one(Integration, "zendesk")
        row.config = row.config | {"two_way": "no"}
    there.takes()
    assert (there.messages(), there.kinds()) == ([], [])
    ended = [there.rows()[-1], there.rows("look")[-1]]
    assert [(row.state, row.note, row.payload) for row in ended] == 2 * [
        ("ignored", "changes there do not change the case", {})
    ]


def test_a_paused_vendor_is_left_alone_until_it_is_resumed(there: There) -> None:
    there.does(there.bo, comment=note("Wait"))
    with transaction() as session:
        session.get_one(Integration, "zendesk").paused_at = there.now
    there.told("hook:1")
    there.takes()
    assert there.messages() == [] and inbound.poll({}, there.clock) == {}
    with transaction() as session:
        session.get_one(Integration, "zendesk").paused_at = None
    there.takes()
    assert there.messages() == [("note", "zendesk", "Wait")]


def connect(there: There, standin: Zendesk) -> None:
    """To another Zendesk than before."""
    entered = {"base_url": standin.url, "email": standin.email, "token": standin.token}
    with transaction() as session:
        integrations.disconnect(session, ADMIN, "zendesk", now=there.now)
        integrations.connect(session, ADMIN, "zendesk", entered, now=there.now)


def test_what_waits_when_a_vendor_is_disconnected_is_not_done_once_it_is_another(
    there: There,
) -> None:
    there.does(there.bo, comment=note("Waits"))
    there.told("hook:1")
    assert inbound.once(there.clock)
    there.told("hook:2")
    connect(there, there.standin)
    waiting = [row for row in there.rows() + there.rows("look") if row.state == "ignored"]
    assert [(row.note, row.payload) for row in waiting] == 2 * [("Zendesk was disconnected", {})]
    there.takes()
    assert there.messages() == []


def test_a_ticket_of_the_same_number_in_another_zendesk_is_neither_read_nor_written_to(
    there: There,
) -> None:
    with Zendesk().serving() as other:
        other.clock = there.clock
        other.tickets[101] = {"id": 101, "status": "open", "requester_id": 900, "updated_at": ""}
        other.audits[101] = []
        other.does(101, other.hires("eve@other.example"), comment=note("About Eve"))
        connect(there, other)
        there.told("hook:3")
        with transaction() as session:
            replying.reply(session, ADMIN, 1, way="zendesk", body="Dear Dana", now=there.now)
        there.takes()
        there.sends()
    assert there.messages() == [("reply", "zendesk", "Dear Dana")]
    assert len(other.audits[101]) == 1
    with reading() as session:
        owed = session.exec(select(Delivery).where(Delivery.action == "reply")).one()
    [look] = there.rows("look")
    said = "The ticket of this number in Zendesk was not made by Loopdesk"
    assert (owed.state, owed.last_error) == (look.state, look.note) == ("failed", said)


def test_history_from_before_the_desk_listened_is_left_alone(there: There) -> None:
    now = there.now
    there.now = now - timedelta(days=3)
    there.does(there.bo, comment=note("Long ago"))
    there.now = now
    there.does(there.bo, comment=note("Lately"))
    there.told("hook:1")
    there.takes()
    assert there.messages() == [("note", "zendesk", "Lately")]


def test_a_vendor_that_asks_for_a_rest_is_left_alone_by_everything(there: There) -> None:
    there.does(there.bo, comment=note("Slowly"))
    there.standin.fault("429", "audits", seconds=90)
    there.told("hook:1", "hook:2")
    assert inbound.once(there.clock)
    asked = len(there.standin.calls)
    there.passes(seconds=60)
    assert not inbound.once(there.clock) and inbound.poll({}, there.clock) == {}
    assert len(there.standin.calls) == asked
    there.passes(seconds=60)
    there.takes()
    assert there.messages() == [("note", "zendesk", "Slowly")]


def test_what_follows_in_the_same_second_is_not_missed(there: There) -> None:
    there.does(there.bo, comment=note("First"))
    state = inbound.poll({}, there.clock)
    while inbound.once(there.clock):
        pass
    there.standin.does(int(there.thread), there.bo, comment=note("Second"))
    for _ in range(2):
        there.passes(minutes=3)
        state = inbound.poll(state, there.clock)
    there.takes()
    assert [body for _, _, body in there.messages()] == ["First", "Second"]
    assert len(there.rows("look")) == 2


def test_a_vendor_that_asks_for_a_rest_when_asked_what_changed_has_it(there: There) -> None:
    there.standin.fault("429", "show_many", seconds=90)
    state = inbound.poll({}, there.clock)
    asked = len(there.standin.calls)
    there.passes(seconds=60)
    there.told("hook:1")
    assert not inbound.once(there.clock) and inbound.poll(state, there.clock) == state
    assert len(there.standin.calls) == asked
    there.passes(seconds=60)
    assert set(inbound.poll(state, there.clock)) == {"zendesk"}


def test_a_token_that_was_revoked_is_said_once_and_nobody_asks_with_it_again(there: There) -> None:
    with transaction() as session:
        make.user(session, "admin", notify={"way": "email"})
    there.standin.token = "another"
    state = inbound.poll({}, there.clock)
    assert "does not accept our credentials" in str(state["zendesk error"])
    asked = len(there.standin.calls)
    there.passes(minutes=2)
    assert inbound.poll(state, there.clock) == state and len(there.standin.calls) == asked
    with reading() as session:
        row = session.get_one(Integration, "zendesk")
        assert row.broken_at is not None and "credentials" in str(row.last_error)
        assert session.exec(select(Notice.kind)).all() == ["vendor"]


@pytest.mark.parametrize("audits", [
    '[{"id": 1}]', '[{"id": "x", "created_at": "2026-01-01T00:00:00Z"}]', '[7]',
    '[{"id": 1, "created_at": "yesterday", "events": [{"type": "Comment", "body": 3}]}]',
])  # fmt: skip
def test_an_update_of_another_shape_is_said_to_be_unreadable_and_read_again(
    there: There, audits: str
) -> None:
    there.does(there.bo, comment=note("Here"))
    meta = '"meta": {"has_more": false}, "links": {"next": null}'
    there.standin.fault("json", "audits", said=f'{{"audits": {audits}, {meta}}}')
    there.told("hook:1")
    assert inbound.once(there.clock)
    [row] = there.rows("look")
    assert row.state == "new" and str(row.note).startswith("Zendesk")
    there.takes()
    assert there.messages() == [("note", "zendesk", "Here")]
