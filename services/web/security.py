"""What every answer carries (headers), and what every request must be (small, from here)."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services import config

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
OWN_PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
KIB = 1024
# The first prefix that fits; None leaves the counting to Streamlit, which streams uploads.
LIMITS: tuple[tuple[str, int | None], ...] = (
    ("/api/v1/", 1024 * KIB),
    ("/webhooks/", 1024 * KIB),
    ("/_stcore/upload_file/", None),
    ("/", 64 * KIB),
)
_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


@cache
def inline_scripts() -> tuple[str, ...]:
    """CSP sources for the inline scripts of Streamlit's own page, hashed from the file."""
    spec = find_spec("streamlit")
    assert spec is not None and spec.origin is not None
    page = (Path(spec.origin).parent / "static" / "index.html").read_text()
    bodies: list[str] = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return tuple(f"'sha256-{b64encode(sha256(b.encode()).digest()).decode()}'" for b in bodies)


def csp(host: str) -> str:
    """The policy of Streamlit's pages, for a browser that asked for `host`."""
    # Older browsers do not count a websocket of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return "; ".join(
        (
            "default-src 'self'",
            # No blob: either, so components bring their script as a file (see pages/_mount.py).
            f"script-src 'self' {' '.join(inline_scripts())}",
            "style-src 'self' 'unsafe-inline'",  # Streamlit writes its styles from script
            "img-src 'self' data: blob:",
            "media-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self'{sockets}",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def same_origin(headers: Headers) -> bool:
    """Whether a browser sent this from a page of this desk. Without an Origin: no."""
    scheme, _, netloc = headers.get("origin", "").partition("://")
    ours = {headers.get("host", ""), urlsplit(config.load().base_url).netloc} - {""}
    return scheme in ("http", "https") and netloc in ours


class SecurityHeaders:
    """Outermost layer: every answer leaves with the headers above, refusals included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy, begun = csp(Headers(scope=scope).get("host", "")), False

        async def dressed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers.update(FIXED)
                headers.setdefault("Content-Security-Policy", policy)
                headers.setdefault("Cache-Control", "private")
                if scope["scheme"] == "https":
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        try:
            await self.app(scope, receive, dressed)
        except Exception:
            # Answered here, since what answers it further out does so without these headers.
            if not begun:
                await PlainTextResponse("Something went wrong.", 500)(scope, receive, dressed)
            raise


class BodyLimit:
    """Counts the bytes of a body as they arrive; what a client says of its length is no proof."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = _limit(scope)
        if limit is None:
            await self.app(scope, receive, send)
            return
        body = await _read(receive, limit)
        if body is None:
            reason = f"larger than {limit // KIB} KiB"
            answer = JSONResponse({"errors": [{"field": "body", "reason": reason}]}, 413)
            await answer(scope, receive, send)
            return
        first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return first.pop() if first else await receive()

        await self.app(scope, replayed, send)


def _limit(scope: Scope) -> int | None:
    if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
        return None
    return next(limit for prefix, limit in LIMITS if f"{scope['path']}/".startswith(prefix))


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None as soon as it is longer than `limit` (or the client went away)."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit or message["type"] == "http.disconnect":
            return None
        if not message.get("more_body", False):
            return bytes(body)
