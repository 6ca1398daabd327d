"""Opens a page the way a signed-in person does, without a browser.

    def test_trends_says_so_when_empty(sqlite_desk):
        with transaction() as session:
            dana = make.user(session, "manager")
        at = open_page(dana, "trends.py")
        assert not at.exception

The session row is real, so `sessions.end_all` or `disabled_at` sign the page out at its next run.
Its times are those of `pages._door.clock`; set that first when the test has a fixed `NOW`.
"""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import User
from pages import _door
from services import sessions

FRAME = Path(__file__).parents[2] / "pages" / "_frame.py"


def identity(user: User) -> dict[str, str]:
    """What `st.user` holds for `user` signed in just now: give it to `AppTest.user`."""
    with transaction() as session:
        token = sessions.begin(session, user.id or 0, now=_door.now())
    return {"session": sessions.token_hash(token)}


def open_page(user: User, page_file: str, query: dict[str, str] | None = None) -> AppTest:
    """`page_file` ("trends.py") as `user` sees it, after its first run, with `query` in the URL."""
    at = AppTest.from_file(FRAME, default_timeout=15)
    at.user = identity(user)
    at.run()
    for name, value in (query or {}).items():
        at.query_params[name] = value
    at.switch_page(page_file)
    return at.run()


def marked_up(at: AppTest) -> str:
    """All that the page gave to elements that read markdown: no customer's text may be in it."""
    elements = (*at.markdown, *at.caption, *at.title, *at.header, *at.button)
    return " ".join(f"{getattr(e, 'value', '')} {getattr(e, 'label', '')}" for e in elements)


def press(function: str, user: User, **state: Any) -> AppTest:
    """What a component's button does on case 1, as a page of its own: AppTest cannot press it."""

    def script(function: str) -> None:
        from zoneinfo import ZoneInfo

        import streamlit as st

        from pages import _composer, _notice

        zone = ZoneInfo("Europe/Berlin")
        given = st.session_state.get("given")
        calls = {
            "send": [lambda: _composer._send(1, given, zone)],
            "keep": [lambda: _composer._keep(1, given, zone)],
            "fill": [lambda: _composer._fill(1, given)],
            "undo": [lambda: _notice.take_back(1, st.session_state["event_id"])],
        }
        calls["send and keep"] = calls["send"] + calls["keep"]
        _notice.notice()
        st.button("press", key="press", on_click=lambda: [call() for call in calls[function]])

    at = AppTest.from_function(script, kwargs={"function": function}, default_timeout=15)
    at.user = identity(user)
    for name, value in state.items():
        at.session_state[name] = value
    return at.run().button(key="press").click().run()


def notices(at: AppTest) -> dict[str, Any]:
    """What the corner of the page was given."""
    found = [element.proto for element in at.get("bidi_component")]
    (told,) = [json.loads(p.json) for p in found if p.component_name == "loopdesk.notice"]
    return dict(told)


def said_last(at: AppTest) -> str:
    """What the page says that the last act came to."""
    told = notices(at)
    return str(told["refused"] or told["words"])
