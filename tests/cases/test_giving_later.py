"""A case that found nobody with room is given once somebody has some: once, and against nobody."""

from datetime import UTC, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import transaction
from db.models import Case, CaseEvent, Notice, RootCause, User, UserUnit
from services import settings
from services.access import Actor, actor_for
from services.cases import giving_later, verbs, words
from services.cases.giving_later import give_later, room_now
from services.cases.journal import Done, journal, state_of
from services.cases.returning import give_back
from services.cases.undo import undo
from services.domain import lifecycle
from services.worker import jobs
from tests import builders as make
from tests.at_once import at_once
from tests.builders import NOW
from tests.cases.test_giving import DAY, opened, team_of

HOUR = timedelta(hours=1)
TOLD = {"way": "email", "when": "now", "hour": 8, "kinds": ["assigned"]}


def room(session: Session, user: User, n: int | None = None) -> None:
    user.capacity = n
    session.add(user)
    session.flush()


def said(session: Session, case: Case) -> str:
    return words.sentences(session, journal(session, case.id or 0), UTC)[-1]


def boss(session: Session) -> Actor:
    return actor_for(session, make.user(session, "manager", name="Max"))


def assign(session: Session, who: Actor, case: Case, to: int | None) -> Done:
    return verbs.assign(session, who, case.number, to=to, version=case.version, now=NOW)


def full(session: Session, **values: Any) -> tuple[User, Case]:
    """Ann's team gives in turn, nobody of it has room, and so a case of it is nobody's."""
    ann = make.user(session, name="Ann", capacity=0, **values)
    team_of(session, ann)
    (case,) = opened(session, ann)
    assert case.assignee_id is None
    return ann, case


def test_a_case_that_found_no_room_is_given_when_somebody_has_some(session: Session) -> None:
    ann, case = full(session, notify=TOLD)
    assert not room_now(session, NOW) and give_later(session, NOW) == 0
    room(session, ann, 1)
    assert room_now(session, NOW) and give_later(session, NOW + HOUR) == 1
    assert (case.assignee_id, case.status, case.idle_since) == (ann.id, "open", NOW + HOUR)
    assert said(session, case) == "The desk assigned it to Ann, who has room for it now"
    (notice,) = session.exec(select(Notice))
    assert (notice.user_id, notice.kind) == (ann.id, "assigned")
    events = journal(session, case.id or 0)
    assert lifecycle.fold(event.data["changes"] for event in events) == state_of(case)
    assert not room_now(session, NOW + HOUR) and give_later(session, NOW + HOUR) == 0


def test_the_first_of_the_queue_goes_first_and_the_turn_goes_on(session: Session) -> None:
    one, two = make.user(session, capacity=0), make.user(session, capacity=0)
    team = team_of(session, one, two)
    cases = opened(session, one, 4)
    for case, hours in zip(cases, (3, 1, 4, 2), strict=True):
        case.rank_at = NOW + hours * HOUR
    room(session, one, 1)
    room(session, two, 2)
    assert give_later(session, NOW) == 3
    assert [case.assignee_id for case in cases] == [two.id, one.id, None, two.id]
    session.refresh(team)
    assert team.last_given_id == two.id


def test_one_who_is_done_with_a_case_gets_the_next(session: Session) -> None:
    ann = make.user(session, capacity=1)
    team_of(session, ann)
    first, second = opened(session, ann, 2)
    assert give_later(session, NOW) == 0
    cause = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, actor_for(session, ann), first.number, outcome="solved", root_cause_id=cause,
        version=first.version, now=NOW,
    )  # fmt: skip
    assert give_later(session, NOW) == 1 and second.assignee_id == ann.id


def test_lots_are_small_and_the_next_goes_on(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_later, "MOST", 2)
    ann = make.user(session, capacity=0)
    team_of(session, ann)
    opened(session, ann, 3)
    room(session, ann)
    assert [give_later(session, NOW) for _ in range(3)] == [2, 1, 0]


def test_what_came_back_and_found_no_room_is_given_to_another_but_not_to_who_let_it_lie(
    session: Session,
) -> None:
    ann, bob = make.user(session), make.user(session, capacity=0)
    team = team_of(session, ann, bob)
    team.idle_hours = 8
    (case,) = opened(session, ann)
    assert case.assignee_id == ann.id
    assert give_back(session, NOW + 3 * DAY) == 1 and case.assignee_id is None
    assert not room_now(session, NOW + 3 * DAY)
    room(session, bob)
    assert give_later(session, NOW + 3 * DAY) == 1 and case.assignee_id == bob.id


