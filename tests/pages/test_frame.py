"""The frame: who is here is asked in every run, and the menu is theirs."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User, UserSession
from pages import _door
from pages._menu import MENU
from services import sessions
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import FRAME, identity, open_page

pytestmark = pytest.mark.usefixtures("sqlite_desk")


@pytest.fixture
def dana() -> User:
    with transaction() as session:
        return make.user(session, "manager", name="Dana **Reyes**")


def frame(user: dict[str, str]) -> AppTest:
    at = AppTest.from_file(FRAME, default_timeout=15)
    at.user = user
    return at.run()


def signed_out(at: AppTest) -> bool:
    said = "".join(element.body for element in at.main.get("html"))
    return "You are signed out" in said and 'href="/login"' in said and not at.sidebar.button


def test_the_menu_is_the_page_files() -> None:
    files = {f.name for f in FRAME.parent.glob("*.py") if not f.name.startswith("_")}
    assert [entry.file for entry in MENU if entry.file not in files] == []
    assert files == {entry.file for entry in MENU}


@pytest.mark.parametrize(
    ("role", "hidden"), [("admin", 0), ("manager", 4), ("csm", 7), ("support", 10)]
)
def test_the_menu_shows_what_the_role_may_open(role: str, hidden: int) -> None:
    with transaction() as session:
        user = make.user(session, role)
    at = frame(identity(user))
    assert not at.exception
    known = {Path(str(p["script_path"])).name for p in at._registered_pages.values()}
    assert len(known & {entry.file for entry in MENU}) == len(MENU) - hidden


def test_the_menu_folds_nothing_away(dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    real = st.navigation
    monkeypatch.setattr(
        st, "navigation", lambda pages, **how: given.append(how["expanded"]) or real(pages, **how)
    )
    assert not frame(identity(dana)).exception
    assert given == [True]


def test_the_gaps_of_the_menu_stand_before_pages_that_are_there() -> None:
    named = set(re.findall(r'href\$="/([a-z-]+)"', (FRAME.parent / "_frame.css").read_text()))
    assert named and named <= {entry.url_path for entry in MENU if entry.listed}


def test_the_sidebar_says_who_is_here(dana: User) -> None:
    at = frame(identity(dana))
    assert [text.value for text in at.sidebar.text] == ["Dana **Reyes**"]
    assert "Manager" in [caption.value for caption in at.sidebar.caption]


@pytest.mark.parametrize("user", [{}, {"session": "made up"}, {"email": "dana@example.com"}])
def test_without_a_session_there_is_only_the_way_to_sign_in(user: dict[str, str]) -> None:
    assert signed_out(frame(user))


def test_a_session_that_ends_is_out_at_the_next_run(dana: User) -> None:
    at = open_page(dana, "verbatims.py")
    assert not signed_out(at)
    with transaction() as session:
        sessions.end_all(session, dana.id or 0)
    assert signed_out(at.run())


def test_somebody_disabled_is_out_at_the_next_run(dana: User) -> None:
    at = frame(identity(dana))
    with transaction() as session:
        session.get_one(User, dana.id).disabled_at = datetime.now(UTC)
    assert signed_out(at.run())


def test_a_new_role_holds_at_the_next_run(dana: User) -> None:
    at = frame(identity(dana))
    with transaction() as session:
        session.get_one(User, dana.id).role = "support"
    at.run()
    assert "Support" in [caption.value for caption in at.sidebar.caption]


def test_signing_out_ends_this_browser_only(dana: User) -> None:
    other = frame(identity(dana))
    at = frame(identity(dana))
    assert signed_out(at.button(key="sign_out").click().run())
    assert not signed_out(other.run())
    assert signed_out(at.run())


def test_signing_out_twice_is_signed_out(dana: User) -> None:
    at = frame(identity(dana))
    button = at.button(key="sign_out")
    with transaction() as session:
        sessions.end_all(session, dana.id or 0)
    assert signed_out(button.click().run())
    assert not at.exception


def test_a_run_reads_the_session_once(dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = sessions.look_up
    monkeypatch.setattr(
        sessions,
        "look_up",
        lambda s, hashed, *, now: asked.append(hashed) or real(s, hashed, now=now),
    )
    at = frame(identity(dana))
    assert len(asked) == 1
    at.run()
    assert len(asked) == 2


def test_use_keeps_a_session_alive(dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = NOW
    monkeypatch.setattr("pages._door.clock", lambda: moment)
    assert _door.now() == NOW
    at = frame(identity(dana))
    for hours in (6, 12, 18):
        moment = NOW + timedelta(hours=hours)
        assert not signed_out(at.run())
    with transaction() as session:
        row = session.get_one(UserSession, 1)
        assert row.last_seen_at == moment
    moment += sessions.REST
    assert signed_out(at.run())
