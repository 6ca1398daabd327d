"""Exports from a page: whole files for those who may, behind the gate."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from db.engine import transaction
from db.models import Audit
from services import sessions
from services.web.exports import ROUTES
from services.web.gate import Gate
from tests import builders as make


def fetch(role: str, query: str = "", **headers: str) -> Any:
    client = TestClient(Starlette(routes=ROUTES, middleware=[Middleware(Gate, demo=False)]))
    if role:
        with transaction() as session:
            user = make.user(session, role)
            token = sessions.begin(session, user.id or 0, now=datetime.now(UTC))
        client.cookies.set("loopdesk", token)
    return client.get(f"/export/cases{query}", headers=headers)


@pytest.fixture(autouse=True)
def cases(desk: Any) -> None:
    assert desk
    with transaction() as session:
        for score in (2, 2, 5):
            make.case(session, score, comment="=1+1")


def test_a_manager_gets_every_row_of_the_filter_and_the_trail_says_so() -> None:
    got = fetch("manager", "?view=open&score=2")
    assert (got.status_code, got.headers["x-rows"]) == (200, "2 of 2 rows")
    assert got.headers["content-disposition"].endswith('-2-of-2-rows.csv"')
    assert got.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(got.text, newline="")))
    assert [(row["score_given"], row["comment"]) for row in rows] == [("2", "'=1+1")] * 2
    assert fetch("manager", "?view=open&form=json").json()["n"] == 3
    assert fetch("admin", "?view=open&form=parquet").content[:4] == b"PAR1"
    with transaction() as session:
        lines = session.exec(select(Audit).where(Audit.verb == "export.cases")).all()
    assert [line.data["rows"] for line in lines] == [2, 3, 3]
    assert all(line.actor_id for line in lines)


def test_others_get_nothing() -> None:
    assert fetch("csm").status_code == fetch("support").status_code == 403
    assert fetch("").status_code == 401
    assert fetch("manager", "?form=exe").status_code == 422
    assert fetch("manager", **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    with transaction() as session:
        assert session.exec(select(Audit).where(Audit.verb == "export.cases")).all() == []
