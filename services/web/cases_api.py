"""Cases for programs: read them, follow what changes, and work them with the verbs of the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Header, Path, Request
from sqlmodel import Session

from db.engine import reading, transaction
from services.access import Actor, Refused, Stale
from services.cases import verbs
from services.cases.changing import Wanted, Wrong, change
from services.cases.journal import Done, seen
from services.insights import case_export
from services.insights.case_export import CasesOut
from services.insights.case_out import CaseOut, WholeCase
from services.web.api_parts import Errors, Refusal, body_of, parsed, program, wrong
from services.web.cases_bodies import Added, CasePatch, Conflict, ContactIn, NoteIn
from services.web.cases_query import PARAMETERS, asked

BIGGEST = 2**53  # what every program's numbers hold exactly
BODIES = (CasePatch, NoteIn, ContactIn)
Reader = Annotated[Actor, Depends(program("cases:read"))]
Worker = Annotated[Actor, Depends(program("cases:write"))]
Number = Annotated[int, Path(ge=1, le=BIGGEST, description="The case's number.")]
Body = Annotated[bytes, Depends(body_of)]
Once = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=1, max_length=200,
        description="Any text of your own, another one for each note or contact: the same one sent "
        "again adds nothing, and gets the first answer again.",
    ),
]  # fmt: skip

cases = APIRouter(prefix="/v1/cases", tags=["cases"])


def _may_be(*statuses: int) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {status: {"model": Errors} for status in statuses}
    return found | ({409: {"model": Conflict}} if 409 in statuses else {})


def _needs(model: type) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}, "security": [{"key": []}]}


@cases.get(
    "",
    summary="List cases, or follow what changes",
    responses=_may_be(401, 403, 422, 429),
    openapi_extra={"parameters": PARAMETERS, "security": [{"key": []}]},
)
def get_cases(request: Request, actor: Reader) -> CasesOut:
    """The highest number first. With `updated_after`: in the order of change, nothing missed."""
    wanted, now = asked(request.query_params), datetime.now(UTC)
    with reading() as session:
        return case_export.export(
            session, actor, wanted.filter, now=now, limit=wanted.limit,
            updated_after=wanted.updated_after, cursor=wanted.cursor,
        )  # fmt: skip


@cases.get(
    "/{number}",
    summary="Read one case with its journal and its answers",
    responses=_may_be(401, 403, 404, 422, 429),
    openapi_extra={"security": [{"key": []}]},
)
def get_case(number: Number, actor: Reader) -> WholeCase:
    """The journal begins with the opening; sentences are the desk's, bodies what people typed."""
    with reading() as session:
        _there(session, actor, number)
        return case_export.whole(session, actor, number, now=datetime.now(UTC))


@cases.patch(
    "/{number}",
    summary="Change a case",
    responses=_may_be(401, 403, 404, 409, 413, 422, 429),
    openapi_extra=_needs(CasePatch),
)
def patch_case(number: Number, actor: Worker, body: Body) -> CaseOut:
    """All of it is done, or nothing. `version` is the one you read: 409 if it is no longer that."""
    given = parsed(CasePatch, body)
    wanted = cast(Wanted, given.model_dump(exclude_unset=True, exclude={"version"}))
    with _told(), transaction() as session:
        _there(session, actor, number)
        change(session, actor, number, wanted, version=given.version, now=datetime.now(UTC))
        return case_export.one(session, actor, number)


@cases.post(
    "/{number}/notes",
    status_code=201,
    summary="Leave a note for colleagues",
    responses=_may_be(401, 403, 404, 413, 422, 429),
    openapi_extra=_needs(NoteIn),
)
def post_note(number: Number, actor: Worker, body: Body, once: Once = None) -> Added:
    """It only adds, so it needs no version."""
    given = parsed(NoteIn, body)
    with _told(), transaction() as session:
        _there(session, actor, number)
        now = datetime.now(UTC)
        return _added(verbs.note(session, actor, number, body=given.body, now=now, once=once))


@cases.post(
    "/{number}/contacts",
    status_code=201,
    summary="Log a call, a meeting, a visit or a chat",
    responses=_may_be(401, 403, 404, 413, 422, 429),
    openapi_extra=_needs(ContactIn),
)
def post_contact(number: Number, actor: Worker, body: Body, once: Once = None) -> Added:
    """The first one is the case's first contact. It only adds, so it needs no version."""
    given, now = parsed(ContactIn, body), datetime.now(UTC)
    # Way and body were looked at above, so what is left to refuse is the time.
    with _told("at"), transaction() as session:
        _there(session, actor, number)
        return _added(
            verbs.log_contact(
                session,
                actor,
                number,
                way=given.way,
                body=given.body,
                at=given.at or now,
                now=now,
                once=once,
            )  # fmt: skip
        )


def _there(session: Session, actor: Actor, number: int) -> None:
    try:
        seen(session, actor, number)
    except Refused as refused:
        raise Refusal(404, wrong("number", str(refused))) from None


@contextmanager
def _told(field: str = "") -> Iterator[None]:
    """A refusal as the API says it. Around the transaction, so that it is rolled back by then."""
    try:
        yield
    except Stale as stale:
        body = wrong("version", str(stale)) | {"version": stale.version}
        raise Refusal(409, body) from None
    except Wrong as refused:
        raise Refusal(422, wrong(refused.field, str(refused))) from None
    except Refused as refused:
        raise Refusal(422, wrong(field, str(refused))) from None


def _added(done: Done) -> Added:
    return Added(event_id=done.event_id, version=done.version)
