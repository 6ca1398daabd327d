"""Who comes in by a provider, and what an admin may decide about it; on both engines."""

from datetime import timedelta
from threading import BoundedSemaphore
from typing import Any

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.models import Identity, Secret, SignInStart, User
from services import config, people, settings, vault
from services.access import SHELL, Refused, actor_for
from services.domain.provider import Provider
from services.sign_in import configuring, starting, talking
from services.sign_in.entering import Entry, enter
from services.sign_in.refusals import NotIn
from services.sign_in.talking import Talk
from tests import builders as make
from tests.at_once import at_once
from tests.builders import NOW
from tests.standins.oidc import Oidc

ISSUER = "https://login.acme.example"
ENTERED = {"issuer": ISSUER, "client_id": "desk", "client_secret": "a secret"}
PROVIDER = Provider.parse(ENTERED | {"makes_people": True, "role": "support"})
ANA = {"sub": "1", "email": "ana@acme.example", "email_verified": True}


def keep(session: Session, **more: Any) -> Provider:
    return configuring.keep(session, SHELL, ENTERED | more, now=NOW)


@pytest.mark.usefixtures("desk")
def test_two_who_come_in_at_once_as_one_are_one() -> None:
    entries: list[Entry] = []

    def come() -> None:
        with transaction() as session:
            entries.append(enter(session, PROVIDER, ANA, now=NOW))

    at_once(come)
    with transaction() as session:
        assert len(session.exec(select(User)).all()) == 1
        assert len(session.exec(select(Identity)).all()) == 1
    assert len(entries) == 3 and len({entry.user_id for entry in entries} - {None}) == 1


@pytest.mark.usefixtures("desk")
def test_two_who_come_back_at_once_with_one_state_are_one() -> None:
    with transaction() as session:
        start = starting.begin(session, "browser", "/", now=NOW)

    found: list[bool] = []

    def back() -> None:
        with transaction() as session:
            taken = starting.taken(session, "browser", start.state, now=NOW)
            found.append(taken is not None)

    at_once(back)
    assert sorted(found) == [False, False, True]


def test_the_last_admin_stays_one_whatever_a_group_says(session: Session) -> None:
    boss = make.user(session, "admin", email="ana@acme.example")
    known = Provider.parse(ENTERED | {"role_claim": "g", "roles": {"x": "csm", "y": "admin"}})
    enter(session, known, ANA | {"g": ["x"]}, now=NOW)
    assert boss.role == "admin"
    other = make.user(session, "csm", email="bo@acme.example")
    enter(session, known, ANA | {"sub": "2", "email": other.email, "g": ["y"]}, now=NOW)
    enter(session, known, ANA | {"g": ["x"]}, now=NOW)
    assert (boss.role, other.role) == ("csm", "admin")


def test_an_identity_of_another_issuer_is_somebody_else(session: Session) -> None:
    made = enter(session, PROVIDER, ANA, now=NOW)
    other = Provider.parse(ENTERED | {"issuer": "https://other.example"})
    assert enter(session, other, ANA | {"email": "x@acme.example"}, now=NOW).why == "unknown"
    assert enter(session, other, ANA, now=NOW).user_id == made.user_id  # by the address
    known = {row.issuer for row in session.exec(select(Identity))}
    assert known == {ISSUER, "https://other.example"}


def test_a_secret_is_kept_encrypted_and_for_its_issuer_only(session: Session) -> None:
    keep(session)
    (kept,) = session.exec(select(Secret)).all()
    assert b"a secret" not in kept.ciphertext
    seen = configuring.standing(session, SHELL)
    assert (seen.secret, seen.people) == (configuring.KEPT, 0)
    again = {"client_secret": configuring.KEPT}
    keep(session, button="Acme", **again)
    assert vault.of(session, f"sign_in.{ISSUER}") == {"client_secret": "a secret"}
    keep(session, issuer="https://other.example", **again)
    assert session.exec(select(Secret)).all() == []


