"""The list of cases and the feed of changes: filters, paging, and what a program may count on."""

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlmodel import select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.testclient import TestClient

from db.engine import reading, transaction
from db.models import Case
from services.cases import merging
from services.insights.case_export import Cursor
from services.insights.case_filter import KEYS
from services.web import api_parts
from services.web.api import api
from services.web.cases_query import PARAMETERS
from services.web.security import BodyLimit
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
    walk,
)
from tests.web.programs import read as whole

LINES = st.sampled_from(["ann@example.com", "North", "", "x", "\0", "\u202e", "Billing"])
MOMENTS = st.sampled_from(
    ["2199-01-01T00:00:00Z", "2020-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00", "soon", ""]
) | st.datetimes(datetime.now() + timedelta(hours=1), datetime.now() + timedelta(days=400)).map(
    lambda at: at.replace(tzinfo=UTC).isoformat()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
LIKELY = st.fixed_dictionaries(
    {"version": st.just("now")},
    optional={
        "assignee": st.sampled_from([None, "ann@example.com"]),
        "team": st.just("North"),
        "snoozed_until": st.none() | MOMENTS,
    },
) | st.sampled_from(
    [
        {"version": "now", "status": "waiting"},
        {"version": "now", "status": "open"},
        {"version": "now", "status": "resolved", "outcome": "left", "root_cause": "Billing"},
    ]
).map(dict)
PATCHES = LIKELY | st.fixed_dictionaries(
    {"version": st.just("now") | JSON},
    optional={
        "assignee": st.none() | LINES | JSON,
        "team": LINES | JSON,
        "status": st.sampled_from(["open", "waiting", "resolved", "new", "merged"]) | JSON,
        "outcome": st.sampled_from(["solved", "left", "bored"]) | JSON,
        "root_cause": LINES | JSON,
        "snoozed_until": st.none() | MOMENTS | JSON,
        "colour": JSON,
    },
)


@pytest.fixture
def client(desk: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Client:
    assert desk is not None
    monkeypatch.setattr(api_parts, "limit", api_parts.RateLimit(most=100_000))
    return client_for("cases:write")


def numbers(page: Any) -> list[int]:
    return [case["number"] for case in page["cases"]]


def test_the_list_is_the_queues_own(client: Client) -> None:
    one, two, three = opened(3)
    patch(client, one, status="waiting")
    patch(client, two, status="resolved", outcome="solved", root_cause=cause_name())
    assert numbers(listed(client)) == [three]
    for view, expected in (
        ("open", [three]), ("waiting", [one]), ("resolved", [two]), ("any", [three, two, one]),
        ("snoozed", []), ("unassigned", [three]),
    ):  # fmt: skip
        assert numbers(listed(client, view=view)) == expected, view
    assert numbers(listed(client, view="any", outcome="solved")) == [two]
    assert numbers(listed(client, view="any", loop=["resolved", "not_contacted"])) == [two]
    assert numbers(listed(client, view="any", q=f"#{one}")) == [one]
    assert numbers(listed(client, view="any", score=["2", "9"])) == []
    assert numbers(listed(client, metric="nps", sla=["today", "later"], opened="7d")) == [three]


def test_filters_name_people_teams_units_and_causes_by_id(client: Client) -> None:
    with transaction() as session:
        team, unit = make.team(session, "North"), make.unit(session)
        ann = make.user(session, email="ann@example.com", team_id=team.id)
    here, elsewhere = *opened(unit_id=unit.id), *opened()
    patch(client, here, assignee="ann@example.com")
    (told,) = listed(client, owner=ann.id, team=team.id, unit=unit.id)["cases"]
    assert (told["number"], told["team_id"], told["unit_id"]) == (here, team.id, unit.id)
    assert numbers(listed(client, owner=0)) == [elsewhere]
    assert numbers(listed(client, owner=["0", str(ann.id)])) == [elsewhere, here]
    done = patch(client, here, 2, status="resolved", outcome="left", root_cause=cause_name())
    cause = done.json()["root_cause_id"]
    assert numbers(listed(client, view="resolved", cause=cause)) == [here]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("view=all", "view"), ("view=mine", "view"), ("view=escalated", "view"), ("view=", "view"),
        ("q=%00", "q"), (f"q={'x' * 201}", "q"), ("owner=me", "owner"), ("owner=1,2", "owner"),
        ("team=0", "team"), (f"unit={2**63}", "unit"), ("metric=nps&metric=joy", "metric"),
        ("score=11", "score"), ("sla=late", "sla"), ("opened=yesterday", "opened"),
        ("loop=none", "loop"), ("outcome=bored", "outcome"), ("cause=x", "cause"),
        ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
        ("updated_after=-1", "updated_after"), (f"updated_after={2**63}", "updated_after"),
        ("cursor=x", "cursor"), ("cursor=c1-2", "cursor"), ("cursor=c1-2-3", "cursor"),
        ("updated_after=0&cursor=n5", "cursor"), ("status=open", "status"),
        ("q=%ff", ""), ("a%00=%00", "a\0"), (f"cursor=n{'9' * 5000}", "cursor"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_named(client: Client, query: str, field: str) -> None:
    said = client.get(f"/v1/cases?{query}")
    if field:
        assert fields(said) == [field]
    else:
        assert said.status_code == 200


def test_all_that_is_wrong_is_named_at_once(client: Client) -> None:
    assert fields(client.get("/v1/cases?limit=0&view=x&colour=red")) == ["limit", "view", "colour"]


def test_the_description_names_every_parameter_and_body(client: Client) -> None:
    described = client.get("/openapi.json").json()
    named = [p["name"] for p in described["paths"]["/v1/cases"]["get"]["parameters"]]
    assert named == [p["name"] for p in PARAMETERS] == [*KEYS, "updated_after", "limit", "cursor"]
    schemas = described["components"]["schemas"]
    assert {"CasePatch", "NoteIn", "ContactIn", "CasesOut", "WholeCase", "Conflict"} <= set(schemas)
    changed = described["paths"]["/v1/cases/{number}"]["patch"]["responses"]
    assert set(changed) == {"200", "401", "403", "404", "409", "413", "422", "429"}


def test_paging_walks_every_case_exactly_once_while_cases_are_opened(client: Client) -> None:
    before, found = opened(11), []
    for page in walk(client, limit=3):
        assert len(page["cases"]) <= 3
        found += numbers(page)
        opened(2)
    assert found == sorted(before, reverse=True)


def test_a_page_that_is_just_full_is_the_last(client: Client) -> None:
    opened(4)
    pages = list(walk(client, limit=2))
    assert [len(page["cases"]) for page in pages] == [2, 2]


def test_a_case_that_changes_while_the_feed_is_read_comes_again(client: Client) -> None:
    one, two, three = opened(3)
    first = listed(client, updated_after=0, limit=2)
    assert numbers(first) == [one, two]
    patch(client, one, status="waiting")
    rest = listed(client, updated_after=0, limit=2, cursor=first["next"])
    assert [(c["number"], c["version"]) for c in rest["cases"]] == [(three, 1), (one, 2)]
    assert rest["next"] is None
    assert listed(client, updated_after=rest["version"])["cases"] == []
    client.post(f"/v1/cases/{two}/notes", json={"body": "x"})
    assert numbers(listed(client, updated_after=rest["version"])) == [two]
    assert numbers(listed(client, updated_after=rest["version"], view="waiting")) == []


def test_the_feed_tells_that_a_case_was_merged(client: Client) -> None:
    with transaction() as session:
        acme = make.account(session).id
        goes, stays = (make.case(session, account_id=acme, now=NOW) for _ in range(2))
    known = listed(client, updated_after=0)["version"]
    with transaction() as session:
        boss = make.actor("manager")
        merging.merge(
            session, boss, goes.number, into=stays.number, version=1, into_version=1, now=NOW
        )
    told = {one["number"]: one["status"] for one in listed(client, updated_after=known)["cases"]}
    assert told == {goes.number: "merged", stays.number: "new"}
    assert numbers(listed(client)) == [stays.number]


def test_cases_of_one_change_are_told_apart_by_the_cursor(client: Client) -> None:
    made = opened(5)
    with transaction() as session:
        session.connection().execute(sa.update(Case).values(change_seq=7))
    pages = list(walk(client, updated_after=6, limit=2))
    assert [numbers(page) for page in pages] == [made[:2], made[2:4], made[4:]]
    assert pages[-1]["cases"][0]["change_seq"] == 7


def write(numbers: list[int]) -> None:
    """Ten changes of each case, and ten new cases in between."""
    writer = client_for("cases:write", name="writer")
    for version in range(1, 11):
        for number in numbers:
            status = "waiting" if version % 2 else "open"
            assert patch(writer, number, version, status=status).status_code == 200
        opened()


def follow(client: Client, stop: threading.Event, seen: dict[int, int]) -> None:
    """Note the version of each case that the feed tells, until nothing is written any more."""
    after, last = 0, False
    while not last:
        last = stop.is_set()
        for page in walk(client, updated_after=after, limit=2):
            seen.update({case["number"]: case["version"] for case in page["cases"]})
            known = page["version"]
        after = known


def test_the_feed_misses_nothing_that_is_written_while_it_is_read(client: Client) -> None:
    made, stop, seen = opened(6), threading.Event(), dict[int, int]()
    writers = [threading.Thread(target=write, args=(made[at::2],)) for at in range(2)]
    reader = threading.Thread(target=follow, args=(client, stop, seen))
    for thread in (*writers, reader):
        thread.start()
    for writer in writers:
        writer.join(120)
    stop.set()
    reader.join(120)
    with reading() as session:
        assert seen == dict(session.exec(select(Case.number, Case.version)).all())
    assert [seen[number] for number in made] == [11] * 6
    assert len(seen) == 6 + 20


def test_a_cursor_is_read_as_it_was_written() -> None:
    for cursor in (Cursor(5), Cursor(5, 0), Cursor(2**63 - 1, 2**63 - 1)):
        assert Cursor.parse(str(cursor)) == cursor


def test_a_body_of_more_than_a_mebibyte_is_413(client: Client) -> None:
    (number,) = opened()
    desk = Starlette(routes=[Mount("/api", api)], middleware=[Middleware(BodyLimit)])
    path, body = f"/api/v1/cases/{number}/notes", b'{"body": "' + b"x" * 1_100_000 + b'"}'
    said = TestClient(desk, headers=dict(client.headers)).post(path, content=body)
    assert (said.status_code, said.json()["errors"][0]["field"]) == (413, "body")


@given(body=PATCHES)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_patch_breaks_the_desk(client: Client, body: dict[str, Any]) -> None:
    with transaction() as session:
        known = session.exec(select(Case.number)).first()
        if known is None:
            known = make.case(session, now=NOW).number
            make.user(session, email="ann@example.com", team_id=make.team(session, "North").id)
    before = whole(client, known)
    if body["version"] == "now":  # else hardly any would get past the check
        body["version"] = before["version"]
    said = client.patch(f"/v1/cases/{known}", content=json.dumps(body))
    event(str(said.status_code))
    assert said.status_code in (200, 409, 422), said.text
    if said.status_code == 200:
        assert said.json()["version"] >= before["version"]
    else:
        assert said.json()["errors"] and whole(client, known) == before
