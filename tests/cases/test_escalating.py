"""Owner, lead, manager: the chain of a broken promise goes on only while nobody does anything."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.models import Case, CaseEvent, Notice, RootCause, Team, User, UserUnit
from services import settings
from services.access import actor_for
from services.cases import undo, verbs, words
from services.cases.breaches import sweep
from services.cases.escalating import escalate, ignored
from services.cases.journal import journal, state_of
from services.cases.returning import give_back
from services.domain import lifecycle
from tests import builders as make
from tests.at_once import at_once
from tests.builders import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DUE = datetime(2026, 6, 18, 12, tzinfo=UTC)  # 24 business hours after NOW, a Thursday
TOLD = {"way": "email", "when": "now", "hour": 8, "kinds": ["escalated"]}


@pytest.fixture
def boss(session: Session) -> User:
    return make.user(session, "manager", name="Boss", notify=TOLD)


@pytest.fixture
def team(session: Session) -> Team:
    return make.team(session, lead_id=make.user(session, "csm", name="Lea Lead").id)


@pytest.fixture
def case(session: Session, team: Team) -> Case:
    """Ann's, whose promise broke and was passed on to the lead; eight hours more are a day."""
    settings.put(session, "escalate_hours", 8, actor_id=None, now=NOW)
    ann = make.user(session, "csm", name="Ann", team_id=team.id)
    case = make.case(session, account_id=make.account(session, owner_id=ann.id).id)
    verbs.assign(session, actor_for(session, ann), 1, to=ann.id, version=1, now=NOW)
    sweep(session, DUE)
    assert (case.due_at, case.escalation, case.escalated_to_id) == (DUE, 1, team.lead_id)
    return case


def said(session: Session, case: Case) -> Sequence[str]:
    return words.sentences(session, journal(session, case.id or 0), UTC)


def owner(session: Session, case: Case) -> User:
    return session.get_one(User, case.assignee_id)


def test_what_the_lead_leaves_for_eight_open_hours_goes_to_the_manager_once(
    session: Session, case: Case, boss: User
) -> None:
    tomorrow = DUE + DAY  # eight open hours later
    assert not ignored(session, tomorrow - HOUR) and escalate(session, tomorrow - HOUR) == 0
    assert escalate(session, tomorrow + HOUR) == 1
    assert (case.escalation, case.escalated_to_id) == (2, boss.id)
    assert escalate(session, tomorrow + 9 * DAY) == 0 == sweep(session, tomorrow + 9 * DAY)
    assert said(session, case)[-2:] == [
        "The desk noted that first contact is overdue, and passed it on to Lea Lead",
        "The desk passed it on to Boss, because nobody has worked on it since the promise broke",
    ]
    (notice,) = session.exec(select(Notice))
    assert (notice.user_id, notice.kind, notice.case_id) == (boss.id, "escalated", case.id)
    events = journal(session, case.id or 0)
    assert lifecycle.fold(event.data["changes"] for event in events) == state_of(case)


@pytest.mark.usefixtures("boss")
@pytest.mark.parametrize("act", ["note", "snooze", "wait", "contact", "resolve"])
def test_whoever_does_something_stops_the_chain(session: Session, case: Case, act: str) -> None:
    me, number, at = actor_for(session, owner(session, case)), case.number, DUE + 2 * HOUR
    if act == "note":
        verbs.note(session, me, number, body="On it", now=at)
    elif act == "snooze":
        verbs.snooze(session, me, number, until=at + DAY, version=case.version, now=at)
    elif act == "wait":
        verbs.wait(session, me, number, version=case.version, now=at)
    elif act == "contact":
        verbs.log_contact(session, me, number, way="call", body="Hi", at=at, now=at)
    else:
        why = make_cause(session)
        verbs.resolve(
            session, me, number, outcome="solved", root_cause_id=why, version=case.version, now=at
        )
    assert escalate(session, DUE + DAY + HOUR) == 0
    goes_on = act in ("note", "snooze")  # the promise is broken still, and lies again
    assert escalate(session, DUE + 14 * DAY) == int(goes_on)


def make_cause(session: Session) -> int:
    return session.exec(select(RootCause.id)).first() or 0


