"""Exports from a page: a file with every row of the filter, named by how many there are.

It is written whole before it is sent, so what arrives is complete, or nothing does.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO
from urllib.parse import parse_qs

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from db import engine
from services import exporting, sessions
from services.access import Actor, Forbidden, actor_for
from services.exporting import Form, Written
from services.insights.case_filter import CaseFilter
from services.web.gate import IDENTITY

KINDS = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.JSON: "application/json",
    Form.PARQUET: "application/vnd.apache.parquet",
}


def cases(request: Request) -> Response:
    """`/export/cases?form=csv&view=open...`: the cases that the queue shows at that address."""
    now = datetime.now(UTC)
    if request.headers.get("sec-fetch-site") == "cross-site":
        return _plain("An export is asked for on a page of this desk.", 403)
    query = parse_qs(request.url.query)
    try:
        form = Form(query.get("form", ["csv"])[-1])
    except ValueError:
        return _plain(f"An export is one of {', '.join(Form)}.", 422)
    who = _actor(request, now)
    if who is None:
        return _plain("Sign in first.", 401)
    file = tempfile.NamedTemporaryFile(prefix="loopdesk-export-", delete=False)  # noqa: SIM115
    try:
        with file:
            written = _write(who, query, form, now, file)
    except BaseException as error:
        os.unlink(file.name)
        if isinstance(error, Forbidden):
            return _plain("You may not export: ask a manager.", 403)
        raise
    name = f"cases {now:%Y-%m-%d} {written}.{form}".replace(" ", "-")
    return FileResponse(
        file.name,
        media_type=KINDS[form],
        filename=name,
        background=BackgroundTask(os.unlink, file.name),
        headers={"Cache-Control": "no-store", "X-Rows": str(written)},
    )


def _write(
    who: Actor, query: Mapping[str, Sequence[str]], form: Form, now: datetime, out: IO[bytes]
) -> Written:
    with engine.reading() as session:
        filter, _ = CaseFilter.from_query(query)
        plan = exporting.plan_cases(session, who, filter, form, now=now)
    with engine.transaction() as session:
        noted = exporting.note(session, who, plan, now=now)
    with engine.reading() as session:
        return exporting.write(session, who, noted, out)


def _actor(request: Request, now: datetime) -> Actor | None:
    """Who is signed in: the gate has put their session there."""
    with engine.reading() as session:
        hashed = request.headers.get(IDENTITY.decode(), "")
        live = sessions.look_up(session, hashed, now=now)
        return actor_for(session, live.user) if live else None


def _plain(text: str, status: int) -> Response:
    return PlainTextResponse(text, status, {"Cache-Control": "no-store"})


ROUTES = [Route("/export/cases", cases)]
