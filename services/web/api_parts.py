"""What every endpoint of the API does alike: keys, the limit of requests, bodies and refusals."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from db.engine import reading, transaction
from services import keys
from services.access import Actor
from services.answer_in import reasons

PER_MINUTE = 600  # requests a key
Body = TypeVar("Body", bound=BaseModel)


class FieldError(BaseModel):
    """What is wrong; `field` is empty where it is the request as a whole."""

    field: str
    reason: str


class Errors(BaseModel):
    """Why nothing was done."""

    errors: list[FieldError]


class Refusal(Exception):
    """An answer of the API other than 200."""

    def __init__(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


class RateLimit:
    """At most `most` requests in any 60 seconds, by key; counted in this process."""

    def __init__(self, most: int = PER_MINUTE) -> None:
        self.most = most
        self._times: dict[int, deque[float]] = {}

    def wait(self, key_id: int, at: float) -> int:
        """0 and the request is counted, or the seconds until the next one is let through."""
        times = self._times.setdefault(key_id, deque())
        while times and times[0] <= at - 60:
            times.popleft()
        if len(times) >= self.most:
            return int(times[0] + 60 - at) + 1
        times.append(at)
        return 0


limit = RateLimit()


def wrong(field: str, reason: str) -> dict[str, Any]:
    """The body of a refusal with one reason."""
    return {"errors": [{"field": field, "reason": reason}]}


def stranger(lacks: str) -> Refusal:
    """To whoever has no key that is good for this."""
    reason = wrong("", f"no such key, or {lacks}")
    return Refusal(401, reason, {"WWW-Authenticate": "Bearer"})


def bearer(request: Request) -> str:
    """The key that a request presents."""
    kind, _, presented = request.headers.get("authorization", "").partition(" ")
    return presented.strip() if kind.casefold() == "bearer" else ""


def counted(key_id: int, now: datetime) -> None:
    """Count a request of this key; refused when it has had its share."""
    seconds = limit.wait(key_id, now.timestamp())
    if seconds:
        reason = wrong("", f"more than {limit.most} requests in a minute")
        raise Refusal(429, reason, {"Retry-After": str(seconds)})


def program(scope: str) -> Callable[[Request], Actor]:
    """A dependency: the program whose key the request presents, if the key is for `scope`."""

    def known(request: Request) -> Actor:
        now, presented = datetime.now(UTC), bearer(request)
        with reading() as session:
            key = keys.live(session, presented)
        if key is None or key.id is None:
            raise stranger("it was revoked")
        counted(key.id, now)
        if not keys.may(key, scope):
            reason = f"this key may not: {keys.WORDS[scope].lower()} ({scope})"
            raise Refusal(403, wrong("", reason))
        if keys.unnoted(key, now):  # so most requests that only read wait for no writer
            with transaction() as session:
                keys.check(session, presented, scope, now)
        return keys.actor_of(key)

    return known


async def body_of(request: Request) -> bytes:
    """The whole body; the layers around the API limit its size."""
    return await request.body()


def parsed(model: type[Body], body: bytes) -> Body:
    """The body as `model`; refused with the fields that are wrong."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Refusal(422, {"errors": reasons(error)}) from None