def test_a_contact_that_is_taken_back_lets_the_chain_go_on(
    session: Session, case: Case, boss: User
) -> None:
    me, at = actor_for(session, owner(session, case)), DUE + HOUR
    done = verbs.log_contact(session, me, 1, way="call", body="Hi", at=at, now=at)
    assert escalate(session, DUE + DAY + HOUR) == 0
    undo.undo(session, me, 1, done.event_id, now=DUE + 2 * DAY)
    assert escalate(session, DUE + 8 * DAY) == 1 and case.escalated_to_id == boss.id


def test_the_next_broken_promise_has_a_chain_of_its_own(
    session: Session, case: Case, team: Team, boss: User
) -> None:
    escalate(session, DUE + 4 * DAY)
    me, late = actor_for(session, owner(session, case)), DUE + 20 * DAY
    verbs.log_contact(session, me, 1, way="call", body="Hi", at=late, now=late)
    assert sweep(session, late) == 1 and (case.escalation, case.escalated_to_id) == (
        1,
        team.lead_id,
    )
    assert escalate(session, late + 7 * DAY) == 1 and case.escalated_to_id == boss.id


def test_the_teams_own_manager_is_told_where_one_is_named(
    session: Session, case: Case, team: Team, boss: User
) -> None:
    named = make.user(session, "manager", name="Named")
    team.manager_id = named.id
    session.flush()
    escalate(session, DUE + 4 * DAY)
    assert case.escalated_to_id == named.id != boss.id


def test_without_a_lead_the_manager_is_the_next_one(session: Session, boss: User) -> None:
    case = make.case(session)
    sweep(session, DUE)
    assert case.escalation == 0 and escalate(session, DUE + 5 * DAY) == 1
    assert case.escalated_to_id == boss.id


def test_nobody_hears_of_what_is_theirs_has_left_or_does_not_see_the_unit(
    session: Session, case: Case, team: Team
) -> None:
    settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    emea = make.unit(session)
    blind = make.user(session, "csm", name="Blind")
    session.add(UserUnit(user_id=blind.id, unit_id=emea.id))
    make.user(session, "manager", disabled_at=NOW)
    owner(session, case).role, team.manager_id = "manager", blind.id
    session.flush()
    assert escalate(session, DUE + 4 * DAY) == 1
    assert (case.escalation, case.escalated_to_id) == (2, team.lead_id)
    assert said(session, case)[-1].endswith(
        "noted that nobody has worked on it since the promise broke"
    )


def test_a_case_that_only_goes_round_in_its_team_goes_to_the_manager_all_the_same(
    session: Session, case: Case, team: Team, boss: User
) -> None:
    make.user(session, team_id=team.id)
    team.round_robin, team.idle_hours = True, 6
    session.flush()
    assert give_back(session, DUE + DAY) == 1 and case.assignee_id is not None
    assert escalate(session, DUE + DAY + HOUR) == 1 and case.escalated_to_id == boss.id


def test_managers_who_are_away_come_last(session: Session, case: Case) -> None:
    make.user(session, "manager", absent_until=DUE + 9 * DAY)
    here = make.user(session, "manager")
    escalate(session, DUE + 4 * DAY)
    assert case.escalated_to_id == here.id


def test_the_hours_are_a_setting_and_the_teams_own(
    session: Session, case: Case, team: Team, boss: User
) -> None:
    settings.put(session, "escalate_hours", 2, actor_id=None, now=NOW)
    team.calendar = {"zone": "UTC", "hours": {"sat": [["09:00", "17:00"]]}}
    session.flush()
    assert escalate(session, DUE + DAY + HOUR) == 0  # Friday
    assert escalate(session, datetime(2026, 6, 20, 11, 1, tzinfo=UTC)) == 1
    assert case.escalated_to_id == boss.id


@pytest.mark.usefixtures("desk")
def test_two_workers_at_once_tell_the_manager_once() -> None:
    with transaction() as session:
        make.user(session, "manager")
        make.case(session)
        sweep(session, DUE)

    def work() -> None:
        with transaction() as session:
            escalate(session, DUE + 5 * DAY)

    at_once(work)
    with transaction() as session:
        assert session.exec(select(CaseEvent.kind).order_by(CaseEvent.id)).all() == [  # type: ignore[arg-type]
            "opened", "breached", "escalated",
        ]  # fmt: skip


def test_a_desk_without_managers_has_its_admins(session: Session, case: Case) -> None:
    admin = make.user(session, "admin")
    escalate(session, DUE + 4 * DAY)
    assert case.escalated_to_id == admin.id
