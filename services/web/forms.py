"""Own pages with forms: rendered from templates, and posted only by those who were shown them."""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from anyio import to_thread
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from db.engine import reading
from services import config, sessions, settings
from services.access import Refused
from services.lockout import LockedOut
from services.web.gate import token_in
from services.web.security import OWN_PAGES, same_origin

HERE = Path(__file__).parent
FORM_COOKIE = "loopdesk_form"
STALE = "This form was open for too long or came from elsewhere. Nothing was done; try again."

_templates = Environment(
    loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True)
class Visit:
    """One request to an own page: who asks, from where, and the secret of their forms."""

    request: Request
    live: sessions.Live | None
    nonce: str
    now: datetime

    @property
    def host(self) -> str:
        """The address that failures are counted for."""
        return self.request.client.host if self.request.client else ""

    @property
    def csrf(self) -> str:
        """What a form must bring back: bound to the browser and, once there is one, the session."""
        bound = self.live.session.csrf if self.live else ""
        said = f"form:{self.nonce}:{bound}".encode()
        return hmac.new(config.load().key(), said, sha256).hexdigest()


Get = Callable[[Visit], Response]
Post = Callable[[Visit, Mapping[str, str]], Response]


def shown(path: str, handler: Get) -> Route:
    """A route that shows a page."""

    def endpoint(request: Request) -> Response:
        visit = _visit(request)
        return _answer(visit, lambda: handler(visit))

    return Route(path, endpoint, methods=["GET"])


def posted(path: str, handler: Post) -> Route:
    """A route that takes a form, and only from a page that this desk has shown."""

    def checked(request: Request, form: Mapping[str, str]) -> Response:
        visit = _visit(request)
        given = form.get("csrf", "").encode()
        if not same_origin(request.headers) or not hmac.compare_digest(given, visit.csrf.encode()):
            return _answer(visit, lambda: message(visit, 403, "Try again", STALE))
        return _answer(visit, lambda: handler(visit, form))

    async def endpoint(request: Request) -> Response:
        try:
            form = dict(parse_qsl((await request.body()).decode(), True, max_num_fields=20))
        except ValueError:  # too many fields, or no UTF-8
            form = {}
        return await to_thread.run_sync(checked, request, form)

    return Route(path, endpoint, methods=["POST"])


def page(visit: Visit, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """An own page. It is never cached and runs no script but our own file."""
    with reading() as session:
        desk = settings.get(session, "desk_name")
    html = _templates.get_template(template).render(
        {"desk": desk, "csrf": visit.csrf, "demo": config.load().loopdesk_demo, **values}
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": OWN_PAGES}
    return HTMLResponse(html, status, headers)


def message(visit: Visit, status: int, title: str, text: str, link: str = "/login") -> HTMLResponse:
    """A page that says one thing and leads on to `link`."""
    return page(visit, "message.html", status, title=title, text=text, link=link)


def secure(request: Request) -> bool:
    """Whether cookies of this request may travel over HTTPS only."""
    return request.url.scheme == "https" or config.load().base_url.startswith("https://")


def _visit(request: Request) -> Visit:
    now = datetime.now(UTC)
    token = token_in(request.headers)
    live = None
    if token is not None:
        with reading() as session:
            live = sessions.look_up(session, sessions.token_hash(token), now=now)
    nonce = request.cookies.get(FORM_COOKIE) or sessions.fresh_token()
    return Visit(request, live, nonce, now)


def _answer(visit: Visit, handler: Callable[[], Response]) -> Response:
    try:
        response = handler()
    except LockedOut as error:
        response = message(visit, 429, "Wait a little", str(error))
        response.headers["Retry-After"] = str(int(error.wait.total_seconds()) + 1)
    except Refused as error:
        response = message(visit, 422, "Not done", str(error))
    if visit.request.cookies.get(FORM_COOKIE) != visit.nonce:
        response.set_cookie(
            FORM_COOKIE, visit.nonce, httponly=True, samesite="lax", secure=secure(visit.request)
        )
    return response