def test_who_was_away_is_given_it_again_when_they_are_back(session: Session) -> None:
    ann = make.user(session)
    team_of(session, ann)
    (case,) = opened(session, ann)
    ann.absent_until = NOW + DAY
    session.flush()
    assert give_back(session, NOW + HOUR) == 1 and case.assignee_id is None
    assert give_later(session, NOW + 2 * HOUR) == 0
    assert give_later(session, NOW + DAY) == 1 and case.assignee_id == ann.id


def test_what_somebody_put_back_by_hand_is_given_to_nobody(session: Session) -> None:
    ann, case = full(session)
    assign(session, actor_for(session, ann), case, ann.id)
    assign(session, boss(session), case, None)
    room(session, ann)
    assert give_later(session, NOW) == 0 and case.assignee_id is None


def test_what_was_handed_to_the_team_by_hand_is_given_to_nobody(session: Session) -> None:
    ann, case = full(session)
    other = make.team(session, "Other", round_robin=True)
    make.user(session, team_id=other.id)
    verbs.assign_team(
        session, boss(session), case.number, team_id=other.id or 0, version=case.version, now=NOW
    )
    assert give_later(session, NOW) == 0


def test_a_gift_of_the_desk_that_somebody_takes_back_is_not_repeated(session: Session) -> None:
    ann, case = full(session)
    room(session, ann)
    make.user(session, team_id=ann.team_id)
    assert give_later(session, NOW) == 1
    undo(session, boss(session), case.number, journal(session, case.id or 0)[-1].id or 0, now=NOW)
    assert case.assignee_id is None
    assert give_later(session, NOW) == 0


def test_an_assignment_that_is_taken_back_leaves_it_waiting_but_not_for_who_did_that(
    session: Session,
) -> None:
    ann, case = full(session)
    me = actor_for(session, ann)
    done = assign(session, me, case, ann.id)
    undo(session, me, case.number, done.event_id, now=NOW)
    room(session, ann)
    assert give_later(session, NOW) == 0
    bob = make.user(session, team_id=ann.team_id)
    assert give_later(session, NOW) == 1 and case.assignee_id == bob.id


def test_what_sleeps_or_waits_for_the_customer_is_given_when_it_wakes(session: Session) -> None:
    ann, case = full(session)
    max_ = boss(session)
    verbs.snooze(session, max_, case.number, until=NOW + DAY, version=case.version, now=NOW)
    room(session, ann)
    assert give_later(session, NOW + HOUR) == 0 and give_later(session, NOW + DAY) == 1
    assert case.assignee_id == ann.id


def test_a_team_that_gives_in_turn_no_more_gives_nothing_later(session: Session) -> None:
    ann, case = full(session)
    room(session, ann)
    team = case.team_id
    session.connection().execute(sa.text(f"UPDATE team SET round_robin = false WHERE id = {team}"))
    assert give_later(session, NOW) == 0


@pytest.mark.usefixtures("desk")
def test_many_workers_at_once_give_each_case_once_and_the_worker_does_it() -> None:
    with transaction() as session:
        people = [make.user(session, capacity=0) for _ in range(2)]
        team_of(session, *people)
        opened(session, people[0], 6)
        for user in people:
            room(session, user, 2)

    def work() -> None:
        with transaction() as session:
            give_later(session, NOW)

    at_once(work)
    with transaction() as session:
        owners = list(session.exec(select(Case.assignee_id).order_by(col(Case.number))))
        assert owners == [people[0].id, people[1].id] * 2 + [None, None]
        given = select(CaseEvent.id).where(CaseEvent.kind == "assigned")
        assert len(session.exec(given).all()) == 4
        room(session, session.get_one(User, people[1].id))
    jobs.room({}, lambda: NOW)
    with transaction() as session:
        owners = list(session.exec(select(Case.assignee_id).order_by(col(Case.number))))
        assert owners[4:] == [people[1].id] * 2


def test_what_nobody_with_room_sees_keeps_nothing_back_that_they_see(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_later, "MOST", 1)
    settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    emea, apac = make.unit(session), make.unit(session, "APAC")
    ann = make.user(session, capacity=0)
    team_of(session, ann)
    session.add(UserUnit(user_id=ann.id, unit_id=emea.id))
    (abroad,) = opened(session, ann, unit_id=apac.id)
    (here,) = opened(session, ann, unit_id=emea.id)
    room(session, ann)
    assert give_later(session, NOW) == 1
    assert (abroad.assignee_id, here.assignee_id) == (None, ann.id)
    assert not room_now(session, NOW)
