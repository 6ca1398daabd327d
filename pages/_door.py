"""Who is here, and what time it is: asked anew in every run of a page, callback or fragment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from db.engine import reading, transaction
from services import sessions
from services.access import Actor, actor_for
from services.domain.roles import Role

SIGNED_OUT = """
<style>[data-testid="stSidebar"], [data-testid="stExpandSidebarButton"] { display: none }</style>
<h2>You are signed out</h2>
<p><a href="/login" target="_self" style="color: inherit">Sign in again</a> to go on.
Everything that was saved is kept.</p>
"""


@dataclass(frozen=True)
class Visit:
    """The session behind this browser tab, and the actor it makes."""

    token_hash: str
    actor: Actor
    last_seen_at: datetime


# Tests set this: `monkeypatch.setattr("pages._door.clock", lambda: NOW)`.
clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731

_visits: WeakKeyDictionary[Any, Visit] = WeakKeyDictionary()


def now() -> datetime:
    """The time of this moment, aware, in UTC: the one clock of the pages."""
    return clock()


def actor() -> Actor:
    """Who is here; whoever is signed out sees so, and the run ends."""
    return _visit().actor


def here() -> str:
    """The token hash of this browser's session."""
    return _visit().token_hash


def arrive() -> Actor:
    """`actor()` for the frame: a whole run is a sign of life, a fragment's polling is none."""
    visit = _visit()
    if visit.last_seen_at + sessions.SEEN_EVERY <= now():
        with transaction() as session:
            sessions.seen(session, visit.token_hash, now=now())
    return visit.actor


def sign_out() -> None:
    """End the session of this browser; every tab of it is signed out at its next run."""
    visit = _visit()
    with transaction() as session:
        sessions.end(session, visit.token_hash, now=now())
    _visits.pop(_run(), None)


def part(who: Actor) -> str:
    """The actor's role as a person reads it."""
    return who.role.upper() if who.role is Role.CSM else who.role.capitalize()


def _visit() -> Visit:
    run = _run()
    if run not in _visits:
        _visits[run] = _asked() or _signed_out()
    return _visits[run]


def _run() -> Any:
    """An object that lives as long as this run: Streamlit makes one for each, also of a fragment.

    Should that ever change, every call asks the database again, which is slower and still right.
    """
    context = get_script_run_ctx()
    return getattr(context, "parallel_coordinator", None) or _Moment()


class _Moment:
    """A run that nobody remembers."""


def _asked() -> Visit | None:
    hashed = st.user.get("session")
    if not isinstance(hashed, str):
        return None
    with reading() as session:
        live = sessions.look_up(session, hashed, now=now())
        if live is None:
            return None
        return Visit(hashed, actor_for(session, live.user), live.session.last_seen_at)


def _signed_out() -> NoReturn:
    st.html(SIGNED_OUT)
    st.stop()
