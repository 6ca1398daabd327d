"""The tab of People where an admin says by which provider people sign in."""

from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Identity, Secret
from pages import _door
from services import config, settings
from services.access import SHELL
from services.sign_in import configuring
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page
from tests.standins.oidc import CLIENT, SECRET, Oidc

pytestmark = pytest.mark.usefixtures("sqlite_desk")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_door, "clock", lambda: NOW)


def opened(role: str = "admin") -> AppTest:
    with transaction() as session:
        user = make.user(session, role)
    at = open_page(user, "people.py")
    at.session_state["tab"] = "Sign-in"
    return at.run()


def field(at: AppTest, label: str) -> Any:
    boxes = (*at.text_input, *at.text_area, *at.toggle, *at.selectbox)
    return next(box for box in boxes if box.label == label)


def said(at: AppTest) -> str:
    return " ".join(element.value for element in (*at.text, *at.error, *at.toast))


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


def kept() -> Any:
    with transaction() as session:
        return configuring.provider(session)


def test_a_provider_is_entered_tested_and_saved() -> None:
    with Oidc().serving() as standin:
        with transaction() as session:
            settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=NOW)
        at = opened()
        assert "Not in use" in said(at) and at.code[0].value.endswith("/auth/oidc/callback")
        for label, value in (
            ("Issuer", standin.url), ("Client id", CLIENT), ("Client secret", "wrong"),
        ):  # fmt: skip
            field(at, label).set_value(value)
        assert "does not accept this client id and secret" in said(press(at, "Test"))
        assert kept() is None
        field(at, "Client secret").set_value(SECRET)
        assert "It works: The provider answers" in said(press(at, "Test"))
        field(at, "Value = role, one a line").set_value("Support = leads = manager\n")
        field(at, "Let in addresses of these domains only, one a line").set_value("acme.example\n")
        press(at, "Save")
    known = kept()
    assert (known.issuer, known.domains) == (standin.url, ("acme.example",))
    assert known.roles == {"Support = leads": "manager"} and not known.makes_people
    assert "In use" in said(at) and field(at, "Client secret").value == ""


def test_what_is_kept_is_shown_and_can_be_changed_and_forgotten() -> None:
    with transaction() as session:
        team = make.team(session, "Nord")
        configuring.keep(session, SHELL, {
            "issuer": "https://login.acme.example", "client_id": "desk", "client_secret": "x",
            "makes_people": True, "role": "support", "team_id": team.id,
        }, now=NOW)  # fmt: skip
        ana = make.user(session)
        session.add(Identity(
            issuer="https://login.acme.example", subject="1", user_id=ana.id or 0, created_at=NOW,
            last_at=NOW,
        ))  # fmt: skip
    at = opened()
    assert "1 person has come in by it" in said(at)
    assert (field(at, "As").value, field(at, "In the team").value) == ("support", team.id)
    field(at, "Text of the button").set_value("Acme account")
    press(at, "Save")
    assert kept().button == "Acme account"
    field(at, "Passwords are off").set_value(True)
    assert "sign in with the provider once yourself" in said(press(at, "Save"))
    press(at, "Forget the provider")
    with transaction() as session:
        assert session.exec(select(Secret)).all() == []
    assert kept() is None


def test_somebody_who_comes_in_with_another_account_is_no_longer_invited() -> None:
    with transaction() as session:
        ana = make.user(session, name="Ana")
        make.user(session, name="Bo")
        session.add(Identity(
            issuer="https://a.example", subject="1", user_id=ana.id or 0, created_at=NOW,
            last_at=NOW,
        ))  # fmt: skip
        admin = make.user(session, "admin", password_hash="x")
    table = open_page(admin, "people.py").dataframe[0].value
    assert dict(zip(table["name"], table["state"], strict=True)) == {
        "Ana": "active", "Bo": "invited", admin.name: "active",
    }  # fmt: skip


def test_in_a_demo_nobody_is_called_invited_as_anybody_comes_in_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with transaction() as session:
        admin = make.user(session, "admin", name="Ana")
        make.user(session, name="Bo", disabled_at=NOW)
    monkeypatch.setattr(config, "load", lambda: config.Settings(loopdesk_demo=True))
    table = open_page(admin, "people.py").dataframe[0].value
    assert dict(zip(table["name"], table["state"], strict=True)) == {
        "Ana": "active", "Bo": "disabled",
    }  # fmt: skip


def test_where_passwords_are_off_nobody_is_asked_for_a_new_one() -> None:
    with transaction() as session:
        person = make.user(session)
    assert field(open_page(person, "you.py"), "Current password")
    with transaction() as session:
        configuring.keep(session, SHELL, {
            "issuer": "https://a.example", "client_id": "desk", "passwords_off": True,
        }, now=NOW)  # fmt: skip
    at = open_page(person, "you.py")
    assert not [box for box in at.text_input if "password" in box.label]


def test_a_demo_says_why_nothing_can_be_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened()
    monkeypatch.setattr(config, "load", lambda: config.Settings(loopdesk_demo=True))
    at.run()
    assert "This is a demo" in " ".join(caption.value for caption in at.caption)
    assert all(button.disabled for button in at.button if button.label in ("Test", "Save"))
