"""Opens a page the way a signed-in person does, without a browser.

    def test_trends_says_so_when_empty(sqlite_desk):
        with transaction() as session:
            dana = make.user(session, "manager")
        at = open_page(dana, "trends.py")
        assert not at.exception

The session row is real, so `sessions.end_all` or `disabled_at` sign the page out at its next run.
Its times are those of `pages._door.clock`; set that first when the test has a fixed `NOW`.
"""

from pathlib import Path

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
