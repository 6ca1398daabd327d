"""A case goes back to its team when its owner is away, has left, or leaves it lying."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import transaction
from db.models import Case, CaseEvent, Notice, Team, User
from services import own_account, people
from services.access import actor_for
from services.cases import verbs, words
from services.cases.journal import journal, state_of
from services.cases.returning import _idle, give_back, left_lying
from services.domain import lifecycle
from tests import builders as make
from tests.at_once import at_once
from tests.builders import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = {"way": "email", "when": "now", "hour": 8, "kinds": ["returned", "assigned"]}


@pytest.fixture
def team(session: Session) -> Team:
    return make.team(session, lead_id=make.user(session, name="Lea", notify=TOLD).id)


@pytest.fixture
def ann(session: Session, team: Team) -> User:
    return make.user(session, name="Ann", team_id=team.id, notify=TOLD)


def owned(session: Session, ann: User) -> Case:
    name = f"Acme {len(session.exec(select(Case.id)).all())}"
    case = make.case(session, account_id=make.account(session, name, owner_id=ann.id).id)
    give(session, case, ann, NOW)
    return case


def give(session: Session, case: Case, to: User, now: datetime) -> None:
    boss = make.actor("manager")
    verbs.assign(session, boss, case.number, to=to.id, version=case.version, now=now)


def away(session: Session, ann: User, now: datetime = NOW + HOUR) -> None:
    me = actor_for(session, ann)
    own_account.change_work(session, me, absent_until=now + 9 * DAY, capacity=None, now=now)


def said(session: Session, case: Case) -> str:
    return words.sentences(session, journal(session, case.id or 0), UTC)[-1]


def test_who_is_away_keeps_no_case_that_has_to_be_done(
    session: Session, ann: User, team: Team
) -> None:
    case, waits = owned(session, ann), owned(session, ann)
    me = actor_for(session, ann)
    verbs.wait(session, me, waits.number, version=waits.version, now=NOW)
    assert not left_lying(session, NOW + HOUR)
    away(session, ann)
    assert give_back(session, NOW + HOUR) == 1 and give_back(session, NOW + HOUR) == 0
    assert (case.assignee_id, case.team_id, case.status) == (None, team.id, "open")
    assert said(session, case) == "The desk took it from Ann, who is away"
    told = {notice.user_id: notice.kind for notice in session.exec(select(Notice))}
    assert told == {ann.id: "returned", team.lead_id: "returned"}
    events = journal(session, case.id or 0)
    assert lifecycle.fold(event.data["changes"] for event in events) == state_of(case)
    verbs.resume(session, me, waits.number, version=waits.version, now=NOW + 2 * HOUR)
    assert give_back(session, NOW + 2 * HOUR) == 1 and waits.assignee_id is None


def test_what_is_given_by_hand_to_somebody_who_is_away_stays(session: Session, ann: User) -> None:
    case = make.case(session)
    away(session, ann)
    give(session, case, ann, NOW + 2 * HOUR)
    assert give_back(session, NOW + 3 * HOUR) == 0
    people.change(
        session, make.actor("admin"), ann.id or 0, absent_until=NOW + 20 * DAY, now=NOW + 4 * HOUR
    )
    assert give_back(session, NOW + 5 * HOUR) == 0  # longer than they said, and known all the same


def test_who_comes_back_and_goes_again_is_away_anew(session: Session, ann: User) -> None:
    case = make.case(session)
    away(session, ann)
    give(session, case, ann, NOW + 2 * HOUR)
    away(session, ann, NOW + 30 * DAY)
    assert give_back(session, NOW + 30 * DAY) == 1


def test_who_left_keeps_nothing(session: Session, ann: User) -> None:
    case = owned(session, ann)
    verbs.wait(session, actor_for(session, ann), 1, version=case.version, now=NOW)
    people.disable(session, make.actor("admin"), ann.id or 0, now=NOW + HOUR)
    assert give_back(session, NOW + HOUR) == 1
    assert (case.assignee_id, case.status) == (None, "waiting")
    assert said(session, case) == "The desk took it from Ann, who works here no more"


def test_what_nobody_works_on_goes_back_after_the_teams_hours(
    session: Session, ann: User, team: Team
) -> None:
    case = owned(session, ann)
    assert give_back(session, NOW + 30 * DAY) == 0  # nobody asked for that
    team.idle_hours = 8
    session.flush()
    assert give_back(session, NOW + DAY - HOUR) == 0
    verbs.note(session, make.actor("csm", id=ann.id), 1, body="On it", now=NOW + DAY - HOUR)
    assert give_back(session, NOW + DAY + HOUR) == 0
    assert give_back(session, NOW + 2 * DAY) == 1
    assert said(session, case) == "The desk took it from Ann, who did not work on it in time"


def test_a_sleeping_case_has_its_hours_from_when_it_wakes(
    session: Session, ann: User, team: Team
) -> None:
    case = owned(session, ann)
    team.idle_hours = 8
    me, until = actor_for(session, ann), NOW + 7 * DAY
    verbs.snooze(session, me, 1, until=until, version=case.version, now=NOW)
    assert give_back(session, until + HOUR) == 0 and give_back(session, until + DAY + HOUR) == 1


def test_a_further_answer_gives_the_owner_their_hours_anew(
    session: Session, ann: User, team: Team
) -> None:
    case = owned(session, ann)
    team.idle_hours = 8
    make.case(session, contact_id=case.contact_id, now=NOW + 3 * DAY)
    assert give_back(session, NOW + 3 * DAY + HOUR) == 0
    assert give_back(session, NOW + 4 * DAY + HOUR) == 1


def test_where_the_team_shares_the_next_one_gets_it(
    session: Session, ann: User, team: Team
) -> None:
    bob = make.user(session, name="Bob", team_id=team.id, notify=TOLD)
    case = owned(session, ann)
    team.round_robin, team.idle_hours, team.last_given_id = True, 8, bob.id
    session.flush()
    assert give_back(session, NOW + 2 * DAY) == 1 and case.assignee_id == bob.id
    assert said(session, case) == "The desk assigned it to Bob, whose turn it is"
    assert give_back(session, NOW + 2 * DAY) == 0  # Bob has his own eight hours
    kinds = {(n.user_id, n.kind) for n in session.exec(select(Notice))}
    assert (bob.id, "assigned") in kinds and (ann.id, "returned") in kinds


def test_where_nobody_has_room_it_lies_with_the_team_and_says_so(
    session: Session, ann: User, team: Team
) -> None:
    make.user(session, team_id=team.id, capacity=0)
    case = owned(session, ann)
    team.round_robin = True
    away(session, ann)
    assert give_back(session, NOW + HOUR) == 1 and case.assignee_id is None
    assert said(session, case).endswith("who is away; nobody of the team had room for it")


@pytest.mark.usefixtures("desk")
def test_many_workers_at_once_give_a_case_back_once() -> None:
    with transaction() as session:
        team = make.team(session)
        ann, _bob = (make.user(session, team_id=team.id) for _ in range(2))
        owned(session, ann)
        team.round_robin = True
        away(session, ann)

    def work() -> None:
        with transaction() as session:
            give_back(session, NOW + HOUR)

    at_once(work)
    with transaction() as session:
        kinds = session.exec(select(CaseEvent.kind).order_by(CaseEvent.id)).all()  # type: ignore[arg-type]
        assert kinds[-2:] == ["returned", "assigned"] and kinds.count("returned") == 1


def test_what_lies_idle_is_found_by_its_index(sqlite_desk: sa.Engine) -> None:
    query = _idle(NOW, 1).limit(1)
    text = str(query.compile(sqlite_desk, compile_kwargs={"literal_binds": True}))
    with sqlite_desk.connect() as connection:
        plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")).all()
    assert "USING INDEX ix_case_idle (team_id=? AND idle_since<?)" in plan[0][3]
