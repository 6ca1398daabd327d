"""New cases go to the people of a team in turn: fairly, and to nobody who is away or full."""

from collections import Counter
from datetime import UTC, timedelta
from threading import Thread

import pytest
from sqlmodel import Session, col, select

from db.engine import bump, transaction
from db.models import Case, Notice, Response, Team, User, UserUnit
from services import settings
from services.cases import opening, words
from services.cases.journal import journal, state_of
from services.domain import lifecycle
from tests import builders as make
from tests.builders import NOW

DAY = timedelta(days=1)


def team_of(session: Session, *people: User) -> Team:
    """A team that shares its cases, and an account of it in `acme_of`."""
    team = make.team(session, round_robin=True)
    for user in people:
        user.team_id = team.id
    session.flush()
    return team


def opened(session: Session, owner: User, n: int = 1, **values: object) -> list[Case]:
    """Cases of as many contacts of an account that `owner` owns, all opened at once."""
    seq = bump(session)
    acme = make.account(session, f"Acme {seq}", owner_id=owner.id)
    for _ in range(n):
        contact = make.contact(session, account_id=acme.id)
        row = make.response(session, 2, contact_id=contact.id, account_id=acme.id, **values)
        row.change_seq = seq
        session.add(row)
    session.flush()
    opening.open_written(session, seq, opening.policy(session, NOW), NOW)
    ours = select(Case).where(col(Case.account_id) == acme.id)
    return list(session.exec(ours.order_by(col(Case.number))))


def test_cases_are_given_in_turn_and_the_next_batch_goes_on(session: Session) -> None:
    people = [make.user(session) for _ in range(3)]
    team = team_of(session, *people)
    ids = [user.id for user in people]
    assert [case.assignee_id for case in opened(session, people[0], 4)] == [*ids, ids[0]]
    assert [case.assignee_id for case in opened(session, people[0], 3)] == [ids[1], ids[2], ids[0]]
    session.refresh(team)
    assert team.last_given_id == ids[0]


def test_a_case_that_was_given_tells_its_story(session: Session) -> None:
    ann = make.user(session, name="Ann")
    ann.notify = {"way": "email", "when": "now", "hour": 8, "kinds": ["assigned"]}
    team = team_of(session, ann)
    (case,) = opened(session, ann)
    assert (case.status, case.version, case.team_id) == ("open", 2, team.id)
    assert case.idle_since == NOW
    events = journal(session, case.id or 0)
    assert lifecycle.fold(event.data["changes"] for event in events) == state_of(case)
    assert words.sentences(session, events, UTC) == [
        "The desk opened it because the answer is low",
        "The desk assigned it to Ann, whose turn it is",
    ]
    (notice,) = session.exec(select(Notice))
    assert (notice.user_id, notice.kind, notice.case_id) == (ann.id, "assigned", case.id)


def test_who_is_away_gone_full_or_without_sight_is_passed_over(session: Session) -> None:
    settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    emea, apac = make.unit(session), make.unit(session, "APAC")
    away = make.user(session, absent_until=NOW + DAY)
    back = make.user(session, absent_until=NOW - DAY)
    gone, full = make.user(session, disabled_at=NOW), make.user(session, capacity=0)
    abroad = make.user(session)
    team_of(session, away, back, gone, full, abroad)
    for user in (away, back, gone, full):
        session.add(UserUnit(user_id=user.id, unit_id=emea.id))
    session.add(UserUnit(user_id=abroad.id, unit_id=apac.id))
    session.flush()
    cases = opened(session, back, 3, unit_id=emea.id)
    assert {case.assignee_id for case in cases} == {back.id}


