"""What every stand-in of a vendor shares: a real server on a free port, and faults in a queue.

In a test: `with Intercom().serving() as standin: ...`. As a process of its own:
`python -m tests.standins.intercom --port 0` prints its port as one line of JSON; faults are then
queued with `POST /_standin/faults`, and `GET /_standin/state` tells what it has.
"""

import argparse
import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send


@dataclass
class Fault:
    """What goes wrong at the next request that `match` (a pattern for "METHOD /path") finds.

    `holds`: and that has this text in its headers or its body.

    kind: before (cut before doing), drop (cut after doing), delay (answered `seconds` after doing),
    429, 500, html (200 with a page), json (200 with `said`), revoked. `after`: an answer of the
    fault comes after doing. `date`: a 429 names the end of its `seconds` as a date. `tell`: a file
    that a cut makes `seconds` before it hangs up, so that somebody else can die meanwhile.
    """

    kind: str
    match: str = ""
    seconds: float = 1
    date: bool = False
    after: bool = False
    said: str = "null"
    holds: str = ""
    tell: str = ""

    async def told(self) -> None:
        """Make the file, and hesitate."""
        if self.tell:
            Path(self.tell).touch()
            await asyncio.sleep(self.seconds)


@dataclass
class Call:
    """A request that was let through, as it came."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None


@dataclass
class StandIn:
    """A vendor: subclasses say its routes, what it knows, and how it says no."""

    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def routes(self) -> list[Route]:
        return []

    def state(self) -> dict[str, Any]:
        return {}

    def revoked(self) -> Response:
        return JSONResponse({"error": "unauthorized"}, 401)

    def fault(self, kind: str, match: str = "", **more: Any) -> None:
        """Queue one more."""
        self.faults.append(Fault(kind, match, **more))

    def sent(self, method: str, path: str) -> list[Call]:
        """The requests let through so far, by method and a pattern of the whole path."""
        return [
            call
            for call in self.calls
            if call.method == method and re.fullmatch(path, call.path) is not None
        ]

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Up and running in a thread, on a free port unless one is given."""
        server = self._server()
        listening = self._bound()
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.005)
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join()
            listening.close()

    def run(self) -> None:
        """Up and running until the process is told to end."""
        listening = self._bound()
        print(json.dumps({"port": self.port, "url": self.url}), flush=True)  # noqa: T201
        self._server().run([listening])

    def _bound(self) -> socket.socket:
        listening = socket.create_server(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        return listening

    def _server(self) -> uvicorn.Server:
        control = [
            Route("/_standin/faults", self._queue, methods=["POST"]),
            Route("/_standin/state", self._tell),
        ]
        app = _Faulty(self, Starlette(routes=[*control, *self.routes()]))
        config = uvicorn.Config(
            app, log_level="critical", lifespan="off", proxy_headers=False, http="h11",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        return uvicorn.Server(config)

    async def _queue(self, request: Request) -> Response:
        asked = await request.json()
        self.faults += [Fault(**one) for one in (asked if isinstance(asked, list) else [asked])]
        return JSONResponse({"queued": len(self.faults)})

    async def _tell(self, _request: Request) -> Response:
        return JSONResponse(self.state() | {"faults": len(self.faults), "calls": len(self.calls)})

    def take(self, asked: str, held: bytes = b"") -> Fault | None:
        """The first fault that this request is meant for, used up; those that tell go first."""
        for fault in sorted(self.faults, key=lambda one: not one.tell):
            if re.search(fault.match, asked) and fault.holds.encode() in held:
                self.faults.remove(fault)
                return fault
        return None

    def answer(self, fault: Fault) -> Response | None:
        """What a fault answers; None where it does not answer for the vendor."""
        if fault.kind == "429":
            now = datetime.now(UTC)
            until = format_datetime(now + timedelta(seconds=fault.seconds), usegmt=True)
            wait = until if fault.date else f"{fault.seconds:g}"
            return PlainTextResponse("slow down", 429, {"Retry-After": wait})
        known = {
            "500": PlainTextResponse("oops", 500),
            "html": HTMLResponse("<h1>Hello</h1>"),
            "json": Response(fault.said, media_type="application/json"),
        }
        return self.revoked() if fault.kind == "revoked" else known.get(fault.kind)


class _Faulty:
    """Stands between the socket and the vendor."""

    def __init__(self, standin: StandIn, app: Starlette) -> None:
        self.standin, self.app = standin, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" or scope["path"].startswith("/_standin/"):
            return await self.app(scope, receive, send)
        raw = await _read(receive)
        held = b"\n".join([*(value for _, value in scope["headers"]), raw])
        fault = self.standin.take(f"{scope['method']} {scope['path']}", held)
        said = self.standin.answer(fault) if fault else None
        if fault and fault.kind == "before":
            await fault.told()
            return _cut(send)
        if fault and said and not fault.after:
            return await said(scope, receive, send)
        messages = await self._done(scope, raw)
        if fault and said:
            return await said(scope, receive, send)
        if fault and fault.kind == "drop":
            await fault.told()
            return _cut(send)
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        for message in messages:
            await send(message)

    async def _done(self, scope: Scope, raw: bytes) -> list[Message]:
        """The vendor does it and answers, but not yet to the socket."""
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        self.standin.calls.append(Call(scope["method"], scope["path"], query, headers, raw))
        messages: list[Message] = []

        async def whole() -> Message:
            return {"type": "http.request", "body": raw, "more_body": False}

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, whole, keep)
        return messages


async def _read(receive: Receive) -> bytes:
    raw, more = b"", True
    while more:
        message = await receive()
        raw += message.get("body", b"")
        more = message.get("more_body", False)
    return raw


def _cut(send: Send) -> None:
    """Hang up without a word: uvicorn offers no way, but its `send` knows the connection."""
    send.__self__.transport.close()  # type: ignore[attr-defined]


def main(standin: StandIn) -> None:
    """As a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    standin.port = parser.parse_args().port
    standin.run()
