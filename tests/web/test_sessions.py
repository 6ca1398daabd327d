"""Sessions, lock-out and links as verbs, on both engines and at a fixed time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.models import OneTimeLink, SignInFailure, User, UserSession
from services import links, lockout, passwords, sessions
from services.access import Refused
from services.lockout import LockedOut
from tests import builders as make
from tests.builders import NOW

MINUTE = timedelta(minutes=1)


def begun(session: Session, user: User) -> str:
    return sessions.token_hash(sessions.begin(session, user.id or 0, now=NOW))


def fail(
    session: Session, email: str = "a@example.com", host: str = "10.0.0.1", after: int = 0
) -> None:
    sessions.attempt(session, email, host, now=NOW + after * MINUTE)


def test_a_session_lives_while_it_is_used_and_14_days_at_most(session: Session) -> None:
    hashed = begun(session, make.user(session))
    step = sessions.REST - MINUTE
    assert sessions.look_up(session, hashed, now=NOW + step)
    assert not sessions.look_up(session, hashed, now=NOW + sessions.REST)
    moment = NOW
    while moment < NOW + sessions.LIFE:
        live = sessions.look_up(session, hashed, now=moment)
        assert live is not None
        sessions.seen(session, hashed, now=moment)
        session.expire_all()
        moment += step
    assert not sessions.look_up(session, hashed, now=moment)


def test_a_session_of_somebody_disabled_is_dead(session: Session) -> None:
    user = make.user(session)
    hashed = begun(session, user)
    user.disabled_at = NOW
    session.flush()
    assert sessions.look_up(session, hashed, now=NOW) is None
    with pytest.raises(Refused):
        sessions.begin(session, user.id or 0, now=NOW)


def test_a_new_session_sweeps_the_users_dead_ones(session: Session) -> None:
    user = make.user(session)
    begun(session, user)
    sessions.begin(session, user.id or 0, now=NOW + sessions.REST)
    assert len(session.exec(select(UserSession)).all()) == 1


def test_ending_all_sessions_leaves_other_people_alone(session: Session) -> None:
    user, other = make.user(session), make.user(session)
    mine, theirs = [begun(session, user), begun(session, user)], begun(session, other)
    assert sessions.end_all(session, user.id or 0) == 2
    assert not any(sessions.look_up(session, hashed, now=NOW) for hashed in mine)
    assert sessions.look_up(session, theirs, now=NOW)
    sessions.end(session, theirs, now=NOW)
    sessions.end(session, theirs, now=NOW)
    assert not sessions.look_up(session, theirs, now=NOW)


def test_an_account_waits_until_its_oldest_failure_is_forgotten(session: Session) -> None:
    for minute in range(lockout.PER_ACCOUNT):
        fail(session, host=f"10.0.0.{minute}", after=minute)
    with pytest.raises(LockedOut, match="Try again in 10 minutes") as caught:
        fail(session, host="10.0.1.1", after=5)
    assert caught.value.wait == 10 * MINUTE
    with pytest.raises(LockedOut, match="in 1 minute[.]"):
        sessions.attempt(session, "a@example.com", "x", now=NOW + 15 * MINUTE - MINUTE / 60)
    fail(session, after=15)


def test_attempts_while_locked_out_do_not_prolong_it(session: Session) -> None:
    for _ in range(lockout.PER_ACCOUNT):
        fail(session)
    for minute in range(1, 15):
        with pytest.raises(LockedOut):
            fail(session, after=minute)
    fail(session, after=15)


def test_an_address_is_counted_over_all_accounts(session: Session) -> None:
    for n in range(lockout.PER_ADDRESS):
        fail(session, f"{n}@example.com", "2001:db8::1")
    for neighbour in ("2001:db8::2", "2001:db8::1%eth0"):
        with pytest.raises(LockedOut):
            fail(session, "new@example.com", neighbour)
    fail(session, "new@example.com", "2001:db8:0:1::1")
    fail(session, "new@example.com", "::ffff:10.0.0.1")
    assert lockout.address("::ffff:10.0.0.1") == lockout.address("10.0.0.1")


def test_success_clears_the_account_and_its_own_count_of_the_address(session: Session) -> None:
    user = make.user(session, email="a@example.com")
    for _ in range(lockout.PER_ACCOUNT - 1):
        fail(session)
    tried = sessions.attempt(session, " A@Example.com", "10.0.0.1", now=NOW)
    assert tried.user_id == user.id
    sessions.sign_in(session, tried, now=NOW)
    left = session.exec(select(SignInFailure.subject)).all()
    assert left == [lockout.address("10.0.0.1")] * (lockout.PER_ACCOUNT - 1)


def test_a_hundred_good_sign_ins_lock_nobody_out(session: Session) -> None:
    make.user(session, email="a@example.com")
    for _ in range(lockout.PER_ADDRESS + 5):
        tried = sessions.attempt(session, "a@example.com", "10.0.0.1", now=NOW)
        sessions.sign_in(session, tried, now=NOW)


@pytest.mark.usefixtures("desk")
def test_a_burst_of_guesses_gets_no_more_tries_than_a_row_of_them() -> None:
    with transaction() as session:
        make.user(session, email="a@example.com", password_hash="x")

    def guess(n: int) -> bool:
        try:
            with transaction() as session:
                fail(session, host=f"10.0.0.{n}")
        except LockedOut:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(16))) == lockout.PER_ACCOUNT


def set_up(session: Session, token: str, n: int = 0) -> User:
    return links.set_up(
        session, token, name="Dana", email=f"{n}@example.com", password_hash="x",
        desk_name="Desk", reporting_zone="UTC", now=NOW,
    )  # fmt: skip


def test_a_setup_link_replaces_the_one_before_it(session: Session) -> None:
    first = links.setup_link(session, now=NOW)
    second = links.setup_link(session, now=NOW)
    assert first and second
    assert not links.tried(session, first, "setup", "x", now=NOW)
    with pytest.raises(Refused):
        set_up(session, first)
    assert set_up(session, second).role == "admin"
    assert links.setup_link(session, now=NOW) is None


@pytest.mark.usefixtures("desk")
def test_of_many_who_set_up_at_once_by_any_links_one_becomes_admin() -> None:
    with transaction() as session:
        tokens = [sessions.new_link(session, "setup", None, now=NOW) for _ in range(4)]

    def become(n: int) -> bool:
        try:
            with transaction() as session:
                set_up(session, tokens[n % 4], n)
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(become, range(8))) == 1
    with transaction() as session:
        assert len(session.exec(select(User)).all()) == 1


@pytest.mark.usefixtures("desk")
def test_a_refused_setup_leaves_its_link_alive() -> None:
    with transaction() as session:
        token = links.setup_link(session, now=NOW) or ""
    with pytest.raises(Refused, match="time zone"), transaction() as session:
        links.set_up(session, token, name="Dana", email="d@example.com", password_hash="x",
                     desk_name="Desk", reporting_zone="Mars/Base", now=NOW)  # fmt: skip
    with transaction() as session:
        assert session.exec(select(User)).first() is None
        set_up(session, token)


def test_a_reset_ends_sessions_and_the_lock_and_the_link(session: Session) -> None:
    user = make.user(session, email="a@example.com", password_hash="old")
    hashed = begun(session, user)
    for _ in range(lockout.PER_ACCOUNT):
        fail(session)
    token = sessions.reset_link(session, user, now=NOW)
    assert links.email_of(session, token, now=NOW) == "a@example.com"
    links.set_password(session, token, "new", now=NOW)
    assert user.password_hash == "new"
    assert sessions.look_up(session, hashed, now=NOW) is None
    fail(session, host="10.0.0.2")
    with pytest.raises(Refused):
        links.set_password(session, token, "newer", now=NOW)


def test_links_end_after_a_day_and_dead_ones_count_against_the_address(session: Session) -> None:
    token = sessions.reset_link(session, make.user(session), now=NOW)
    almost = NOW + sessions.LINK_LIFE - MINUTE
    assert links.tried(session, token, "reset", "x", now=almost)
    assert not links.tried(session, token, "reset", "x", now=almost + MINUTE)
    for _ in range(lockout.PER_ADDRESS - 1):
        assert not links.tried(session, "no", "reset", "x", now=almost + MINUTE)
    with pytest.raises(LockedOut):
        links.tried(session, token, "reset", "x", now=almost + MINUTE)


def test_of_tokens_only_hashes_are_kept(session: Session) -> None:
    user = make.user(session)
    tokens = [
        sessions.begin(session, user.id or 0, now=NOW),
        sessions.reset_link(session, user, now=NOW),
        sessions.new_link(session, "setup", None, now=NOW),
    ]
    rows = [*session.exec(select(UserSession)), *session.exec(select(OneTimeLink))]
    kept = repr([row.model_dump() for row in rows])
    for token in tokens:
        assert token not in kept and sessions.token_hash(token) in kept
        assert len(token) == 43  # 256 bits


@pytest.mark.parametrize(
    "wrong", ["", "short", "dana@example.com", " Dana@Example.com ", "aaaaaaaaaaaa", "a" * 201]
)
def test_bad_passwords_are_refused(wrong: str) -> None:
    with pytest.raises(Refused):
        passwords.check(wrong, "dana@example.com")


def test_a_password_is_kept_as_argon2id_and_only_it_is_right() -> None:
    kept = passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$") and not passwords.outdated(kept)
    assert passwords.right(kept, "correct horse battery")
    assert not passwords.right(kept, "correct horse batterx")
    assert not passwords.right(None, "a password that nobody has")
    assert not passwords.right("no hash", "x")
