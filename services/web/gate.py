"""The gate: nothing but the sign-in pages and the machines' own doors opens without a session.

Pure ASGI, because it guards websockets as well. It drops what a client says of its identity and
writes its own header, which `[server.trustedUserHeaders]` hands to the pages.
"""

from datetime import UTC, datetime
from ipaddress import ip_address
from time import monotonic
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from db.engine import reading
from services import config, sessions
from services.web.security import same_origin

OPEN_PATHS = frozenset({"/healthz", "/login", "/setup", "/metrics"})  # the last checks keys
OPEN_PREFIXES = ("/auth/", "/api/v1/", "/webhooks/")  # the last two check keys and signatures
IDENTITY = b"x-loopdesk-session"
REMEMBERED = 5.0  # seconds for which one look-up serves the files of Streamlit's own bundle


def cookie_name() -> str:
    """The session's cookie. A demo beside the real desk on one host must not sign it out."""
    return "loopdesk_demo" if config.load().loopdesk_demo else "loopdesk"


def token_in(headers: Headers) -> str | None:
    """The session token that a request brings."""
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(cookie_name()) or None


class Gate:
    """Lets a request through with its session's identity, or refuses it."""

    def __init__(self, app: ASGIApp, *, demo: bool) -> None:
        self.app = app
        self.demo = demo
        self.recent: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["headers"] = [h for h in scope["headers"] if not h[0].startswith(b"x-loopdesk-")]
        if self.demo and not from_this_machine(headers):
            await _refuse(scope, receive, send, _plain("The demo answers this machine only.", 403))
        elif scope["type"] == "http" and _open(scope["path"]):
            await self.app(scope, receive, send)
        elif (hashed := await self._session(scope, headers)) is None:
            await _refuse(scope, receive, send, _turned_away(scope, headers))
        else:
            scope["headers"].append((IDENTITY, hashed.encode()))
            await self.app(scope, receive, send)

    async def _session(self, scope: Scope, headers: Headers) -> str | None:
        """The token hash of the request's live session."""
        token = token_in(headers)
        if token is None or (scope["type"] == "websocket" and not same_origin(headers)):
            return None
        hashed = sessions.token_hash(token)
        bundled = scope["type"] == "http" and scope["path"].startswith("/static/")
        if bundled and self.recent.get(hashed, 0.0) > monotonic():
            return hashed
        if not await to_thread.run_sync(_lives, hashed):
            return None
        if len(self.recent) > 1000:
            self.recent.clear()
        self.recent[hashed] = monotonic() + REMEMBERED
        return hashed


def from_this_machine(headers: Headers) -> bool:
    """Whether the request names this machine, and no proxy speaks for somebody else."""
    passed_on = any(n == "forwarded" or n.startswith("x-forwarded-") for n in headers)
    try:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        return (host == "localhost" or ip_address(host).is_loopback) and not passed_on
    except ValueError:
        return False


def _lives(hashed: str) -> bool:
    with reading() as session:
        return sessions.look_up(session, hashed, now=datetime.now(UTC)) is not None


def _open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


def _turned_away(scope: Scope, headers: Headers) -> Response:
    """A person is shown the sign-in page; anything else is told 401."""
    reads = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
    if not reads or "/_stcore/" in scope["path"] or "text/html" not in headers.get("accept", ""):
        return _plain("Sign in first.", 401)
    query = scope["query_string"].decode("latin-1")
    wanted = scope["path"] + (f"?{query}" if query else "")
    return RedirectResponse(
        "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='')}",
        303,
        {"Cache-Control": "no-store"},
    )


def _plain(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store"})


async def _refuse(scope: Scope, receive: Receive, send: Send, answer: Response) -> None:
    if scope["type"] == "websocket":  # closed before it is accepted: the server answers 403
        await send({"type": "websocket.close", "code": 1008})
    else:
        await answer(scope, receive, send)
