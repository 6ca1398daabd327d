"""`POST /api/v1/responses`, through the real application object, on both engines."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select

from db.engine import reading, transaction
from db.models import Contact, Response, Survey
from services import keys
from services.access import SHELL
from services.web import api as door
from services.web import api_parts

NOW = datetime.now(UTC)


@pytest.fixture
def client(desk: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    assert desk is not None
    monkeypatch.setattr(api_parts, "limit", api_parts.RateLimit())
    with transaction() as session:
        _, secret = keys.add_key(session, SHELL, name="crm", scopes=["ingest"], now=NOW)
    return TestClient(door.api, headers={"Authorization": f"Bearer {secret}"})


def post(client: TestClient, body: Any) -> Any:
    return client.post("/v1/responses", content=json.dumps(body))


def answer(**values: Any) -> dict[str, Any]:
    return {"score": 3, "external_id": "r1", "email": "dana@example.com"} | values


def test_an_answer_is_kept_once(client: TestClient) -> None:
    given = answer(comment="slow", account="Acme", properties={"plan": "pro", "seats": 4})
    first, again = post(client, given), post(client, given)
    assert (first.status_code, first.json()) == (200, {"new": 1, "known": 0, "rejected": []})
    assert again.json() == {"new": 0, "known": 1, "rejected": []}
    with reading() as session:
        row = session.exec(select(Response)).one()
        assert session.exec(select(Contact.email)).one() == "dana@example.com"
    assert (row.comment, row.band, row.props) == ("slow", -1, {"plan": "pro", "seats": "4"})


def test_a_list_keeps_the_good_and_names_the_bad(client: TestClient) -> None:
    items = [
        answer(),
        answer(external_id="r2", score=11),
        answer(external_id="r3", email="nonsense"),
        {"score": 3},
        answer(external_id="r4", colour="red"),
        "text",
        answer(external_id="r5", answered_at="2199-01-01T00:00:00Z"),
        answer(),
        answer(external_id="\u0000"),
        answer(external_id="r6", metric="csat", score=5),
    ]
    said = post(client, items)
    assert said.status_code == 200
    assert (said.json()["new"], said.json()["known"]) == (2, 1)
    wrong = [(r["index"], r["field"]) for r in said.json()["rejected"]]
    assert wrong == [
        (1, "score"), (2, "email"), (3, "external_id"), (4, "colour"), (5, ""),
        (6, "answered_at"), (8, "external_id"),
    ]  # fmt: skip
    assert all(r["reason"] for r in said.json()["rejected"])
    with reading() as session:
        names = sorted(session.exec(select(Survey.name)))
    assert names == ["API CSAT", "API NPS"]


def test_an_answer_without_an_id_is_told_by_its_time(client: TestClient) -> None:
    given = {"score": 9, "answered_at": "2026-01-02T03:04:05+02:00"}
    assert post(client, [given, given]).json()["new"] == 2
    assert post(client, [given, given]).json() == {"new": 0, "known": 2, "rejected": []}
    with reading() as session:
        times = {row.answered_at for row in session.exec(select(Response))}
    assert times == {datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)}


def test_an_anonymous_answer_stays_nobodys(client: TestClient) -> None:
    assert post(client, answer(anonymous=True, name="Dana")).json()["new"] == 1
    with reading() as session:
        assert session.exec(select(Contact)).all() == []
        row = session.exec(select(Response)).one()
    assert (row.anonymous, row.contact_id, row.props) == (True, None, {})


@pytest.mark.parametrize("body", ["", "{", "3", '"x"', "[" * 5000, '{"score": "bad"}'])
def test_what_is_not_an_answer_is_422_and_says_why(client: TestClient, body: str) -> None:
    said = client.post("/v1/responses", content=body)
    assert said.status_code == 422
    assert said.json()["errors"][0]["reason"]


def test_more_than_a_thousand_answers_are_refused_whole(client: TestClient) -> None:
    assert post(client, [answer(external_id=str(i)) for i in range(1001)]).status_code == 422
    assert post(client, [answer(external_id=str(i)) for i in range(1000)]).json()["new"] == 1000


@pytest.mark.parametrize("header", ["", "Bearer ld_x_y", "Basic abc"])
def test_without_a_key_nobody_gets_in(client: TestClient, header: str) -> None:
    said = client.post("/v1/responses", json=answer(), headers={"Authorization": header})
    assert said.status_code == 401
    assert said.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_needs_the_scope_and_its_life(client: TestClient) -> None:
    with transaction() as session:
        other, only_reads = keys.add_key(session, SHELL, name="bi", scopes=["ingest"], now=NOW)
        other.scopes = ["read"]  # as keys of older desks may
        gone, revoked = keys.add_key(session, SHELL, name="old", scopes=["ingest"], now=NOW)
        keys.revoke(session, SHELL, gone.id or 0, now=NOW)
    for secret in (only_reads, revoked):
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.post("/v1/responses", json=answer(), headers=headers).status_code == 401


def test_a_key_has_600_requests_a_minute() -> None:
    limit = api_parts.RateLimit()
    assert all(limit.wait(1, 100.0 + i / 100) == 0 for i in range(600))
    assert limit.wait(1, 110.0) == 51
    assert limit.wait(2, 110.0) == 0
    assert limit.wait(1, 160.001) == 0


def test_too_many_requests_say_when_to_come_back(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_parts, "limit", api_parts.RateLimit(most=1))
    assert post(client, answer()).status_code == 200
    said = post(client, answer())
    assert said.status_code == 429
    assert 1 <= int(said.headers["Retry-After"]) <= 61


def test_the_description_names_the_fields_and_loads_nothing_from_outside(
    client: TestClient,
) -> None:
    described = client.get("/openapi.json").json()
    assert "external_id" in described["components"]["schemas"]["AnswerIn"]["properties"]
    page = client.get("/docs").text
    assert "://" not in page
    assert client.get("/docs/assets/swagger-ui-bundle.js").status_code == 200


def test_a_rejected_answer_leaves_no_survey_behind(client: TestClient) -> None:
    said = post(client, [answer(survey="Ghost", email="nonsense"), answer(survey="Real")])
    assert said.json()["new"] == 1
    with reading() as session:
        assert session.exec(select(Survey.name)).all() == ["Real"]


@pytest.mark.parametrize("score", [True, "7", 7.5, 10**400])
def test_a_score_is_a_whole_number(client: TestClient, score: object) -> None:
    said = post(client, [answer(score=score)])
    assert said.json()["rejected"][0]["field"] == "score"
    assert len(said.text) < 300


def test_many_requests_with_many_surveys_at_once_never_wait_in_a_circle(
    client: TestClient,
) -> None:
    statuses: list[int] = []

    def send(turn: int) -> None:
        for number in range(12):
            names = ["A", "B"] if turn % 2 else ["B", "A"]
            items = [
                answer(
                    external_id=f"{turn}-{number}-{name}-{i}", survey=f"{name}{number % 3}",
                    account=f"Firm {(i * (1 if name == 'A' else -1)) % 7}",
                    email=f"p{(i * (1 if name == 'A' else -1)) % 7}-{number}@example.com",
                    properties={f"k{i % 3}": f"v{i}-{number}"},
                )
                for name in names
                for i in range(6)
            ]  # fmt: skip
            statuses.append(post(client, items).status_code)

    senders = [threading.Thread(target=send, args=(turn,)) for turn in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    assert statuses == [200] * 48
    with reading() as session:
        assert len(session.exec(select(Response.id)).all()) == 4 * 12 * 12
        assert len(session.exec(select(Survey.id)).all()) == 6
