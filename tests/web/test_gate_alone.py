"""The gate without a server: which identity reaches what lies behind it, on both engines."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from db.engine import transaction
from db.models import User
from services import sessions
from services.web.gate import Gate
from tests import builders as make

pytestmark = pytest.mark.usefixtures("desk")


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    """Says what it was told of the visitor's identity."""
    said = [v for k, v in Request(scope).headers.items() if k.startswith("x-loopdesk-")]
    await JSONResponse(said)(scope, receive, send)


def ask(gate: Gate, path: str, token: str | None, **headers: str) -> httpx.Response:
    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            cookie = {"Cookie": f"other=1; loopdesk={token}; more=2"} if token else {}
            return await client.get(path, headers=headers | cookie)

    return asyncio.run(get())


def signed_in() -> tuple[User, str]:
    with transaction() as session:
        user = make.user(session)
        return user, sessions.begin(session, user.id or 0, now=datetime.now(UTC))


def end(user: User) -> None:
    with transaction() as session:
        sessions.end_all(session, user.id or 0)


def test_the_identity_is_the_gates_own() -> None:
    _, token = signed_in()
    mine = [sessions.token_hash(token)]
    for forged in ("X-Loopdesk-Session", "x-loopdesk-session", "X-Loopdesk-Role"):
        assert ask(Gate(behind, demo=False), "/", token, **{forged: "forged"}).json() == mine


@pytest.mark.parametrize("path", ["/login", "/api/v1/responses", "/healthz"])
def test_open_paths_are_told_nothing(path: str) -> None:
    _, token = signed_in()
    gate = Gate(behind, demo=False)
    assert ask(gate, path, token, **{"X-Loopdesk-Session": "forged"}).json() == []


def test_an_ended_session_is_refused_at_once() -> None:
    user, token = signed_in()
    gate = Gate(behind, demo=False)
    assert ask(gate, "/media/x", token).status_code == 200
    end(user)
    assert ask(gate, "/media/x", token).status_code == 401


def test_only_streamlits_own_files_are_served_on_a_memory_of_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user, token = signed_in()
    gate = Gate(behind, demo=False)
    at = 100.0
    monkeypatch.setattr("services.web.gate.monotonic", lambda: at)
    assert ask(gate, "/", token).status_code == 200
    end(user)
    assert ask(gate, "/static/js/x.js", token).status_code == 200
    assert ask(gate, "/", token).status_code == 401
    at = 105.1
    assert ask(gate, "/static/js/x.js", token).status_code == 401


@pytest.mark.parametrize("token", [None, "", "x", "é", "a" * 5000, '"; loopdesk='])
def test_a_made_up_cookie_opens_nothing(token: str | None) -> None:
    headers = {} if token is None else {"Cookie": f"loopdesk={token}".encode("latin-1")}

    async def get() -> int:
        transport = httpx.ASGITransport(Gate(behind, demo=False))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return (await client.get("/", headers=headers)).status_code

    assert asyncio.run(get()) == 401
