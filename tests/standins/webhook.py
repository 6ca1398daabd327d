"""A receiver of events that keeps each one once, by its `webhook-id`, and checks signatures."""

from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.standins.serving import StandIn, main

SECRET = "whsec_" + b64encode(b"a secret of thirty-two bytes ...").decode()


def signature(secret: str, key: str, at: str, body: bytes) -> str:
    """As the text of Standard Webhooks says it, word by word."""
    signed = key.encode() + b"." + at.encode() + b"." + body
    known = b64decode(secret.removeprefix("whsec_"))
    return "v1," + b64encode(digest(known, signed, sha256)).decode()


@dataclass
class Webhook(StandIn):
    """`status` is what it answers to a good event."""

    secret: str = SECRET
    status: int = 200
    events: dict[str, Any] = field(default_factory=dict)
    arrivals: Counter[str] = field(default_factory=Counter)

    def routes(self) -> list[Route]:
        return [
            Route("/hook", self.take_in, methods=["POST"]),
            Route("/moved", self.moved, methods=["POST"]),
        ]

    def state(self) -> dict[str, Any]:
        return {"events": self.events, "arrivals": self.arrivals}

    async def take_in(self, request: Request) -> Response:
        raw, headers = await request.body(), request.headers
        key, at = headers["webhook-id"], headers["webhook-timestamp"]
        right = signature(self.secret, key, at, raw)
        if not compare_digest(right, headers["webhook-signature"]):
            return JSONResponse({"error": "signature"}, 401)
        if self.status == 200:
            self.arrivals[key] += 1
            self.events.setdefault(key, await request.json())
        return JSONResponse({}, self.status)

    async def moved(self, _request: Request) -> Response:
        return RedirectResponse("/hook", 307)


if __name__ == "__main__":
    main(Webhook())
