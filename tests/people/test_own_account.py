"""What people change about themselves."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.models import Audit, SignInFailure, User
from services import links, own_account, passwords, sessions
from services.access import SHELL, Actor, Refused, actor_for
from services.lockout import LockedOut
from tests import builders as make

NOW = make.NOW
OLD, NEW = "correct horse battery", "a longer staple here"


@pytest.fixture
def mia(session: Session) -> User:
    return make.user(session, "support", password_hash=passwords.hashed(OLD))


@pytest.fixture
def me(session: Session, mia: User) -> Actor:
    return actor_for(session, mia)


def change(session: Session, me: Actor, current: str, new: str, here: str = "") -> int:
    tried = own_account.attempt(session, me, now=NOW)
    return own_account.change_password(
        session, me, tried, current=current, new=new, here=here, now=NOW
    )


def test_name_and_zone_can_be_changed_and_nothing_else(session: Session, me: Actor) -> None:
    assert own_account.change_own(session, me, name=" Mia ", time_zone="Asia/Tokyo", now=NOW)
    user = own_account.me(session, me)
    assert (user.name, user.time_zone, user.role) == ("Mia", "Asia/Tokyo", "support")
    assert not own_account.change_own(session, me, name="Mia", time_zone="Asia/Tokyo", now=NOW)
    line = session.exec(select(Audit)).one()
    assert (line.actor_id, line.data) == (me.id, {"fields": ["name", "time_zone"]})


@pytest.mark.parametrize(("name", "zone"), [("", None), ("Mia", "Mars/Base")])
def test_a_wrong_field_changes_nothing(
    session: Session, me: Actor, name: str, zone: str | None
) -> None:
    with pytest.raises(Refused):
        own_account.change_own(session, me, name=name, time_zone=zone, now=NOW)
    assert session.exec(select(Audit)).all() == []


def test_a_new_password_ends_other_sessions_and_open_links(session: Session, mia: User) -> None:
    me = actor_for(session, mia)
    here, there = (
        sessions.token_hash(sessions.begin(session, me.id or 0, now=NOW)) for _ in range(2)
    )
    token = sessions.reset_link(session, mia, now=NOW)
    assert change(session, me, OLD, NEW, here) == 1
    assert passwords.right(own_account.me(session, me).password_hash, NEW)
    assert sessions.look_up(session, here, now=NOW) is not None
    assert sessions.look_up(session, there, now=NOW) is None
    with pytest.raises(Refused):
        links.set_password(session, token, "hash", now=NOW)
    assert session.exec(select(SignInFailure)).all() == []


@pytest.mark.parametrize(
    ("current", "new", "said"),
    [
        ("wrong", NEW, "not your current"),
        ("", NEW, "not your current"),
        (OLD, "short", "10 to 200"),
        (OLD, "aaaaaaaaaaaaaaaa", "too few"),
    ],
)
def test_a_refused_password_changes_nothing(
    session: Session, me: Actor, current: str, new: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        change(session, me, current, new)
    assert passwords.right(own_account.me(session, me).password_hash, OLD)


def test_the_sixth_guess_within_a_quarter_of_an_hour_waits(session: Session, me: Actor) -> None:
    for _ in range(5):
        own_account.attempt(session, me, now=NOW)
    with pytest.raises(LockedOut):
        own_account.attempt(session, me, now=NOW)
    own_account.attempt(session, me, now=NOW + timedelta(minutes=16))


def test_an_attempt_serves_only_whose_it_is(session: Session, me: Actor) -> None:
    other = make.user(session)
    tried = own_account.attempt(session, me, now=NOW)
    with pytest.raises(Refused):
        own_account.change_password(
            session, actor_for(session, other), tried, current=OLD, new=NEW, here="", now=NOW
        )


def test_the_second_of_two_changes_at_once_is_refused(session: Session, me: Actor) -> None:
    tried = [own_account.attempt(session, me, now=NOW) for _ in range(2)]
    values = {"current": OLD, "new": NEW, "here": "", "now": NOW}
    own_account.change_password(session, me, tried[0], **values)
    with pytest.raises(Refused, match="meanwhile"):
        own_account.change_password(session, me, tried[1], **values)


def test_an_absence_that_is_made_longer_began_when_it_was_first_said(
    session: Session, me: Actor
) -> None:
    def away(days: int, after: int) -> object:
        now = NOW + timedelta(days=after)
        until = NOW + timedelta(days=days)
        own_account.change_work(session, me, absent_until=until, capacity=None, now=now)
        return own_account.me(session, me).absent_since

    assert away(7, 0) == NOW
    assert away(9, 2) == NOW
    assert away(40, 30) == NOW + timedelta(days=30)


def test_the_shell_has_no_account(session: Session) -> None:
    with pytest.raises(Refused):
        own_account.me(session, SHELL)
