"""Where people are signed in, and ending it."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import Audit, User, UserSession
from services import browsers, sessions
from services.access import SHELL, Actor, Refused, actor_for
from tests import builders as make

NOW = make.NOW
ADMIN = make.actor("admin")


@pytest.fixture
def mia(session: Session) -> User:
    return make.user(session)


@pytest.fixture
def me(session: Session, mia: User) -> Actor:
    return actor_for(session, mia)


def begun(session: Session, user: User, agent: str = "Firefox", hours: int = 0) -> str:
    at = NOW - timedelta(hours=hours)
    return sessions.token_hash(sessions.begin(session, user.id or 0, now=at, agent=agent))


def test_live_browsers_are_listed_the_latest_first(session: Session, mia: User) -> None:
    begun(session, mia, "Old", hours=13)
    begun(session, mia, "Phone", hours=2)
    begun(session, mia, "<b>Laptop</b>", hours=1)
    listed = browsers.of_person(session, ADMIN, mia.id, now=NOW)
    assert [row.agent for row in listed] == ["<b>Laptop</b>", "Phone"]
    assert listed[0].last_seen_at == NOW - timedelta(hours=1)


def test_an_admin_ends_one_browser_or_all(session: Session, mia: User) -> None:
    for agent in ("A", "B", "C"):
        begun(session, mia, agent)
    first = browsers.of_person(session, ADMIN, mia.id, now=NOW)[0]
    browsers.end(session, ADMIN, first.id, now=NOW)
    assert len(browsers.of_person(session, ADMIN, mia.id, now=NOW)) == 2
    assert browsers.end_all(session, ADMIN, mia.id, now=NOW) == 2
    lines = session.exec(select(Audit).where(Audit.verb == "session.revoke").order_by(Audit.id))
    assert [line.data for line in lines] == [{"sessions": 1}, {"sessions": 2}]


def test_ending_what_has_ended_records_nothing(session: Session, mia: User) -> None:
    browsers.end(session, ADMIN, 99, now=NOW)
    assert browsers.end_all(session, ADMIN, mia.id, now=NOW) == 0
    assert session.exec(select(Audit)).all() == []


def test_one_sees_which_browser_is_this_one(session: Session, mia: User, me: Actor) -> None:
    here = begun(session, mia)
    begun(session, mia, hours=1)
    begun(session, make.user(session))
    assert [row.here for row in browsers.own(session, me, here=here, now=NOW)] == [True, False]


def test_one_ends_all_others_and_stays_here(session: Session, mia: User, me: Actor) -> None:
    here, other = begun(session, mia), make.user(session)
    begun(session, mia)
    begun(session, other)
    assert browsers.end_others(session, me, here=here, now=NOW) == 1
    assert sessions.look_up(session, here, now=NOW) is not None
    assert len(browsers.of_person(session, ADMIN, other.id, now=NOW)) == 1


def test_nobody_but_an_admin_ends_somebody_elses_browser(session: Session, me: Actor) -> None:
    other = make.user(session)
    begun(session, other)
    theirs = session.exec(select(UserSession.id).where(UserSession.user_id == other.id)).one()
    browsers.end_own(session, me, theirs, now=NOW)
    assert len(browsers.of_person(session, ADMIN, other.id, now=NOW)) == 1


def test_the_shell_has_no_browsers(session: Session) -> None:
    with pytest.raises(Refused):
        browsers.own(session, SHELL, here="", now=NOW)
