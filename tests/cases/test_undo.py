"""Taking back: one's own, others' for those who may, never over somebody else's later work."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from db.models import Case, Message, RootCause, User
from services.access import Actor, Refused, actor_for
from services.cases import verbs
from services.cases.journal import Done, journal, state_hash, state_of
from services.cases.standing import taken_back
from services.cases.undo import undo
from services.domain import lifecycle
from services.insights.case_file import case_file
from tests import builders as make
from tests.builders import NOW

HOUR = timedelta(hours=1)
LATER = NOW + HOUR


@pytest.fixture
def ann(session: Session) -> User:
    return make.user(session, "csm", name="Ann Bell", team_id=make.team(session).id)


@pytest.fixture
def me(session: Session, ann: User) -> Actor:
    return actor_for(session, ann)


def test_what_is_taken_back_leaves_the_case_as_it_was(session: Session, me: Actor) -> None:
    case = make.case(session)
    why = session.exec(select(RootCause.id)).first() or 0
    acts = [
        lambda v: verbs.assign(session, me, 1, to=me.id, version=v, now=LATER),
        lambda _v: verbs.note(session, me, 1, body="hm", now=LATER),
        lambda _v: verbs.log_contact(session, me, 1, way="call", body="ok", at=LATER, now=LATER),
        lambda v: verbs.snooze(
            session, me, 1, until=LATER + timedelta(days=1), version=v, now=LATER
        ),
        lambda v: verbs.wait(session, me, 1, version=v, now=LATER),
        lambda v: verbs.resolve(
            session, me, 1, outcome="solved", root_cause_id=why, version=v, now=LATER
        ),
    ]
    hashes = [state_hash(session, case)]
    done = []
    for act in acts:
        done.append(act(case.version))
        hashes.append(state_hash(session, case))
    assert len(set(hashes)) == len(hashes)  # each one changes something that can be seen
    for back, before in zip(reversed(done), reversed(hashes[:-1]), strict=True):
        undo(session, me, 1, back.event_id, now=LATER)
        assert state_hash(session, case) == before
    assert case.contacted_at is None  # an undone contact counts nowhere
    assert len(journal(session, case.id or 0)) == 1 + 2 * len(acts)


def test_taking_back_can_be_taken_back(session: Session, me: Actor) -> None:
    case = make.case(session)
    noted = verbs.note(session, me, 1, body="hm", now=LATER)
    after = state_hash(session, case)
    back = undo(session, me, 1, noted.event_id, now=LATER)
    assert session.exec(select(Message.undone_at)).one() == LATER
    undo(session, me, 1, back.event_id, now=LATER)
    assert session.exec(select(Message.undone_at)).one() is None
    assert state_hash(session, case) == after


def test_nothing_is_taken_back_twice_or_that_was_never_done(session: Session, me: Actor) -> None:
    case = make.case(session)
    noted = verbs.note(session, me, 1, body="hm", now=LATER)
    opening = journal(session, case.id or 0)[0]
    undo(session, me, 1, noted.event_id, now=LATER)
    with pytest.raises(Refused, match="taken back already"):
        undo(session, me, 1, noted.event_id, now=LATER)
    for event_id in (opening.id or 0, 999):
        with pytest.raises(Refused, match="nothing to take back"):
            undo(session, me, 1, event_id, now=LATER)


def test_nobody_takes_back_what_somebody_else_has_built_on(session: Session, me: Actor) -> None:
    make.case(session)
    bob = actor_for(session, make.user(session, "csm", name="Bob Ito"))
    mine = verbs.assign(session, me, 1, to=me.id, version=1, now=LATER)
    verbs.note(session, bob, 1, body="hm", now=LATER)
    with pytest.raises(Refused, match="Bob Ito left a note since"):
        undo(session, me, 1, mine.event_id, now=LATER)


def test_ones_own_later_change_of_the_same_thing_comes_first(session: Session, me: Actor) -> None:
    make.case(session)
    first = verbs.assign(session, me, 1, to=me.id, version=1, now=LATER)
    verbs.assign(session, me, 1, to=None, version=2, now=LATER)
    with pytest.raises(Refused, match="assignee changed since"):
        undo(session, me, 1, first.event_id, now=LATER)


@pytest.mark.parametrize(
    ("role", "same_team", "allowed"),
    [
        ("admin", False, True), ("manager", False, True), ("csm", True, True),
        ("csm", False, False), ("support", True, False),
    ],
)  # fmt: skip
def test_others_work_is_taken_back_by_those_who_may(
    session: Session, me: Actor, ann: User, role: str, same_team: bool, allowed: bool
) -> None:
    make.case(session)
    done = verbs.note(session, me, 1, body="hm", now=LATER)
    team = ann.team_id if same_team else make.team(session, "Other").id
    other = actor_for(session, make.user(session, role, team_id=team))
    if allowed:
        assert undo(session, other, 1, done.event_id, now=LATER).version == 3
    else:
        with pytest.raises(Refused, match="somebody else's doing"):
            undo(session, other, 1, done.event_id, now=LATER)


def test_a_resolution_is_not_taken_back_into_a_second_open_case(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    why = session.exec(select(RootCause.id)).first() or 0
    done = verbs.resolve(session, me, 1, outcome="solved", root_cause_id=why, version=1, now=LATER)
    make.case(session, contact_id=case.contact_id, now=LATER)
    with pytest.raises(Refused, match="Case 2 is open for the same person"):
        undo(session, me, 1, done.event_id, now=LATER)


def test_when_the_first_contact_is_taken_back_the_next_one_is_the_first(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    after = LATER + timedelta(hours=1)
    first = verbs.log_contact(session, me, 1, way="call", body="wrong one", at=LATER, now=LATER)
    verbs.log_contact(session, me, 1, way="call", body="reached", at=after, now=after)
    assert case.contacted_at == LATER
    undo(session, me, 1, first.event_id, now=after)
    assert (case.contacted_at, case.contact_seconds) == (after, 2 * 3600)
    assert case.due_at == case.close_due
    told = lifecycle.fold(e.data["changes"] for e in journal(session, case.id or 0))
    assert told == state_of(case)


def contact(session: Session, me: Actor, at: datetime) -> Done:
    return verbs.log_contact(session, me, 1, way="call", body="ok", at=at, now=at)


def agrees(session: Session, case: Case) -> bool:
    """Whether the journal tells what the row holds."""
    events = journal(session, case.id or 0)
    return lifecycle.fold(e.data["changes"] for e in events) == state_of(case)


def test_what_was_put_in_again_stands_and_can_be_taken_back_again(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    noted = verbs.note(session, me, 1, body="hm", now=LATER)
    for _ in range(2):
        back = undo(session, me, 1, noted.event_id, now=LATER)
        assert noted.event_id in taken_back(journal(session, case.id or 0))
        undo(session, me, 1, back.event_id, now=LATER)
        assert noted.event_id not in taken_back(journal(session, case.id or 0))
    undo(session, me, 1, noted.event_id, now=LATER)
    assert session.exec(select(Message.undone_at)).one() == LATER


def test_the_next_contact_is_the_first_however_often_one_is_taken_back(
    session: Session, me: Actor
) -> None:
    case, two = make.case(session), LATER + HOUR
    first = contact(session, me, LATER)
    again = undo(session, me, 1, undo(session, me, 1, first.event_id, now=two).event_id, now=two)
    second = contact(session, me, two)
    undo(session, me, 1, again.event_id, now=two)
    assert (case.contacted_at, case.due_at) == (two, case.close_due)
    undo(session, me, 1, second.event_id, now=two)
    assert (case.contacted_at, case.contact_seconds, case.due_at) == (None, None, case.first_due)
    assert agrees(session, case)


def test_a_case_that_somebody_took_meanwhile_does_not_become_new_again(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    reached = contact(session, me, LATER)
    verbs.assign(session, me, 1, to=me.id, version=2, now=LATER)
    undo(session, me, 1, reached.event_id, now=LATER)
    assert (case.status, case.assignee_id, case.contacted_at) == ("open", me.id, None)
    assert agrees(session, case)


@pytest.mark.parametrize("stop", ["wait", "resolve"])
def test_after_a_contact_closing_is_due_also_when_the_stop_before_it_is_taken_back(
    session: Session, me: Actor, stop: str
) -> None:
    case = make.case(session)
    why = session.exec(select(RootCause.id)).first() or 0
    more = {"outcome": "solved", "root_cause_id": why} if stop == "resolve" else {}
    done = getattr(verbs, stop)(session, me, 1, version=1, now=LATER, **more)
    contact(session, me, LATER + HOUR)
    undo(session, me, 1, done.event_id, now=LATER + HOUR)
    assert (case.status, case.due_at) == ("open", case.close_due)


def test_a_contact_that_is_taken_back_leaves_the_promise_with_the_time_we_waited(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    promised = case.first_due
    verbs.wait(session, me, 1, version=1, now=LATER)
    reached = contact(session, me, LATER + HOUR)
    verbs.resume(session, me, 1, version=3, now=LATER + 2 * HOUR)
    undo(session, me, 1, reached.event_id, now=LATER + 2 * HOUR)
    assert promised is not None
    assert case.first_due == case.due_at == promised + 2 * HOUR  # as if there had been no contact
    assert agrees(session, case)


def test_taking_back_is_offered_exactly_where_it_works(session: Session, me: Actor) -> None:
    case = make.case(session)
    bob = actor_for(session, make.user(session, "csm", name="Bob Ito"))
    boss = actor_for(session, make.user(session, "manager"))
    why = session.exec(select(RootCause.id)).first() or 0
    noted = verbs.note(session, me, 1, body="hm", now=LATER)
    undo(session, me, 1, undo(session, me, 1, noted.event_id, now=LATER).event_id, now=LATER)
    verbs.assign(session, me, 1, to=me.id, version=case.version, now=LATER)
    verbs.assign(session, me, 1, to=None, version=case.version, now=LATER)
    contact(session, bob, LATER)
    verbs.snooze(session, bob, 1, until=LATER + HOUR, version=case.version, now=LATER)
    verbs.resolve(
        session, bob, 1, outcome="solved", root_cause_id=why, version=case.version, now=LATER
    )
    make.case(session, contact_id=case.contact_id, now=LATER)  # so that it cannot be open again
    for who in (me, bob, boss, make.actor("support")):
        works = set()
        for event in journal(session, case.id or 0):
            with session.begin_nested() as trial:
                try:
                    undo(session, who, 1, event.id or 0, now=LATER)
                    works.add(event.id)
                except Refused:
                    pass
                trial.rollback()
            session.refresh(case)
        steps = case_file(session, who, 1, now=LATER).steps
        assert {step.event_id for step in steps if step.mine} == works, who
    assert works == set()  # of a support person without a row


def test_what_was_taken_back_is_no_longer_told(session: Session, me: Actor) -> None:
    make.case(session)
    noted = verbs.note(session, me, 1, body="Wrong customer", now=LATER)
    back = undo(session, me, 1, noted.event_id, now=LATER)
    file = case_file(session, me, 1, now=LATER)
    assert "Wrong customer" not in str(file)
    assert [step.undone for step in file.steps] == [False, True, False]
    undo(session, me, 1, back.event_id, now=LATER)
    assert "Wrong customer" in str(case_file(session, me, 1, now=LATER))
