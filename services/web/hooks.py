"""`POST /webhooks/...`: what vendors tell. Signature first, then one row, then 200; no more here.

What is not signed is 401 whether or not the vendor is connected; what is signed and says nothing
that the desk knows is 200 without effect, or the vendor would send it again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from anyio import to_thread
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from db.engine import reading, transaction
from services import integrations, vault
from services.inbound import pressing, rows
from services.vendors import events, signed, slack_in, two_way

UNSIGNED = "This is not signed as it should be."
NO_STORE = {"Cache-Control": "no-store"}
Headers = Mapping[str, str]


@dataclass(frozen=True)
class Hook:
    """How a vendor signs, with which of its secrets, and what it tells."""

    secret: str
    genuine: Callable[[str, Headers, bytes, datetime], bool]
    event: Callable[[Headers, bytes], events.Poke | None]


HOOKS = {
    "zendesk": Hook("webhook_secret", signed.zendesk, events.zendesk),
    "intercom": Hook("client_secret", signed.intercom, events.intercom),
}


async def told(request: Request) -> Response:
    """The raw body is what was signed, so nothing reads it before."""
    vendor, raw = request.path_params["vendor"], await request.body()
    if vendor == "slack":
        return await to_thread.run_sync(_pressed, request.headers, raw)
    if vendor not in HOOKS:
        return said("Not found", 404)
    return await to_thread.run_sync(_took, vendor, request.headers, raw)


def _took(vendor: str, headers: Headers, raw: bytes) -> Response:
    hook, at = HOOKS[vendor], now()
    secret, config = opened(vendor, hook.secret)
    if not secret or not hook.genuine(secret, headers, raw, at):
        return said(UNSIGNED, 401)
    poke = hook.event(headers, raw)
    if poke is None or not two_way.wanted(config):
        return said("Nothing to do.")
    event_id, thread = poke
    with transaction() as session:
        row = {"event_id": event_id, "thread": thread, "kind": "look"}
        rows.keep(session, vendor, [row], at)
    return said("Taken.")


def _pressed(headers: Headers, raw: bytes) -> Response:
    """Slack shows whoever pressed it that it failed unless it is told within three seconds."""
    secret, _ = opened("slack", "signing_secret")
    if not secret or not signed.slack(secret, headers, raw, now()):
        return said(UNSIGNED, 401)
    after = pressing.came(slack_in.of_form(raw), now)
    return Response(b"", 200, NO_STORE, background=BackgroundTask(after) if after else None)


def now() -> datetime:
    """The door's clock."""
    return datetime.now(UTC)


def opened(vendor: str, name: str) -> tuple[str, Mapping[str, Any]]:
    """The secret of this name, and what else was entered; empty where it is not connected."""
    with reading() as session:
        row = integrations.connected(session).get(vendor)
        if row is None:
            return "", {}
        try:
            return vault.of(session, f"vendor.{vendor}").get(name, ""), row.config
        except vault.Locked:
            return "", {}


def said(text: str, status: int = 200) -> Response:
    """A word for whoever reads the vendor's log."""
    return PlainTextResponse(text, status, NO_STORE)


ROUTES = [Route("/webhooks/{vendor}", told, methods=["POST"])]
