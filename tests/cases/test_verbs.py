"""Working a case: each verb is one move, one event, one version; nobody overwrites anybody."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from db.engine import version as data_version
from db.models import Case, CaseEvent, Draft, Message, RootCause, User, UserUnit
from services import settings
from services.access import Actor, Refused, Stale, actor_for
from services.cases import drafts, verbs
from services.cases.journal import journal, state_of
from services.domain import lifecycle
from services.domain.lifecycle import State
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=2)


@pytest.fixture
def ann(session: Session) -> User:
    return make.user(session, "csm", name="Ann Bell", team_id=make.team(session).id)


@pytest.fixture
def me(session: Session, ann: User) -> Actor:
    return actor_for(session, ann)


def cause(session: Session) -> int:
    return session.exec(select(RootCause.id).order_by(col(RootCause.id))).first() or 0


def told(session: Session, case: Case) -> State:
    """What the journal says the case is."""
    return lifecycle.fold(e.data["changes"] for e in journal(session, case.id or 0))


def last(session: Session, case: Case) -> CaseEvent:
    return journal(session, case.id or 0)[-1]


def test_whoever_takes_a_case_owns_it_with_their_team(
    session: Session, me: Actor, ann: User
) -> None:
    case = make.case(session)
    before = data_version(session)
    done = verbs.assign(session, me, case.number, to=ann.id, version=1, now=LATER)
    assert (case.assignee_id, case.team_id, case.status) == (ann.id, ann.team_id, "open")
    assert (done.version, case.version) == (2, 2)
    assert case.change_seq == data_version(session) > before
    event = last(session, case)
    assert (event.id, event.actor_id, event.at, event.kind) == (
        done.event_id, ann.id, LATER, "assigned",
    )  # fmt: skip
    assert told(session, case) == state_of(case)


def test_the_second_of_two_writers_is_told_what_the_first_one_did(
    session: Session, me: Actor, ann: User
) -> None:
    case = make.case(session)
    verbs.assign(session, me, case.number, to=ann.id, version=1, now=LATER)
    with pytest.raises(Stale, match="Ann Bell assigned it to Ann Bell") as refused:
        verbs.snooze(
            session, make.actor("support"), case.number, until=LATER + timedelta(days=1),
            version=1, now=LATER,
        )  # fmt: skip
    assert refused.value.version == 2 and "Nothing was changed" in str(refused.value)
    assert case.snoozed_until is None


def test_a_note_needs_no_version_and_its_text_is_not_in_the_journal(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    drafts.save(session, me, case.number, kind="note", body="Called th", now=NOW)
    verbs.note(session, me, case.number, body=" Called the site office. ", now=LATER)
    message = session.exec(select(Message)).one()
    assert (message.kind, message.body, message.author_id) == (
        "note", "Called the site office.", me.id,
    )  # fmt: skip
    event = last(session, case)
    assert event.data["message_id"] == message.id and "Called" not in str(event.data)
    assert session.exec(select(Draft)).all() == []
    assert case.version == 2 and case.status == "new"


@pytest.mark.parametrize("body", ["", "   ", "x" * 10_001])
def test_a_note_says_something_and_not_too_much(session: Session, me: Actor, body: str) -> None:
    case = make.case(session)
    with pytest.raises(Refused, match="Nothing was changed"):
        verbs.note(session, me, case.number, body=body, now=LATER)
    assert case.version == 1


def test_a_logged_call_is_the_first_contact(session: Session, me: Actor) -> None:
    case = make.case(session)  # a Monday at noon
    at = NOW + timedelta(hours=1)
    verbs.log_contact(session, me, case.number, way="call", body="Reached her", at=at, now=LATER)
    assert (case.contacted_at, case.contact_seconds, case.status) == (at, 3600, "open")
    assert case.due_at == case.close_due
    assert last(session, case).data["way"] == "call"
    assert told(session, case) == state_of(case)


@pytest.mark.parametrize("at", [NOW - timedelta(days=1), NOW + timedelta(days=1)])
def test_a_contact_lies_between_the_opening_and_now(
    session: Session, me: Actor, at: datetime
) -> None:
    case = make.case(session)
    with pytest.raises(Refused, match="before the case was opened or in the future"):
        verbs.log_contact(session, me, case.number, way="call", body="Hi", at=at, now=LATER)
    with pytest.raises(Refused, match="A contact is a call, a meeting"):
        verbs.log_contact(session, me, case.number, way="pigeon", body="Hi", at=NOW, now=LATER)
    assert session.exec(select(Message)).all() == []


def test_a_case_is_resolved_with_an_outcome_and_a_root_cause(session: Session, me: Actor) -> None:
    case = make.case(session)
    verbs.resolve(
        session, me, case.number, outcome="solved", root_cause_id=cause(session), version=1,
        now=LATER,
    )  # fmt: skip
    assert (case.status, case.outcome, case.resolved_at) == ("resolved", "solved", LATER)
    assert case.close_seconds == 2 * 3600 and case.due_at is None
    assert told(session, case) == state_of(case)
    with pytest.raises(Refused, match="resolved cannot be assigned"):
        verbs.assign(session, me, case.number, to=me.id, version=2, now=LATER)


def test_no_case_is_resolved_without_saying_how_and_why(session: Session, me: Actor) -> None:
    case, good = make.case(session), cause(session)
    retired = RootCause(name="Old", accepted_at=NOW, retired_at=NOW)
    proposed = RootCause(name="Proposed")
    session.add_all((retired, proposed))
    session.flush()
    for outcome, why in (
        ("", good), ("gone", good), ("solved", 0), ("solved", retired.id), ("solved", proposed.id),
    ):  # fmt: skip
        with pytest.raises(Refused, match="Nothing was changed"):
            verbs.resolve(
                session, me, case.number, outcome=outcome, root_cause_id=why or 0, version=1,
                now=LATER,
            )  # fmt: skip
    assert (case.status, case.version) == ("new", 1)


def test_a_resolved_case_is_reopened_unless_the_person_has_another_one(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    why = cause(session)
    verbs.resolve(
        session, me, case.number, outcome="solved", root_cause_id=why, version=1, now=LATER
    )
    verbs.reopen(session, me, case.number, version=2, now=LATER)
    assert (case.status, case.outcome, case.resolved_at) == ("open", None, None)
    verbs.resolve(
        session, me, case.number, outcome="solved", root_cause_id=why, version=3, now=LATER
    )
    second = make.case(session, contact_id=case.contact_id, now=LATER)
    assert second.number == case.number + 1
    with pytest.raises(Refused, match=f"Case {second.number} is open for the same person"):
        verbs.reopen(session, me, case.number, version=4, now=LATER)


def test_waiting_and_snoozing_and_back(session: Session, me: Actor) -> None:
    case = make.case(session)
    verbs.wait(session, me, case.number, version=1, now=LATER)
    assert (case.status, case.paused_at, case.due_at) == ("waiting", LATER, None)
    verbs.resume(session, me, case.number, version=2, now=LATER + timedelta(hours=1))
    assert (case.status, case.paused_seconds) == ("open", 3600)
    until = LATER + timedelta(days=2)
    verbs.snooze(session, me, case.number, until=until, version=3, now=LATER)
    assert case.snoozed_until == until and case.due_at == case.first_due
    verbs.wake(session, me, case.number, version=4, now=LATER)
    assert case.snoozed_until is None
    with pytest.raises(Refused, match="not snoozed"):
        verbs.wake(session, me, case.number, version=5, now=LATER)
    with pytest.raises(Refused, match="a year at most"):
        far = LATER + timedelta(days=400)
        verbs.snooze(session, me, case.number, until=far, version=5, now=LATER)
    assert told(session, case) == state_of(case)


def test_a_case_is_given_to_a_team_that_exists(session: Session, me: Actor) -> None:
    case, support = make.case(session), make.team(session, "Support")
    verbs.assign_team(session, me, case.number, team_id=support.id or 0, version=1, now=LATER)
    assert (case.team_id, case.assignee_id) == (support.id, None)
    with pytest.raises(Refused, match="no such team"):
        verbs.assign_team(session, me, case.number, team_id=999, version=2, now=LATER)


def test_only_whoever_works_here_and_sees_the_unit_can_own_a_case(
    session: Session, me: Actor
) -> None:
    emea, apac = make.unit(session), make.unit(session, "APAC")
    settings.put(session, "support_sees_all_units", False, actor_id=None, now=NOW)
    gone = make.user(session, "csm", disabled_at=NOW)
    abroad = make.user(session, "support", name="Kei")
    session.add(UserUnit(user_id=abroad.id, unit_id=apac.id))
    session.flush()
    case = make.case(session, unit_id=emea.id)
    for to, why in ((gone.id, "does not work here"), (abroad.id, "Kei does not see"), (999, "not")):
        with pytest.raises(Refused, match=why):
            verbs.assign(session, me, case.number, to=to, version=1, now=LATER)


def test_a_case_of_another_unit_is_as_unknown_as_none(session: Session) -> None:
    emea, apac = make.unit(session), make.unit(session, "APAC")
    case = make.case(session, unit_id=emea.id)
    stranger = make.actor("csm", units=(apac.id,))
    for number in (case.number, 999):
        with pytest.raises(Refused, match=f"There is no case {number} here"):
            verbs.note(session, stranger, number, body="hm", now=LATER)
        with pytest.raises(Refused, match=f"There is no case {number} here"):
            drafts.save(session, stranger, number, kind="note", body="hm", now=LATER)
    nowhere = make.case(session)
    with pytest.raises(Refused, match="There is no case"):
        verbs.note(session, stranger, nowhere.number, body="hm", now=LATER)


def test_a_text_with_a_character_that_no_database_holds_is_kept_without_it(
    session: Session, me: Actor
) -> None:
    case = make.case(session)
    verbs.note(session, me, case.number, body="a\0b", now=LATER)
    assert session.exec(select(Message.body)).one() == "ab"
