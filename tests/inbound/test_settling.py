"""What both sides changed: a person says which holds, and the other side hears of it."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlmodel import select

from db.engine import reading, transaction
from db.models import Delivery, RootCause
from services.access import Refused
from services.cases import verbs
from services.cases.undo import undo
from services.domain.syncing import Waits
from services.inbound import settling
from services.insights.case_filter import CaseFilter, View
from services.insights.queue import queue
from tests import builders as make
from tests.inbound.there import ADMIN, There, at_zendesk


@pytest.fixture
def there(sqlite_desk: sa.Engine) -> Iterator[There]:
    """Pending there since before it was resolved here."""
    assert sqlite_desk
    with at_zendesk() as there:
        there.does(there.bo, status="pending")
        there.passes(minutes=5)
        with transaction() as session:
            cause = session.exec(select(RootCause.id)).first() or 0
            verbs.resolve(
                session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=2, now=there.now
            )
        there.told("hook:1")
        there.takes()
        yield there


def asked() -> list[settling.Question]:
    with reading() as session:
        return settling.questions(session, ADMIN, 1)


def waiting(there: There) -> list[Waits]:
    """What the queue's filter finds the case by."""
    with reading() as session:
        return [
            one for one in Waits
            if queue(session, ADMIN, CaseFilter(View.ANY, waits=(one,)), now=there.now, me=1).rows
        ]  # fmt: skip


def test_both_values_are_told(there: There) -> None:
    assert there.case().status == "resolved"
    [question] = asked()
    assert (question.vendor, question.both) == ("Zendesk", True)
    assert question.said == (
        "Somebody changed it in Zendesk while it changed here: waiting there, solved here"
    )


def test_theirs_is_taken_and_can_be_taken_back(there: There) -> None:
    boss = make.actor("admin", id=there.ana_here().id)
    with transaction() as session:
        done = settling.take_theirs(session, boss, 1, asked()[0].event_id, now=there.now)
    assert (there.case().status, asked()) == ("waiting", [])
    with transaction() as session:
        undo(session, boss, 1, done.event_id, now=there.now)
    assert there.case().status == "open"  # reopened, and no longer waiting


def test_ours_is_kept_and_sent(there: There) -> None:
    with transaction() as session:
        settling.keep_ours(session, ADMIN, 1, asked()[0].event_id, now=there.now)
    assert (there.case().status, asked()) == ("resolved", [])
    there.sends()
    assert there.standin.tickets[101]["status"] == "solved"
    there.told("hook:2")
    there.takes()
    assert there.kinds() == ["resolved", "conflicted", "settled"]


def test_what_was_decided_is_not_decided_again(there: There) -> None:
    event_id = asked()[0].event_id
    with transaction() as session:
        settling.keep_ours(session, ADMIN, 1, event_id, now=there.now)
    for verb in (settling.keep_ours, settling.take_theirs):
        with transaction() as session, pytest.raises(Refused, match="decided already"):
            verb(session, ADMIN, 1, event_id, now=there.now)


def test_the_conflict_is_over_where_they_come_to_say_the_same(there: There) -> None:
    there.does(there.bo, status="solved")
    there.told("hook:2")
    there.takes()
    assert asked() == []
    assert there.kinds() == ["resolved", "conflicted", "settled"]


def given_on_both_sides(there: There, who: int, **more: str) -> None:
    """Over there to Ana, here a moment later to this colleague."""
    with transaction() as session:
        verbs.reopen(session, ADMIN, 1, version=there.case().version, now=there.now)
        other = make.user(session, "csm", email="bo@else.example", name="Bo")
    there.sends()
    there.does(who, assignee_id=there.ana, **more)
    there.passes(minutes=1)
    with transaction() as session:
        version = there.case().version
        verbs.assign(session, ADMIN, 1, to=other.id, version=version, now=there.now)
    there.told("hook:3")
    there.takes()


def test_an_owner_who_changed_on_both_sides_can_be_kept_and_is_told_there(there: There) -> None:
    given_on_both_sides(there, there.ana)
    question = asked()[-1]
    assert question.said.endswith("owned by Ana there, by Bo here")
    with transaction() as session:
        settling.keep_ours(session, ADMIN, 1, question.event_id, now=there.now)
    there.sends()
    assert there.standin.tickets[101]["assignee_id"] == there.bo
    with reading() as session:
        states = session.exec(select(Delivery.state)).all()
    assert set(states) == {"sent"}


def test_solved_there_can_be_refused(there: There) -> None:
    with transaction() as session:
        verbs.reopen(session, ADMIN, 1, version=there.case().version, now=there.now)
    there.sends()
    there.does(there.bo, status="solved")
    there.told("hook:3")
    there.takes()
    [question] = asked()
    assert not question.both
    with transaction() as session, pytest.raises(Refused, match="outcome"):
        settling.take_theirs(session, ADMIN, 1, question.event_id, now=there.now)
    with transaction() as session:
        settling.keep_ours(session, ADMIN, 1, question.event_id, now=there.now)
    there.sends()
    assert (asked(), there.standin.tickets[101]["status"]) == ([], "open")


def test_what_ours_has_overwritten_there_is_shown_all_the_same(there: There) -> None:
    with transaction() as session:
        settling.keep_ours(session, ADMIN, 1, asked()[0].event_id, now=there.now)
    with transaction() as session:
        verbs.reopen(session, ADMIN, 1, version=there.case().version, now=there.now)
    there.sends()
    there.does(there.bo, status="pending")
    there.passes(minutes=1)
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause,
            version=there.case().version, now=there.now,
        )  # fmt: skip
    there.sends()  # nobody had heard of theirs by then
    there.told("hook:5")
    there.takes()
    assert [question.said for question in asked()] == [
        "Somebody changed it in Zendesk while it changed here: waiting there, solved here"
    ]


def test_the_queue_finds_what_both_changed_until_somebody_decides(there: There) -> None:
    assert waiting(there) == [Waits.CHANGED]
    boss = make.actor("admin", id=there.ana_here().id)
    with transaction() as session:
        done = settling.take_theirs(session, boss, 1, asked()[0].event_id, now=there.now)
    assert waiting(there) == []
    with transaction() as session:
        undo(session, boss, 1, done.event_id, now=there.now)
    assert (waiting(there), asked()) == ([], [])


def test_the_queue_finds_what_was_solved_there_until_it_has_an_outcome(there: There) -> None:
    given_on_both_sides(there, there.bo, status="solved")
    assert waiting(there) == [Waits.CHANGED, Waits.SOLVED]  # the owner is in conflict, too
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause,
            version=there.case().version, now=there.now,
        )  # fmt: skip
    assert waiting(there) == [Waits.CHANGED]
