"""A promise that was not kept: noted once, passed on to the lead, found by the running desk."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from db.models import Case, CaseEvent
from services.access import actor_for
from services.cases import verbs
from services.cases.breaches import broken, sweep
from services.cases.journal import journal, state_of
from services.domain import lifecycle
from services.web import clockwork
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


def test_what_waits_or_is_done_breaks_no_promise(session: Session) -> None:
    make.case(session)
    verbs.wait(session, make.actor("csm"), 1, version=1, now=NOW)
    assert sweep(session, NOW + 50 * DAY) == 0


def test_the_running_desk_looks_by_its_own_clock(desk: object) -> None:
    from db.engine import transaction

    assert desk
    with transaction() as session:
        make.case(session, now=datetime.now(UTC) - 20 * DAY)
    assert clockwork.once() == 1
    assert clockwork.once() == 0
    with transaction() as session:
        assert session.exec(select(CaseEvent.kind)).all() == ["opened", "breached"]
