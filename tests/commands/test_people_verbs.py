"""`user`, `key` and `audit` in the shell."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.engine import transaction
from services import keys, links, sessions
from tests import builders as make

Told = Callable[..., dict[str, Any]]
MIA = ("user", "add", "mia@example.com", "--name", "Mia", "--role", "admin")


def test_an_added_person_signs_up_by_the_link(told: Told) -> None:
    added = told(*MIA)
    until = datetime.fromisoformat(added["expires_at"])
    assert timedelta(days=6, hours=23) < until - datetime.now(UTC) <= timedelta(days=7)
    token = added["link"].partition("token=")[2]
    with transaction() as session:
        user = links.set_password(session, token, "hash", now=datetime.now(UTC))
    assert user.id == added["id"]


def test_a_person_is_added_to_a_team_and_units_by_name(told: Told, cli: Any) -> None:
    with transaction() as session:
        make.team(session, "North")
        for name in ("EMEA", "APAC"):
            make.unit(session, name)
    told(*MIA, "--team", "North", "--unit", "EMEA", "--unit", "APAC", "--zone", "Asia/Tokyo")
    listed = told("user", "list")["users"][0]
    assert (listed["team"], sorted(listed["units"])) == ("North", ["APAC", "EMEA"])
    assert listed["time_zone"] == "Asia/Tokyo"
    other = ("user", "add", "tom@example.com", "--name", "Tom", "--role", "csm")
    for wrong in (("--team", "South"), ("--unit", "Moon")):
        result = cli(*other, *wrong)
        assert (result.exit_code, result.stdout) == (1, "")
        assert wrong[1] in result.stderr
    assert [user["name"] for user in told("user", "list")["users"]] == ["Mia"]


def test_somebody_is_disabled_and_enabled_by_address_or_id(told: Told, cli: Any) -> None:
    told(*MIA)
    tom = told("user", "add", "Tom@Example.com", "--name", "Tom", "--role", "csm")
    assert told("user", "disable", "TOM@example.com")["disabled_at"] is not None
    assert told("user", "enable", str(tom["id"]))["disabled_at"] is None
    result = cli("user", "disable", "nobody@example.com")
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_reset_gives_a_new_link_and_ends_sessions(told: Told) -> None:
    mia = told(*MIA)
    with transaction() as session:
        sessions.begin(session, mia["id"], now=datetime.now(UTC))
    reset = told("user", "reset", "mia@example.com")
    assert reset["link"] != mia["link"]
    assert told("user", "list")["users"][0]["last_seen_at"] is None


def test_a_key_is_shown_once_listed_and_revoked(told: Told) -> None:
    key = told("key", "add", "Shop", "--scope", "ingest")
    assert key["scopes"] == ["ingest"]
    with transaction() as session:
        assert keys.check(session, key["key"], "ingest", datetime.now(UTC)) is not None
    listed = told("key", "list")["keys"][0]
    assert "key" not in listed and listed["last_used_at"] is not None
    assert told("key", "revoke", key["prefix"])["revoked_at"] is not None
    with transaction() as session:
        assert keys.check(session, key["key"], "ingest", datetime.now(UTC)) is None


def test_a_key_may_have_several_scopes(told: Told) -> None:
    made = told("key", "add", "Sync", "--scope", "cases:write", "--scope", "ingest")
    assert made["scopes"] == ["ingest", "cases:write"]
    assert told("key", "list")["keys"][0]["scopes"] == made["scopes"]


def test_a_key_with_an_unknown_scope_is_refused(cli: Any) -> None:
    for scope in ("write", "cases"):
        result = cli("key", "add", "Shop", "--scope", scope)
        assert (result.exit_code, result.stdout) == (1, "")


def test_the_audit_trail_tells_what_the_shell_did(told: Told) -> None:
    mia = told(*MIA)
    told("key", "add", "Shop", "--scope", "ingest")
    found = told("audit")
    assert (found["total"], [line["verb"] for line in found["lines"]]) == (
        2, ["key.add", "user.add"],
    )  # fmt: skip
    assert found["lines"][1]["what"].startswith(f"the desk added user {mia['id']}")
    newest = found["lines"][0]["id"]
    assert len(told("audit", "--limit", "1")["lines"]) == 1
    assert [line["verb"] for line in told("audit", "--before", str(newest))["lines"]] == [
        "user.add"
    ]
    assert told("audit", "--verb", "key.add")["total"] == 1
    assert told("audit", "--person", "0", "--end", "2020-01-01")["total"] == 0


@pytest.mark.parametrize(
    "args", [MIA, ("user", "list"), ("key", "list"), ("audit",), ("user", "reset", "mia@x.com")]
)
def test_without_json_the_shell_speaks_to_people(cli: Any, args: tuple[str, ...]) -> None:
    with transaction() as session:
        make.user(session, "admin", email="mia@x.com", name="Mia\x1b[31m")
    result = cli(*args)
    assert result.exit_code == 0
    assert not result.stdout.startswith("{")
    assert "\x1b" not in result.stdout
