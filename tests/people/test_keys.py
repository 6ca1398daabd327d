"""API keys: shown once, kept as a hash, checked at the API's door."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from db.engine import version
from db.models import ApiKey, Audit
from services import keys
from services.access import Refused
from tests import builders as make

NOW = make.NOW
ADMIN = make.actor("admin")


def added(session: Session, *scopes: str) -> tuple[ApiKey, str]:
    return keys.add_key(session, ADMIN, name="Shop", scopes=scopes or ("ingest",), now=NOW)


def test_only_the_prefix_and_the_hash_of_a_key_are_kept(session: Session) -> None:
    key, secret = added(session, "ingest", "ingest")
    assert secret.startswith(f"ld_{key.prefix}_")
    assert len(secret) > 50
    assert key.scopes == ["ingest"]
    kept = repr(session.exec(select(ApiKey)).one().model_dump()) + repr(
        [row.model_dump() for row in session.exec(select(Audit))]
    )
    assert secret.split("_", 2)[2] not in kept  # the random part may hold a "_" of its own


def test_a_key_lets_in_for_its_scopes_only(session: Session) -> None:
    key, secret = added(session, "ingest")
    found = keys.check(session, secret, "ingest", NOW)
    assert found is not None and found.id == key.id
    assert keys.check(session, secret, "cases:read", NOW) is None
    assert keys.live(session, secret) == key


@pytest.mark.parametrize(
    ("given", "good_for"),
    [
        ("ingest", ["ingest"]),
        ("cases:read", ["cases:read"]),
        ("cases:write", ["cases:read", "cases:write"]),
        ("metrics", ["metrics"]),
    ],
)
def test_who_works_on_cases_reads_them_too_and_nothing_else_is_included(
    session: Session, given: str, good_for: list[str]
) -> None:
    key, secret = added(session, given)
    assert [scope for scope in keys.SCOPES if keys.find(session, secret, scope)] == good_for
    assert [scope for scope in keys.SCOPES if keys.may(key, scope)] == good_for


def test_a_program_works_as_support_does_under_the_name_of_its_key(session: Session) -> None:
    key, _ = added(session, "cases:write")
    who = keys.actor_of(key)
    assert (who.id, who.name, who.role, who.units) == (None, "Shop", "support", None)
    assert who.key_id == key.id


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "x",
        lambda secret: secret.upper(),
        lambda secret: secret.removeprefix("ld_"),
        lambda secret: secret.rpartition("_")[0] + "_",
        lambda _secret: "",
        lambda _secret: "\x00",
        lambda _secret: "ld_" * 1000,
        lambda secret: secret[:3] + "00000000" + secret[11:],
        lambda secret: secret[:12] + secret[12:][::-1],
        lambda _secret: "ld_00000000_schlüssel\x00",
    ],
)
def test_anything_but_the_very_key_is_nobody(session: Session, spoil: object) -> None:
    _, secret = added(session)
    assert keys.check(session, spoil(secret), "ingest", NOW) is None


def test_a_revoked_key_is_nobody_from_then_on_and_stays_listed(session: Session) -> None:
    key, secret = added(session)
    live, _ = added(session)
    keys.revoke(session, ADMIN, key.id, now=NOW)
    assert keys.check(session, secret, "ingest", NOW) is None
    listed = keys.all_keys(session, ADMIN)
    assert [row.id for row, _ in listed] == [live.id, key.id]
    assert listed[1][0].revoked_at == NOW


def test_revoking_twice_is_one_line_in_the_trail(session: Session) -> None:
    key, _ = added(session)
    keys.revoke(session, ADMIN, key.id, now=NOW)
    keys.revoke(session, ADMIN, key.id, now=NOW + timedelta(days=1))
    verbs = [row.verb for row in session.exec(select(Audit).order_by(Audit.id))]
    assert verbs == ["key.add", "key.revoke"]
    assert key.revoked_at == NOW


def test_the_last_use_is_written_once_a_minute_without_a_new_data_version(
    session: Session,
) -> None:
    _, secret = added(session)
    before = version(session)
    for seconds, expected in ((0, 0), (59, 0), (60, 60), (61, 60)):
        found = keys.check(session, secret, "ingest", NOW + timedelta(seconds=seconds))
        assert found is not None
        assert found.last_used_at == NOW + timedelta(seconds=expected)
    assert version(session) == before


@pytest.mark.parametrize(
    ("name", "scopes", "said"),
    [
        ("", ["ingest"], "1 to 60"),
        ("x" * 61, ["ingest"], "1 to 60"),
        ("Shop", [], "one or more of ingest, cases:read, cases:write"),
        ("Shop", ["ingest", "write"], "one or more of ingest, cases:read, cases:write"),
        ("Shop", ["read"], "one or more of ingest, cases:read, cases:write"),
    ],
)
def test_a_key_needs_a_name_and_known_scopes(
    session: Session, name: str, scopes: list[str], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        keys.add_key(session, ADMIN, name=name, scopes=scopes, now=NOW)
    assert session.exec(select(ApiKey)).all() == []


def test_an_unknown_key_cannot_be_revoked(session: Session) -> None:
    with pytest.raises(Refused, match="no key 9"):
        keys.revoke(session, ADMIN, 9, now=NOW)