def test_passwords_go_off_only_after_the_provider_let_the_admin_in(session: Session) -> None:
    boss = make.user(session, "admin", email="ana@acme.example")
    actor = actor_for(session, boss)
    off = ENTERED | {"passwords_off": True}
    with pytest.raises(Refused, match="sign in with the provider once yourself"):
        configuring.keep(session, actor, off, now=NOW)
    enter(session, PROVIDER, ANA, now=NOW)
    assert configuring.keep(session, actor, off, now=NOW).passwords_off


@pytest.mark.parametrize(
    ("more", "said"),
    [({"role": "admin"}, "Nobody becomes admin"),
     ({"team_id": 99}, "no such team"), ({"issuer": "acme"}, "The issuer is a web address")],
)  # fmt: skip
def test_what_an_admin_may_not_decide(session: Session, more: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        keep(session, **more)
    assert configuring.provider(session) is None


def test_a_provider_that_is_forgotten_leaves_who_was_who(session: Session) -> None:
    keep(session)
    enter(session, PROVIDER, ANA, now=NOW)
    configuring.forget(session, SHELL, now=NOW)
    assert configuring.provider(session) is None and session.exec(select(Secret)).all() == []
    assert settings.get(session, "sign_in") == {}
    assert len(session.exec(select(Identity)).all()) == 1


def test_a_demo_knows_nobody_by_a_provider(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(session)
    monkeypatch.setattr(config, "load", lambda: config.Settings(loopdesk_demo=True))
    assert configuring.provider(session) is None
    with pytest.raises(Refused, match="A demo"):
        keep(session)


def test_another_key_of_the_desk_is_said(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(session)
    monkeypatch.setattr(config, "load", lambda: config.Settings(loopdesk_key="another"))
    with pytest.raises(Refused, match="enter it again"):
        configuring.talk(session)


def test_starts_that_never_came_back_are_forgotten(session: Session) -> None:
    starting.begin(session, "a", "/", now=NOW)
    starting.begin(session, "b", "/", now=NOW + timedelta(minutes=11))
    assert len(session.exec(select(SignInStart)).all()) == 1


def test_a_provider_in_the_own_network_needs_to_be_allowed() -> None:
    known = Provider.parse(ENTERED | {"issuer": "http://127.0.0.1:9"})
    with pytest.raises(NotIn, match="must start with https"):
        Talk(known, "", frozenset(), "").check()
    known = Provider.parse(ENTERED | {"issuer": "https://127.0.0.1:9"})
    with pytest.raises(NotIn, match="private network"):
        Talk(known, "", frozenset(), "").check()


def test_a_provider_that_hangs_holds_few_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with Oidc().serving() as standin:
        known = Provider.parse(ENTERED | {"issuer": standin.url})
        talk = Talk(known, "", frozenset({"127.0.0.1"}), "")
        monkeypatch.setattr(talking, "TIMEOUT", 0.2)
        standin.fault("delay", "configuration", seconds=1)
        with pytest.raises(NotIn, match="cannot be reached") as away:
            talk.door()
        assert away.value.why == "away"
        monkeypatch.setattr(talking, "_AT_ONCE", BoundedSemaphore(1))
        assert talking._AT_ONCE.acquire()
        with pytest.raises(NotIn, match="Many people"):
            talk.door()
        talking._AT_ONCE.release()
        for _ in range(2):  # whoever is through makes room
            assert talk.door() == f"{standin.url}/authorize"


def test_a_person_who_is_disabled_keeps_their_identity(session: Session) -> None:
    made = enter(session, PROVIDER, ANA, now=NOW)
    make.user(session, "admin")
    people.disable(session, SHELL, made.user_id or 0, now=NOW)
    assert enter(session, PROVIDER, ANA, now=NOW).why == "disabled"
    people.enable(session, SHELL, made.user_id or 0, now=NOW)
    assert enter(session, PROVIDER, ANA, now=NOW).user_id == made.user_id
