"""The machines' door: `/api/v1` for programs with a key, `/api/docs` for people."""

import json
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
from services.web.api_parts import Errors, Refusal, bearer, body_of, counted, stranger, wrong
from services.web.cases_api import BODIES, cases

MOST = 1000  # answers a request
PAGE = Path(__file__).parent / "templates" / "api_docs.html"
SWAGGER = Path(fastapi_offline.__file__).parent / "static"

api = FastAPI(
    title="Loopdesk",
    version="1",
    docs_url=None,
    redoc_url=None,
    description="Send answers to the desk, and work its cases. Keys are made on the page People.",
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


@api.exception_handler(Refusal)
def refused(_request: Request, refusal: Exception) -> JSONResponse:
    """The refusal as JSON."""
    assert isinstance(refusal, Refusal)
    return JSONResponse(refusal.body, refusal.status, refusal.headers)


@api.exception_handler(RequestValidationError)
def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    """What was given is not repeated: it may be somebody's. Only what is no body comes this far."""
    for problem in error.errors():
        if problem["loc"][0] == "header":
            return JSONResponse(wrong("Idempotency-Key", "it has 1 to 200 characters"), 422)
    return JSONResponse(wrong("number", "this is no number of a case"), 422)


LISTED = {"type": "array", "items": {"$ref": "#/components/schemas/AnswerIn"}, "maxItems": MOST}
BODY = {"oneOf": [{"$ref": "#/components/schemas/AnswerIn"}, LISTED]}


@api.post(
    "/v1/responses",
    response_model=Kept,
    summary="Send one answer or up to 1,000",
    responses={status: {"model": Errors} for status in (401, 413, 422, 429)},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": BODY}}},
        "security": [{"key": []}],
    },
)
def post_responses(request: Request, body: Annotated[bytes, Depends(body_of)]) -> dict[str, Any]:
    """Each answer is kept once, by `external_id`; a repeated one counts as known."""
    now, presented = datetime.now(UTC), bearer(request)
    with reading() as session:  # a stranger does not even wait for those who write
        if keys.find(session, presented, "ingest") is None:
            raise stranger("it may not send answers")
    with transaction() as session:
        key = keys.check(session, presented, "ingest", now)
        if key is None or key.id is None:
            raise stranger("it may not send answers")
        counted(key.id, now)
        items, single = _items(body)
        done = ingest(session, key, items, now)
        if single and done.rejected:
            found = [{"field": r["field"], "reason": r["reason"]} for r in done.rejected]
            raise Refusal(422, {"errors": found})
    return {"new": done.new, "known": done.known, "rejected": done.rejected}


api.include_router(cases)


@api.get("/docs", include_in_schema=False)
def docs() -> HTMLResponse:
    """Swagger UI over this process's own description."""
    return HTMLResponse(PAGE.read_text())


def openapi() -> dict[str, Any]:
    """The description, with the bodies' schemas, which FastAPI cannot see by itself."""
    if api.openapi_schema is None:
        from fastapi.openapi.utils import get_openapi

        made = get_openapi(
            title=api.title, version=api.version, description=api.description, routes=api.routes,
            servers=[{"url": "/api"}],
        )  # fmt: skip
        parts = made.setdefault("components", {})
        for model in (AnswerIn, *BODIES):
            schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
            known = schema.pop("$defs", {}) | {model.__name__: schema}
            parts.setdefault("schemas", {}).update(known)
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        api.openapi_schema = made
    return api.openapi_schema


api.openapi = openapi  # type: ignore[method-assign]


def _items(body: bytes) -> tuple[list[Any], bool]:
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(422, wrong("", "the body is not JSON")) from None
    if isinstance(given, dict):
        return [given], True
    if not isinstance(given, list) or len(given) > MOST:
        reason = f"send one object or a list of at most {MOST}"
        raise Refusal(422, wrong("", reason))
    return given, False
