"""`POST /webhooks/...`, through the real doors: signed or refused, kept once, quick to say so."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import select
from starlette.applications import Starlette

from db.engine import reading, transaction, version
from db.models import Inbound
from services import integrations
from services.vendors import signed
from services.web import doors
from tests import builders as make
from tests.standins import hooks
from tests.standins.hooks import SECRET

ADMIN = make.actor("admin")
ENTERED: dict[str, dict[str, Any]] = {
    "zendesk": {"subdomain": "acme", "email": "a@acme.example", "token": "t",
                "webhook_secret": SECRET},
    "intercom": {"token": "t", "admin_id": "991", "client_secret": SECRET},
}  # fmt: skip
SENDS = {"zendesk": hooks.zendesk, "intercom": hooks.intercom}


@pytest.fixture
def client(desk: sa.Engine) -> Iterator[TestClient]:
    assert desk is not None
    now = datetime.now(UTC)
    with transaction() as session:
        for name, entered in ENTERED.items():
            integrations.connect(session, ADMIN, name, entered, now=now)
    app = Starlette(routes=doors.routes(), middleware=doors.layers())
    with TestClient(app) as client:
        yield client


def post(client: TestClient, vendor: str, sent: hooks.Request) -> int:
    raw, headers = sent
    return client.post(f"/webhooks/{vendor}", content=raw, headers=headers).status_code


def kept() -> list[tuple[str, str, str | None, str]]:
    with reading() as session:
        found = session.exec(select(Inbound).order_by(sa.text("id")))
        return [(row.vendor, row.kind, row.thread, row.state) for row in found]


@pytest.mark.parametrize("vendor", SENDS)
def test_what_is_signed_is_kept_before_it_is_answered_and_a_replay_is_not_kept_again(
    client: TestClient, vendor: str
) -> None:
    with reading() as session:
        before = version(session)
    sent = SENDS[vendor](101)
    assert [post(client, vendor, sent) for _ in range(3)] == [200, 200, 200]
    assert kept() == [(vendor, "look", "101", "new")]
    with reading() as session:  # no page shows it, so nobody waits for the version's lock
        assert version(session) == before


@pytest.mark.parametrize("vendor", SENDS)
def test_what_is_not_signed_with_the_secret_is_refused(client: TestClient, vendor: str) -> None:
    raw, headers = SENDS[vendor](101)
    assert post(client, vendor, SENDS[vendor](101, secret="another")) == 401
    assert post(client, vendor, (raw + b" ", headers)) == 401
    assert post(client, vendor, (raw, {"Content-Type": "application/json"})) == 401
    assert kept() == []


def test_a_vendor_that_is_not_connected_is_refused_like_a_bad_signature(
    client: TestClient,
) -> None:
    with transaction() as session:
        integrations.disconnect(session, ADMIN, "zendesk", now=datetime.now(UTC))
        entered = ENTERED["intercom"] | {"client_secret": ""}
        integrations.disconnect(session, ADMIN, "intercom", now=datetime.now(UTC))
        integrations.connect(session, ADMIN, "intercom", entered, now=datetime.now(UTC))
    answers = [
        client.post(f"/webhooks/{name}", content=sent[0], headers=sent[1])
        for name, sent in (("zendesk", hooks.zendesk(1)), ("intercom", hooks.intercom(1, "")),
                           ("intercom", hooks.intercom(1, "another")))
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_is_signed_for_another_time_is_refused(client: TestClient, minutes: int) -> None:
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert post(client, "zendesk", hooks.zendesk(101, at=at)) == 401
    assert post(client, "zendesk", hooks.zendesk(101, at=at - timedelta(minutes=minutes))) == 200


@pytest.mark.parametrize("raw", [
    b"", b"[]", b"not json", b'{"ticket_id": "x"}', b'{"ticket_id": null}', b"\xff\xfe",
    b'{"type": "zen:event-type:user.created", "detail": {"id": "7"}}', b"[" * 50_000,
])  # fmt: skip
def test_an_event_that_nobody_knows_is_answered_and_changes_nothing(
    client: TestClient, raw: bytes
) -> None:
    stamp = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    mac = hmac.new(SECRET.encode(), stamp.encode() + raw, hashlib.sha256).digest()
    headers = {"X-Zendesk-Webhook-Signature": b64encode(mac).decode(),
               "X-Zendesk-Webhook-Signature-Timestamp": stamp}  # fmt: skip
    assert post(client, "zendesk", (raw, headers)) == 200
    assert post(client, "intercom", hooks.intercom(1, topic="contact.created")) == 200
    assert kept() == []


def test_a_body_of_five_megabytes_is_not_read_to_its_end(client: TestClient) -> None:
    raw, headers = hooks.zendesk(101)
    assert post(client, "zendesk", (raw + b" " * 5 * 1024 * 1024, headers)) == 413
    assert kept() == []


def test_a_vendor_that_shall_change_nothing_is_heard_and_not_kept(client: TestClient) -> None:
    with transaction() as session:
        entered = ENTERED["zendesk"] | {"two_way": "no"}
        integrations.connect(session, ADMIN, "zendesk", entered, now=datetime.now(UTC))
    assert post(client, "zendesk", hooks.zendesk(101)) == 200
    assert kept() == []


def test_other_places_below_webhooks_do_not_exist(client: TestClient) -> None:
    raw, headers = hooks.zendesk(101)
    assert post(client, "email", (raw, headers)) == 404
    assert client.post("/webhooks/zendesk/more", content=raw).status_code == 404
    assert client.get("/webhooks/zendesk").status_code in (404, 405)


def test_slacks_own_example_is_signed_as_they_say() -> None:
    """From Slack's guide on verifying requests."""
    raw = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
        b"G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
        b"collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F3977"
        b"00885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10"
        b"d2c447fce8b6703c"
    )
    wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    headers = {"x-slack-request-timestamp": "1531420618", "x-slack-signature": wanted}
    at = datetime.fromtimestamp(1531420618, UTC)
    secret = "8f742231b10e8888abcd99yyyzzz85a5"
    assert signed.slack(secret, headers, raw, at + timedelta(minutes=5))
    assert not signed.slack(secret, headers, raw, at + timedelta(minutes=5, seconds=1))
    assert not signed.slack(secret, headers, raw + b"&", at)
