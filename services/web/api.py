"""The machines' door: `/api/v1` for programs with a key, `/api/docs` for people."""

import json
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import fastapi_offline
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from db.engine import reading, transaction
from services import keys
from services.answer_in import AnswerIn
from services.ingest import ingest

MOST = 1000  # answers a request
PER_MINUTE = 600  # requests a key
PAGE = Path(__file__).parent / "templates" / "api_docs.html"
SWAGGER = Path(fastapi_offline.__file__).parent / "static"

api = FastAPI(
    title="Loopdesk",
    version="1",
    docs_url=None,
    redoc_url=None,
    description="Send answers to the desk. Keys are made on the page People.",
)
# Swagger UI itself is served from the process: nothing is fetched from elsewhere.
api.mount("/docs/assets", StaticFiles(directory=SWAGGER))


class Reject(BaseModel):
    """An answer that was not taken; the others were."""

    index: int
    field: str
    reason: str


class Kept(BaseModel):
    """What became of the answers. After this the new ones are on disk."""

    new: int
    known: int
    rejected: list[Reject]


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


@api.exception_handler(Refusal)
def refused(_request: Request, refusal: Exception) -> JSONResponse:
    """The refusal as JSON."""
    assert isinstance(refusal, Refusal)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


@api.exception_handler(RequestValidationError)
def invalid(_request: Request, _error: Exception) -> JSONResponse:
    """What was given is not repeated: it may be somebody's."""
    return JSONResponse({"errors": [{"field": "", "reason": "the request is not valid"}]}, 422)


async def body_of(request: Request) -> bytes:
    """The whole body; the layers around the API limit its size."""
    return await request.body()


LISTED = {"type": "array", "items": {"$ref": "#/components/schemas/AnswerIn"}, "maxItems": MOST}
BODY = {"oneOf": [{"$ref": "#/components/schemas/AnswerIn"}, LISTED]}


@api.post(
    "/v1/responses",
    response_model=Kept,
    summary="Send one answer or up to 1,000",
    responses={401: {}, 413: {}, 422: {}, 429: {}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
        "security": [{"key": []}],
    },
)
def post_responses(request: Request, body: Annotated[bytes, Depends(body_of)]) -> dict[str, Any]:
    """Each answer is kept once, by `external_id`; a repeated one counts as known."""
    now, presented = datetime.now(UTC), _bearer(request)
    with reading() as session:  # a stranger does not even wait for those who write
        if keys.find(session, presented, "ingest") is None:
            raise _stranger()
    with transaction() as session:
        key = keys.check(session, presented, "ingest", now)
        if key is None or key.id is None:
            raise _stranger()
        seconds = limit.wait(key.id, now.timestamp())
        if seconds:
            raise Refusal(429, _error("", f"more than {PER_MINUTE} requests in a minute"),
                          {"Retry-After": str(seconds)})  # fmt: skip
        items, single = _items(body)
        done = ingest(session, key, items, now)
        if single and done.rejected:
            wrong = [{"field": r["field"], "reason": r["reason"]} for r in done.rejected]
            raise Refusal(422, {"errors": wrong})
    return {"new": done.new, "known": done.known, "rejected": done.rejected}


@api.get("/docs", include_in_schema=False)
def docs() -> HTMLResponse:
    """Swagger UI over this process's own description."""
    return HTMLResponse(PAGE.read_text())


def openapi() -> dict[str, Any]:
    """The description, with the body's schema, which FastAPI cannot see by itself."""
    if api.openapi_schema is None:
        from fastapi.openapi.utils import get_openapi

        made = get_openapi(
            title=api.title, version=api.version, description=api.description, routes=api.routes,
            servers=[{"url": "/api"}],
        )  # fmt: skip
        schema = AnswerIn.model_json_schema(ref_template="#/components/schemas/{model}")
        parts = made.setdefault("components", {})
        parts.setdefault("schemas", {}).update(schema.pop("$defs", {}) | {"AnswerIn": schema})
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        api.openapi_schema = made
    return api.openapi_schema


api.openapi = openapi  # type: ignore[method-assign]


def _stranger() -> Refusal:
    reason = _error("", "no such key, or it may not send answers")
    return Refusal(401, reason, {"WWW-Authenticate": "Bearer"})


def _bearer(request: Request) -> str:
    kind, _, presented = request.headers.get("authorization", "").partition(" ")
    return presented.strip() if kind.casefold() == "bearer" else ""


def _items(body: bytes) -> tuple[list[Any], bool]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(422, _error("", "the body is not JSON")) from None
    if isinstance(given, dict):
        return [given], True
    if not isinstance(given, list) or len(given) > MOST:
        reason = f"send one object or a list of at most {MOST}"
        raise Refusal(422, _error("", reason))
    return given, False


def _error(field: str, reason: str) -> dict[str, Any]:
    return {"errors": [{"field": field, "reason": reason}]}
