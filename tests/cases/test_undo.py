"""Taking back: one's own, others' for those who may, never over somebody else's later work."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import Message, RootCause, User
from services.access import Actor, Refused, actor_for
from services.cases import verbs
from services.cases.journal import journal, state_hash, state_of
from services.cases.undo import undo
from services.domain import lifecycle
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=1)


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
