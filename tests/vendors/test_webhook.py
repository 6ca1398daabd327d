"""Events leave signed, arrive once under their key, and failures say what may be done."""

import socket
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from services import egress
from services.vendors.base import Message, Unsure, VendorError
from services.vendors.webhook import Webhook, new_secret
from tests.standins import webhook as standins

HOSTILE = "<script>alert(1)</script> <!channel> \x00\x1b[31m \ud800 \u202e " + "x" * 10_000
CARD = {"number": 1042, "status": "open", "comment": "Export broke", "contact": None}


def event(key: str = "k1", **body: Any) -> Message:
    return Message(key, "event", {"type": "case.opened", "card": CARD} | body)


@pytest.fixture
def receiver() -> Iterator[standins.Webhook]:
    with standins.Webhook().serving() as receiver:
        yield receiver


def vendor(receiver: standins.Webhook, path: str = "/hook", secret: str = "") -> Webhook:
    secrets = {"secret": secret or receiver.secret}
    return Webhook({"url": receiver.url + path}, secrets, frozenset({"127.0.0.1"}))


def failed(vendor: Webhook, message: Message | None = None) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.send(message or event())
    return caught.value


def test_an_event_arrives_signed_as_it_was_announced(receiver: standins.Webhook) -> None:
    hook = vendor(receiver)
    message = event(at="2026-03-01T12:00:00+00:00")
    receipt = hook.send(message)
    assert receipt.remote_id == "k1"
    assert receiver.events["k1"] == hook.payload(message)
    assert receiver.events["k1"]["data"] == CARD
    assert receiver.events["k1"]["timestamp"] == "2026-03-01T12:00:00+00:00"


def test_the_signature_is_that_of_the_standard() -> None:
    """The example of the Standard Webhooks specification's reference libraries."""
    secret, key, at = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330"  # noqa: E501 # fmt: skip
    right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert standins.signature(secret, key, at, b'{"test": 2432232314}') == right


def test_the_same_event_twice_is_one_for_the_receiver(receiver: standins.Webhook) -> None:
    hook = vendor(receiver)
    hook.send(event())
    hook.send(event())
    assert receiver.arrivals == {"k1": 2}
    assert len(receiver.events) == 1
    assert hook.unsure(event()) is Unsure.AGAIN


def test_hostile_text_stays_text(receiver: standins.Webhook) -> None:
    vendor(receiver).send(event(card=CARD | {"comment": HOSTILE}))
    assert receiver.events["k1"]["data"]["comment"] == HOSTILE.replace("\ud800", "?")


@pytest.mark.parametrize(
    ("kind", "unsure", "arrived"),
    [("before", True, 0), ("drop", True, 1), ("500", True, 0)],
)
def test_a_lost_answer_is_unsure_and_sent_again_is_still_one(
    kind: str, unsure: bool, arrived: int, receiver: standins.Webhook
) -> None:
    receiver.fault(kind)
    error = failed(vendor(receiver))
    assert (error.permanent, error.unsure, error.reconnect) == (False, unsure, False)
    assert len(receiver.events) == arrived
    vendor(receiver).send(event())
    assert len(receiver.events) == 1


def test_an_answer_that_takes_too_long_is_unsure(
    receiver: standins.Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(egress, "TIMEOUT", httpx.Timeout(0.2))
    receiver.fault("delay", seconds=0.6)
    error = failed(vendor(receiver))
    assert (error.permanent, error.unsure) == (False, True)
    assert len(receiver.events) == 1


@pytest.mark.parametrize("date", [False, True])
def test_a_pause_that_is_asked_for_is_kept(date: bool, receiver: standins.Webhook) -> None:
    receiver.fault("429", seconds=40, date=date)
    error = failed(vendor(receiver))
    assert (error.permanent, error.unsure) == (False, False)
    assert error.wait is not None
    assert 38 <= error.wait <= 41


@pytest.mark.parametrize(
    ("status", "permanent", "unsure"),
    [
        (400, True, False),
        (404, True, False),
        (410, True, False),
        (408, False, False),
        (425, False, False),
        (500, False, True),
        (503, False, False),
    ],
)
def test_each_answer_says_whether_to_try_again(
    status: int, permanent: bool, unsure: bool, receiver: standins.Webhook
) -> None:
    receiver.status = status
    error = failed(vendor(receiver))
    assert (error.permanent, error.unsure) == (permanent, unsure)
    assert str(status) in str(error)


def test_a_secret_that_the_receiver_does_not_know_asks_to_reconnect(
    receiver: standins.Webhook,
) -> None:
    error = failed(vendor(receiver, secret=new_secret()))
    assert (error.permanent, error.reconnect) == (True, True)
    assert receiver.events == {}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_é"])
def test_a_secret_that_is_none_is_said_before_anything_is_sent(
    secret: str, receiver: standins.Webhook
) -> None:
    hook = Webhook({"url": f"{receiver.url}/hook"}, {"secret": secret}, frozenset({"127.0.0.1"}))
    error = failed(hook)
    assert (error.permanent, error.reconnect) == (True, True)
    assert receiver.calls == []


def test_a_made_secret_has_32_bytes_and_is_new() -> None:
    assert len(b64decode(new_secret().removeprefix("whsec_"))) == 32
    assert new_secret() != new_secret()


def test_a_secret_is_made_only_where_none_is_given() -> None:
    assert Webhook.made_secrets({"secret": "whsec_x"}) == {}
    assert Webhook.made_secrets({})["secret"].startswith("whsec_")


def test_a_redirect_is_not_followed(receiver: standins.Webhook) -> None:
    assert failed(vendor(receiver, "/moved")).permanent
    assert [call.path for call in receiver.calls] == ["/moved"]


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/hook", "https://[::1]/hook", "http://93.184.216.34/", "ftp://a/", "", "a b"],
)
def test_an_address_inside_or_without_tls_is_refused_for_good(url: str) -> None:
    error = failed(Webhook({"url": url}, {"secret": standins.SECRET}, frozenset()))
    assert (error.permanent, error.unsure) == (True, False)


def test_a_receiver_that_is_not_there_is_tried_again_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    hook = Webhook(
        {"url": f"http://127.0.0.1:{port}/"}, {"secret": standins.SECRET}, frozenset({"127.0.0.1"})
    )
    error = failed(hook)
    assert (error.permanent, error.unsure) == (False, False)


def test_errors_hold_neither_texts_nor_addresses(receiver: standins.Webhook) -> None:
    card = CARD | {"comment": "very secret", "contact": {"email": "dana@example.com"}}
    for kind in ("before", "drop", "500", "429", "revoked"):
        receiver.fault(kind)
        error = failed(vendor(receiver), event(card=card))
        assert "secret" not in str(error)
        assert "dana" not in str(error)
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None


def test_a_number_that_json_cannot_say_fails_for_good(receiver: standins.Webhook) -> None:
    assert failed(vendor(receiver), event(card=CARD | {"score": float("nan")})).permanent


def test_the_check_sends_a_ping(receiver: standins.Webhook) -> None:
    assert vendor(receiver).check() == "The receiver took a ping (200)"
    assert [event["type"] for event in receiver.events.values()] == ["ping"]


def test_making_one_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    Webhook({"url": "https://example.com"}, {"secret": standins.SECRET}, frozenset())
