"""Sign-in and sign-out: `/login`, `/auth/logout` and, in a demo, `/auth/demo`."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from sqlmodel import Session
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute

from db.engine import reading, transaction
from services import config, links, passwords, sessions
from services.sign_in import configuring
from services.web.forms import Visit, message, page, posted, secure, shown
from services.web.gate import cookie_name

PASSWORDS_OFF = "Nobody signs in with a password here. Nothing was done."
# Browsers drop tabs and turn backslashes around, so "/\t/evil" and "/\evil" lead elsewhere.
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x20\\\x7f]*")


def local(path: str) -> str:
    """`path` if it leads to this desk, else the first page."""
    return path if _LOCAL.fullmatch(path) else "/"


def entered(visit: Visit, begin: Callable[[Session], str], path: str = "/") -> Response:
    """Go to `path` with the session that `begin` makes; the browser's former one ends."""
    with transaction() as session:
        if visit.live:
            sessions.end(session, visit.live.session.token_hash, now=visit.now)
        token = begin(session)
    response = go(local(path))
    response.set_cookie(
        cookie_name(), token, max_age=int(sessions.LIFE.total_seconds()), path="/",
        httponly=True, samesite="lax", secure=secure(visit.request),
    )  # fmt: skip
    return response


def agent(visit: Visit) -> str:
    """What the browser says it is, for the list of one's sessions."""
    return visit.request.headers.get("user-agent", "")


def _show_login(visit: Visit) -> Response:
    path = local(visit.request.query_params.get("next", "/"))
    if visit.live:
        return go(path)
    with reading() as session:
        if not config.load().loopdesk_demo and not links.is_set_up(session):
            text = "Open the link that the desk wrote to its console when it started."
            return message(visit, 200, "Nobody works here yet", text, link="")
    return _login_page(visit, path)


def _login(visit: Visit, form: Mapping[str, str]) -> Response:
    email, password = form.get("email", ""), form.get("password", "")
    path = local(form.get("next", "/"))
    with reading() as session:
        allowed = configuring.by_password(session)
    if not allowed:
        return _login_page(visit, path, 403, error=PASSWORDS_OFF)
    with transaction() as session:
        tried = sessions.attempt(session, email, visit.host, now=visit.now)
    # With no transaction open: the hash takes its time, and nobody should wait for it.
    if not passwords.right(tried.password_hash, password):
        return _login_page(visit, path, 401, email=email, error=sessions.WRONG)
    old = tried.password_hash or ""
    rehash = passwords.hashed(password) if passwords.outdated(old) else None
    return entered(
        visit,
        lambda session: sessions.sign_in(
            session, tried, now=visit.now, agent=agent(visit), rehash=rehash
        ),
        path,
    )


def _demo(visit: Visit, form: Mapping[str, str]) -> Response:
    known = re.fullmatch(r"[0-9]{1,18}", form.get("user_id", ""))
    if not config.load().loopdesk_demo or known is None:
        return message(visit, 404, "Not here", "Only a demo lets people in without a password.")
    user_id = int(known[0])
    return entered(
        visit,
        lambda session: sessions.begin(session, user_id, now=visit.now, agent=agent(visit)),
        form.get("next", "/"),
    )


def _login_page(
    visit: Visit, path: str, status: int = 200, email: str = "", error: str = ""
) -> Response:
    with reading() as session:
        people = sessions.people_to_be(session) if config.load().loopdesk_demo else []
        other = configuring.provider(session)
    left = "out" in visit.request.query_params
    return page(
        visit, "login.html", status, next=path, email=email, error=error, people=people, left=left,
        other=other, start=f"/auth/oidc/start?next={quote(path, safe='')}",
    )  # fmt: skip


def _show_logout(visit: Visit) -> Response:
    return page(visit, "logout.html", name=visit.live.user.name) if visit.live else go("/login")


def _logout(visit: Visit, _form: Mapping[str, str]) -> Response:
    if visit.live:
        with transaction() as session:
            sessions.end(session, visit.live.session.token_hash, now=visit.now)
    response = go("/login?out=1")
    response.delete_cookie(cookie_name(), path="/")
    return response


def go(path: str) -> Response:
    """On to another page, without a word."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


ROUTES: list[BaseRoute] = [
    shown("/login", _show_login),
    posted("/login", _login),
    posted("/auth/demo", _demo),
    shown("/auth/logout", _show_logout),
    posted("/auth/logout", _logout),
]
