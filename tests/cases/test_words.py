"""What the journal says: in the reader's own time, and as it was."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from db.models import Case
from services.access import Actor, Stale, actor_for
from services.cases import verbs
from services.insights.case_file import case_file
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=2)  # 14:00 in UTC, a Monday in June


@pytest.fixture
def me(session: Session) -> Actor:
    ann = make.user(session, "csm", name="Ann", time_zone="Asia/Tokyo")
    return actor_for(session, ann)


@pytest.fixture
def case(session: Session) -> Case:
    return make.case(session)


def said(session: Session, who: Actor, **asked: ZoneInfo) -> str:
    return case_file(session, who, 1, now=LATER, **asked).steps[0].said


def test_times_are_told_in_the_readers_zone(session: Session, me: Actor, case: Case) -> None:
    until = NOW + timedelta(days=1)
    verbs.snooze(session, me, case.number, until=until, version=1, now=LATER)
    assert said(session, me) == "snoozed it until 16 Jun 2026, 21:00"
    assert said(session, make.actor("csm")) == "snoozed it until 16 Jun 2026, 12:00"
    assert said(session, me, zone=ZoneInfo("Europe/Berlin")).endswith("14:00")
    with pytest.raises(Stale, match="Ann snoozed it until 16 Jun 2026, 21:00"):
        verbs.wait(session, me, 1, version=1, now=LATER)


def test_a_contact_tells_its_way_and_when_it_was(session: Session, me: Actor, case: Case) -> None:
    verbs.log_contact(session, me, case.number, way="visit", body="Met", at=NOW, now=LATER)
    assert said(session, make.actor("csm")) == "logged a visit of 15 Jun 2026, 12:00"


def test_a_case_that_goes_from_its_owner_to_a_team_says_so(
    session: Session, me: Actor, case: Case
) -> None:
    support = make.team(session, "Support")
    verbs.assign(session, me, case.number, to=me.id, version=1, now=LATER)
    assert said(session, me) == "assigned it to Ann"
    verbs.assign_team(session, me, case.number, team_id=support.id or 0, version=2, now=LATER)
    assert said(session, me) == "gave it to the team Support"
    verbs.assign(session, me, case.number, to=me.id, version=3, now=LATER)
    verbs.assign(session, me, case.number, to=None, version=4, now=LATER)
    assert said(session, me) == "took the owner off"


def test_a_further_answer_says_whether_it_woke_the_case(
    session: Session, me: Actor, case: Case
) -> None:
    make.case(session, contact_id=case.contact_id, now=NOW)
    assert said(session, me) == "added a further answer of the same person"
    verbs.wait(session, me, case.number, version=2, now=NOW)
    make.case(session, contact_id=case.contact_id, now=LATER)
    assert said(session, me).endswith("of the same person, which woke the case")
