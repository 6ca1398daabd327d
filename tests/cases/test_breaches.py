"""A promise that was not kept: noted once, passed on to the lead, found by the running desk."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from db.engine import transaction
from db.models import Case, CaseEvent, Job, UserUnit
from services import settings
from services.access import actor_for
from services.cases import breaches, verbs
from services.cases.breaches import broken, sweep
from services.cases.journal import journal, state_of
from services.domain import lifecycle
from services.worker import jobs
from tests import builders as make
from tests.builders import NOW

DAY = timedelta(days=1)


def kinds(session: Session, case: Case) -> list[str]:
    return [event.kind for event in journal(session, case.id or 0)]


def test_a_broken_promise_is_noted_once_and_passed_on_to_the_lead(session: Session) -> None:
    lead = make.user(session, "csm", name="Lea Lead")
    team = make.team(session, lead_id=lead.id)
    owner = make.user(session, "csm", team_id=team.id)
    acme = make.account(session, owner_id=owner.id)
    case, other = make.case(session, account_id=acme.id), make.case(session)
    assert case.due_at is not None
    assert not broken(session, case.due_at - DAY) and sweep(session, case.due_at - DAY) == 0
    assert sweep(session, case.due_at) == 2
    assert (case.escalated_to_id, case.escalated_at) == (lead.id, case.due_at)
    assert other.escalated_to_id is None and other.breached_due == other.due_at
    assert sweep(session, case.due_at + DAY) == 0
    assert kinds(session, case) == ["opened", "breached"]
    event = journal(session, case.id or 0)[-1]
    assert (event.actor_id, event.data["promise"]) == (None, "contact")
    assert lifecycle.fold(e.data["changes"] for e in journal(session, case.id or 0)) == state_of(
        case
    )


def test_the_next_promise_breaks_by_itself_and_the_lead_is_not_asked_twice(
    session: Session,
) -> None:
    lead = make.user(session, "manager")
    team = make.team(session, lead_id=lead.id)
    case = make.case(session)
    boss = actor_for(session, lead)
    verbs.assign_team(session, boss, 1, team_id=team.id or 0, version=1, now=NOW)
    late = NOW + 20 * DAY
    assert sweep(session, late) == 1
    verbs.log_contact(session, boss, 1, way="call", body="ok", at=late, now=late)
    assert sweep(session, late) == 1  # closing was due long ago as well
    assert journal(session, case.id or 0)[-1].data["promise"] == "closing"
    assert sweep(session, late + DAY) == 0


def test_who_leads_and_owns_a_case_is_not_escalated_to(session: Session) -> None:
    lead = make.user(session, "csm")
    lead.team_id = make.team(session, lead_id=lead.id).id
    session.flush()
    case = make.case(session)
    verbs.assign(session, actor_for(session, lead), 1, to=lead.id, version=1, now=NOW)
    sweep(session, NOW + 20 * DAY)
    assert case.escalated_to_id is None and kinds(session, case)[-1] == "breached"


def test_a_breach_goes_to_nobody_who_cannot_sign_in_or_does_not_see_the_unit(
    session: Session,
) -> None:
    settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    emea, apac = make.unit(session), make.unit(session, "APAC")
    gone = make.user(session, "csm", disabled_at=NOW)
    abroad, here = make.user(session, "csm"), make.user(session, "csm")
    session.add_all(
        UserUnit(user_id=user.id, unit_id=unit.id) for user, unit in ((abroad, apac), (here, emea))
    )
    cases = []
    for lead in (gone, abroad, here):
        owner = make.user(session, team_id=make.team(session, lead.name, lead_id=lead.id).id)
        acme = make.account(session, lead.name, owner_id=owner.id, unit_id=emea.id)
        cases.append(make.case(session, account_id=acme.id, unit_id=emea.id))
    assert sweep(session, NOW + 20 * DAY) == 3
    assert [case.escalated_to_id for case in cases] == [None, None, here.id]
    assert all(case.breached_due == case.due_at for case in cases)


def test_what_waits_or_is_done_breaks_no_promise(session: Session) -> None:
    make.case(session)
    verbs.wait(session, make.actor("csm"), 1, version=1, now=NOW)
    assert sweep(session, NOW + 50 * DAY) == 0


def test_the_running_desk_looks_by_its_own_clock(desk: object) -> None:
    assert desk
    with transaction() as session:
        make.case(session, now=datetime.now(UTC) - 20 * DAY)
    jobs.promises({}, lambda: datetime.now(UTC))
    jobs.promises({}, lambda: datetime.now(UTC))
    with transaction() as session:
        assert session.exec(select(CaseEvent.kind)).all() == ["opened", "breached"]


@pytest.mark.usefixtures("desk")
def test_what_has_piled_up_is_noted_in_lots_between_which_others_write(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breaches, "MOST", 2)
    now = datetime.now(UTC)
    with transaction() as session:
        for _ in range(5):
            make.case(session, now=now - 20 * DAY)
    assert jobs.promises({}, lambda: now) == {}
    with transaction() as session:
        cases = session.exec(select(Case)).all()
        assert len({case.change_seq for case in cases}) == 3  # two, two, and the last one
        assert all(case.breached_due == case.due_at for case in cases)


@pytest.mark.usefixtures("desk")
def test_what_does_not_end_in_its_turn_goes_on_after_the_other_jobs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(breaches, "MOST", 1)
    monkeypatch.setattr(jobs, "JOBS", {"promises": jobs.JOBS["promises"]})
    now = datetime.now(UTC)
    with transaction() as session:
        for _ in range(3):
            make.case(session, now=now - 20 * DAY)
    ticks = iter(now + timedelta(seconds=k) for k in range(0, 100, 2))
    assert jobs.run_due("w", lambda: next(ticks)) == 1
    with transaction() as session:
        left = session.exec(select(Case).where(col(Case.breached_due).is_(None))).all()
        job = session.exec(select(Job)).one()
    assert 0 < len(left) < 3 and job.next_at == job.last_at
    assert jobs.run_due("w", lambda: next(ticks)) == 1
    with transaction() as session:
        assert not breaches.broken(session, now)