def test_capacity_counts_what_is_open_and_where_nobody_has_room_it_says_so(
    session: Session,
) -> None:
    one, two = make.user(session, capacity=1), make.user(session, capacity=2)
    team = team_of(session, one, two)
    cases = opened(session, one, 5)
    assert [case.assignee_id for case in cases] == [one.id, two.id, two.id, None, None]
    (said,) = words.sentences(session, journal(session, cases[-1].id or 0), UTC)
    assert said == (
        "The desk opened it because the answer is low; nobody of the team had room for it"
    )
    session.refresh(team)
    assert team.last_given_id == two.id
    done = cases[0]
    done.status, done.merged_into = "merged", cases[1].id
    session.flush()
    assert [case.assignee_id for case in opened(session, one, 2)] == [one.id, None]


def test_a_team_that_does_not_share_and_cases_without_one_are_left_alone(session: Session) -> None:
    ann = make.user(session, team_id=make.team(session).id)
    (case,) = opened(session, ann)
    assert (case.assignee_id, case.version) == (None, 1)
    assert make.case(session).assignee_id is None


def test_an_import_gives_and_tells_nobody(session: Session) -> None:
    ann = make.user(session, notify={"way": "email", "kinds": ["assigned"]})
    team_of(session, ann)
    acme = make.account(session, owner_id=ann.id)
    row = make.response(session, 2, account_id=acme.id, contact_id=make.contact(session).id)
    rule = opening.policy(session, NOW)
    assert opening.open_written(session, row.change_seq, rule, NOW, quiet=True) == 1
    assert session.exec(select(Case.assignee_id)).one() == ann.id
    assert session.exec(select(Notice)).all() == []


def test_a_case_that_is_opened_by_hand_is_given_too(session: Session) -> None:
    ann, bob = make.user(session), make.user(session)
    team_of(session, ann, bob)
    acme = make.account(session, owner_id=ann.id)
    row = make.response(session, 8, account_id=acme.id, contact_id=make.contact(session).id)
    boss = make.actor("manager", id=make.user(session, "manager", name="Boss").id)
    number = opening.open_by_hand(session, boss, row.id or 0, now=NOW)
    case = session.exec(select(Case).where(Case.number == number)).one()
    assert case.assignee_id == ann.id
    said = words.sentences(session, journal(session, case.id or 0), UTC)
    assert said == [
        "Boss opened it by hand", f"The desk assigned it to {ann.name}, whose turn it is",
    ]  # fmt: skip


def test_a_further_answer_in_the_same_batch_joins_the_given_case(session: Session) -> None:
    ann, bob = make.user(session), make.user(session)
    team_of(session, ann, bob)
    acme, seq = make.account(session, owner_id=ann.id), bump(session)
    contact = make.contact(session, account_id=acme.id)
    for _ in range(2):
        row = make.response(session, 1, contact_id=contact.id, account_id=acme.id)
        row.change_seq = seq
    session.flush()
    opening.open_written(session, seq, opening.policy(session, NOW), NOW)
    (case,) = session.exec(select(Case))
    assert (case.assignee_id, case.version) == (ann.id, 3)
    events = journal(session, case.id or 0)
    assert [event.kind for event in events] == ["opened", "assigned", "joined"]
    assert lifecycle.fold(event.data["changes"] for event in events) == state_of(case)


@pytest.mark.usefixtures("desk")
def test_many_writers_at_once_give_fairly() -> None:
    with transaction() as session:
        people = [make.user(session) for _ in range(3)]
        team_of(session, *people)
        acme = make.account(session, owner_id=people[0].id)
        rows = [
            make.response(
                session, 2, account_id=acme.id, contact_id=make.contact(session).id
            ).id or 0
            for _ in range(9)
        ]  # fmt: skip

    def work(mine: list[int]) -> None:
        for response_id in mine:
            with transaction() as session:
                opening.open_by_hand(session, make.actor("manager"), response_id, now=NOW)

    workers = [Thread(target=work, args=(rows[k::3],)) for k in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with transaction() as session:
        assert session.exec(select(Response.id)).all()
        owners = Counter(session.exec(select(Case.assignee_id)).all())
    assert owners == {user.id: 3 for user in people}
