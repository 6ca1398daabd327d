"""The endpoints of cases, through the real application object, on both engines."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from db.engine import reading, transaction
from db.models import ApiKey, CaseEvent, Message, User
from services import keys
from services.access import SHELL
from services.cases.words import WAYS
from services.web import api_parts
from services.web.cases_bodies import ContactIn
from tests import builders as make
from tests.web.programs import (
    NOW,
    Client,
    cause_name,
    client_for,
    fields,
    listed,
    opened,
    patch,
    read,
)

HOSTILE = '<img src=x onerror=alert(1)> **b** "q" \\ \u202e \U0001f4a5 </script> {{7*7}} \n=1+1'


@pytest.fixture
def client(desk: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Client:
    assert desk is not None
    monkeypatch.setattr(api_parts, "limit", api_parts.RateLimit(most=10_000))
    return client_for("cases:write")


def ann(**values: Any) -> User:
    with transaction() as session:
        return make.user(session, name="Ann Bell", email="Ann@example.com", **values)


def test_a_case_is_told_with_all_that_a_program_needs(client: Client) -> None:
    with transaction() as session:
        unit = make.unit(session)
        acme = make.account(session, external_id="A-1", unit_id=unit.id)
        who = make.contact(session, "dana@example.com", name="Dana", external_id="C-1")
        case = make.case(
            session, 2, now=NOW, contact_id=who.id, account_id=acme.id, unit_id=unit.id,
            comment="Too slow",
        )  # fmt: skip
    (told,) = listed(client)["cases"]
    assert told["contact"] == {
        "id": who.id, "external_id": "C-1", "name": "Dana", "email": "dana@example.com",
    }  # fmt: skip
    assert told["account"] == {"id": acme.id, "external_id": "A-1", "name": "Acme"}
    assert (told["unit"], told["unit_id"], told["team"], told["assignee"]) == (
        "EMEA", unit.id, None, None,
    )  # fmt: skip
    assert (told["number"], told["version"], told["status"]) == (case.number, 1, "new")
    assert (told["score"], told["scale"], told["metric"]) == (2, "0-10", "nps")
    assert (told["band"], told["comment"], told["reason_key"]) == (
        "detractor", "Too slow", "detractor",
    )  # fmt: skip
    assert datetime.fromisoformat(told["opened_at"]) == NOW
    assert told["due_at"] == told["first_due"] < told["close_due"]
    assert told["change_seq"] == case.change_seq
    assert [reason["code"] for reason in told["priority_reasons"]] == ["lowest"]


def test_the_journal_says_which_key_it_was_in_the_sentences_of_the_page(client: Client) -> None:
    (number,) = opened(comment="Too slow")
    ann()
    assert patch(client, number, assignee="ann@example.com").status_code == 200
    noted = client.post(f"/v1/cases/{number}/notes", json={"body": "Called"}).json()
    told = read(client, number)
    assert [event["said"] for event in told["journal"]] == [
        "The desk opened it because the answer is low",
        "The program crm assigned it to Ann Bell",
        "The program crm left a note",
    ]
    last = told["journal"][-1]
    assert (last["event_id"], last["kind"], last["actor"]) == (
        noted["event_id"], "noted", "The program crm",
    )  # fmt: skip
    assert (last["body"], last["undone"]) == ("Called", False)
    (answer,) = told["answers"]
    assert (answer["comment"], answer["score"], answer["band"]) == ("Too slow", 3, "detractor")
    with reading() as session:
        key = session.exec(select(ApiKey)).one()
        events = session.exec(select(CaseEvent).where(col(CaseEvent.kind) != "opened")).all()
    assert {(e.actor_id, e.data["key_id"]) for e in events} == {(None, key.id)}


@pytest.mark.parametrize("header", ["", "Bearer ld_x_y", "Basic abc"])
def test_without_a_key_nobody_gets_in(client: Client, header: str) -> None:
    (number,) = opened()
    for method, path in (
        ("GET", ""), ("GET", f"/{number}"), ("GET", "/x"), ("PATCH", f"/{number}"),
        ("POST", f"/{number}/notes"), ("POST", f"/{number}/contacts"),
    ):  # fmt: skip
        said = client.request(method, f"/v1/cases{path}", headers={"Authorization": header})
        assert said.status_code == 401
        assert said.headers["WWW-Authenticate"] == "Bearer"


def test_a_good_key_without_the_scope_is_forbidden(client: Client) -> None:
    (number,) = opened()
    reads, sends = client_for("cases:read"), client_for("ingest")
    assert reads.get(f"/v1/cases/{number}").status_code == 200
    assert patch(reads, number, status="waiting").status_code == 403
    assert reads.post(f"/v1/cases/{number}/notes", json={"body": "x"}).status_code == 403
    said = sends.get("/v1/cases")
    assert said.status_code == 403
    assert "cases:read" in said.json()["errors"][0]["reason"]
    assert client.post("/v1/responses", json={"score": 3}).status_code == 401


def test_a_revoked_key_is_nobodys(client: Client) -> None:
    assert client.get("/v1/cases").status_code == 200
    with transaction() as session:
        key = session.exec(select(ApiKey)).one()
        assert key.last_used_at is not None
        keys.revoke(session, SHELL, key.id or 0, now=NOW)
    assert client.get("/v1/cases").status_code == 401


def test_the_limit_is_one_for_all_that_a_key_does(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_parts, "limit", api_parts.RateLimit(most=2))
    both = client_for("ingest", "cases:read")
    assert both.post("/v1/responses", json={"score": 9, "external_id": "a"}).status_code == 200
    assert both.get("/v1/cases").status_code == 200
    said = both.get("/v1/cases")
    assert said.status_code == 429
    assert 1 <= int(said.headers["Retry-After"]) <= 61
    assert client.get("/v1/cases").status_code == 200


@pytest.mark.parametrize("number", [99, 2**53])
def test_an_unknown_case_is_404(client: Client, number: int) -> None:
    at = f"/v1/cases/{number}"
    for said in (
        client.get(at),
        patch(client, number, status="waiting"),
        client.post(f"{at}/notes", json={"body": "x"}),
        client.post(f"{at}/contacts", json={"body": "x", "way": "call"}),
    ):
        assert said.status_code == 404
        assert said.json()["errors"][0]["field"] == "number"


@pytest.mark.parametrize("number", ["x", "0", "-1", str(2**63), "9" * 400, "1.5"])
def test_what_is_no_number_of_a_case_is_422(client: Client, number: str) -> None:
    assert fields(client.get(f"/v1/cases/{number}")) == ["number"]


def test_hostile_text_comes_back_verbatim(client: Client) -> None:
    with transaction() as session:
        who = make.contact(session, name=HOSTILE)
        acme = make.account(session, HOSTILE)
    (number,) = opened(contact_id=who.id, account_id=acme.id, comment=HOSTILE)
    client.post(f"/v1/cases/{number}/notes", json={"body": HOSTILE})
    said = client.get(f"/v1/cases/{number}")
    assert said.headers["content-type"] == "application/json"
    told = said.json()
    assert told["contact"]["name"] == told["account"]["name"] == told["comment"] == HOSTILE
    assert told["answers"][0]["comment"] == told["journal"][-1]["body"] == HOSTILE


def test_several_changes_are_one_transaction_and_several_versions(client: Client) -> None:
    (number,) = opened()
    with transaction() as session:
        team = make.team(session, "North")
    ann(team_id=team.id)
    until = datetime.now(UTC) + timedelta(days=2)
    said = patch(
        client, number, assignee=" ANN@example.com ", team="North", status="waiting",
        snoozed_until=until.isoformat(),
    )  # fmt: skip
    told = said.json()
    assert (said.status_code, told["version"], told["status"]) == (200, 4, "waiting")
    assert (told["team"], told["assignee"]["email"]) == ("North", "Ann@example.com")
    assert datetime.fromisoformat(told["snoozed_until"]) == until
    done = patch(
        client, number, 4, status="resolved", outcome="solved", root_cause=cause_name().upper(),
        snoozed_until=None,
    ).json()  # fmt: skip
    assert (done["status"], done["outcome"], done["root_cause"]) == (
        "resolved", "solved", cause_name(),
    )  # fmt: skip
    assert done["resolved_at"] and done["snoozed_until"] is None
    again = patch(client, number, done["version"], status="open", assignee=None).json()
    assert (again["status"], again["outcome"], again["assignee"]) == ("open", None, None)
    kinds = [event["kind"] for event in read(client, number)["journal"]]
    assert kinds == [
        "opened", "assigned", "snoozed", "waited", "woken", "resolved", "reopened", "assigned",
    ]  # fmt: skip


def test_what_is_so_already_is_left_as_it_is(client: Client) -> None:
    (number,) = opened()
    ann()
    first = patch(client, number, assignee="ann@example.com", status="open").json()
    asked = {"assignee": "ann@example.com", "status": "open", "snoozed_until": None}
    assert patch(client, number, 2, **asked).json() == first
    assert patch(client, number, 2).json() == first
    ended = {"status": "resolved", "outcome": "solved", "root_cause": cause_name()}
    done = patch(client, number, 2, **ended).json()
    assert patch(client, number, 3, **ended).json() == done
    assert patch(client, number, 3, **ended | {"outcome": "left"}).status_code == 422


def test_a_team_by_itself_takes_the_owner_off(client: Client) -> None:
    (number,) = opened()
    ann()
    with transaction() as session:
        make.team(session, "North")
    assert patch(client, number, assignee="ann@example.com", team="North").json()["version"] == 3
    assert patch(client, number, 3, team="North").json()["assignee"]["name"] == "Ann Bell"
    with transaction() as session:
        make.team(session, "South")
    told = patch(client, number, 3, team="South").json()
    assert (told["team"], told["assignee"], told["version"]) == ("South", None, 4)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"assignee": "nobody@example.com"}, "assignee"),
        ({"assignee": "gone@example.com"}, "assignee"),
        ({"assignee": ""}, "assignee"),
        ({"assignee": "a\0b"}, "assignee"),
        ({"assignee": 3}, "assignee"),
        ({"team": "Nowhere"}, "team"),
        ({"team": None}, "team"),
        ({"assignee": "ann@example.com", "team": "South"}, "team"),
        ({"status": "new"}, "status"),
        ({"status": "open"}, "status"),
        ({"status": None}, "status"),
        ({"status": "resolved", "outcome": "solved"}, "root_cause"),
        ({"status": "resolved", "root_cause": "x"}, "outcome"),
        ({"status": "resolved", "outcome": "solved", "root_cause": "no such"}, "root_cause"),
        ({"status": "resolved", "outcome": "bored", "root_cause": "x"}, "outcome"),
        ({"outcome": "solved"}, "outcome"),
        ({"snoozed_until": "2020-01-01T00:00:00Z"}, "snoozed_until"),
        ({"snoozed_until": "9999-12-31T23:59:59-23:00"}, "snoozed_until"),
        ({"snoozed_until": "2199-01-01T00:00:00Z"}, "snoozed_until"),
        ({"snoozed_until": "2026-01-01T00:00:00"}, "snoozed_until"),
        ({"snoozed_until": "1900000000"}, "snoozed_until"),
        ({"version": "1"}, "version"),
        ({"version": None}, "version"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_422_and_nothing_is_changed(
    client: Client, body: dict[str, Any], field: str
) -> None:
    (number,) = opened()
    with transaction() as session:
        north, _ = make.team(session, "North"), make.team(session, "South")
        make.user(session, email="gone@example.com", disabled_at=NOW)
        make.user(session, email="ann@example.com", team_id=north.id)
    before = read(client, number)
    given = {"version": 1, "team": "North", **body}
    assert fields(client.patch(f"/v1/cases/{number}", json=given)) == [field]
    assert read(client, number) == before


@pytest.mark.parametrize("body", ["", "{", "3", "[]", "[" * 5000, '{"version": 1e9}', b"\xff\xfe"])
def test_what_is_no_patch_is_422(client: Client, body: str | bytes) -> None:
    (number,) = opened()
    said = client.patch(f"/v1/cases/{number}", content=body)
    assert len(fields(said)) == 1 and len(said.text) < 300


def test_of_two_writers_the_second_is_told_what_the_first_did(client: Client) -> None:
    (number,) = opened()
    ann()
    assert patch(client, number, assignee="ann@example.com").status_code == 200
    said = patch(client_for("cases:write", name="bi"), number, status="waiting")
    assert (said.status_code, said.json()["version"]) == (409, 2)
    (error,) = said.json()["errors"]
    assert error["field"] == "version"
    assert "The program crm assigned it to Ann Bell" in error["reason"]
    assert read(client, number)["status"] == "open"


def test_of_many_writers_at_once_exactly_one_is_first(client: Client) -> None:
    (number,) = opened()
    statuses: list[int] = []
    writers = [
        threading.Thread(
            target=lambda: statuses.append(patch(client, number, status="waiting").status_code)
        )
        for _ in range(6)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert sorted(statuses) == [200, *[409] * 5]
    assert read(client, number)["version"] == 2


def test_a_note_and_a_logged_contact_are_added(client: Client) -> None:
    (number,) = opened()
    at = NOW + timedelta(minutes=30)
    noted = client.post(f"/v1/cases/{number}/notes", json={"body": " Said hello "})
    logged = client.post(
        f"/v1/cases/{number}/contacts",
        json={"way": "meeting", "body": "Met", "at": at.isoformat()},
    )
    assert (noted.status_code, noted.json()["version"]) == (201, 2)
    assert (logged.status_code, logged.json()["version"]) == (201, 3)
    told = read(client, number)
    assert datetime.fromisoformat(told["contacted_at"]) == at
    assert (
        told["journal"][-1]["said"] == f"The program crm logged a meeting of {at:%d %b %Y, %H:%M}"
    )
    assert told["journal"][-1]["event_id"] == logged.json()["event_id"]
    now = client.post(f"/v1/cases/{number}/contacts", json={"way": "call", "body": "Again"})
    assert now.status_code == 201
    with reading() as session:
        messages = session.exec(select(Message).order_by(col(Message.id))).all()
    assert [(m.kind, m.body, m.author_id) for m in messages] == [
        ("note", "Said hello", None), ("call", "Met", None), ("call", "Again", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("notes", {"body": "  "}, "body"),
        ("notes", {"body": "x" * 10_001}, "body"),
        ("notes", {"body": "a\0b"}, "body"),
        ("notes", {}, "body"),
        ("notes", {"body": "x", "at": "2026-01-01T00:00:00Z"}, "at"),
        ("contacts", {"way": "pigeon", "body": "x"}, "way"),
        ("contacts", {"way": "call", "body": ""}, "body"),
        ("contacts", {"way": "call", "body": "x", "at": "2020-01-01T00:00:00Z"}, "at"),
        ("contacts", {"way": "call", "body": "x", "at": "2199-01-01T00:00:00Z"}, "at"),
        ("contacts", {"way": "call", "body": "x", "at": "yesterday"}, "at"),
        ("contacts", {"way": "call", "body": "x", "at": None}, "at"),
    ],
)
def test_what_cannot_be_added_is_422(
    client: Client, path: str, body: dict[str, Any], field: str
) -> None:
    (number,) = opened()
    assert fields(client.post(f"/v1/cases/{number}/{path}", json=body)) == [field]
    assert read(client, number)["version"] == 1


def test_the_ways_of_a_contact_are_those_of_the_page() -> None:
    assert ContactIn.model_json_schema()["properties"]["way"]["enum"] == list(WAYS)


def test_what_is_sent_twice_under_one_key_is_added_once(client: Client) -> None:
    (number,) = opened()
    bodies = {"notes": {"body": "hm"}, "contacts": {"way": "call", "body": "ok"}}
    for path, body in bodies.items():
        url, headers = f"/v1/cases/{number}/{path}", {"Idempotency-Key": "run 7"}
        first, again = (client.post(url, json=body, headers=headers) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json() == again.json()
        other = client.post(url, json=body, headers={"Idempotency-Key": "run 8"})
        assert other.json()["event_id"] != first.json()["event_id"]
    assert len(read(client, number)["journal"]) == 5


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_for_sending_once_is_short_and_not_empty(client: Client, key: str) -> None:
    (number,) = opened()
    said = client.post(
        f"/v1/cases/{number}/notes", json={"body": "hm"}, headers={"Idempotency-Key": key}
    )
    assert (said.status_code, fields(said)) == (422, ["Idempotency-Key"])
    assert len(read(client, number)["journal"]) == 1


def test_the_description_names_the_key_for_sending_once(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("notes", "contacts"):
        given = paths[f"/v1/cases/{{number}}/{path}"]["post"]["parameters"]
        (header,) = [one for one in given if one["in"] == "header"]
        assert header["name"] == "Idempotency-Key" and not header["required"]
