"""One case, and a workspace of Intercom to push it to. What both files of tests start from."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.vendors.base import Message, VendorError
from services.vendors.intercom import Intercom
from tests.standins import intercom as standins
from tests.standins import intercom_contract as contract

HOSTILE = "<script>alert(1)</script> <!channel> & \x00\x1b[31m\ud800 " + "x" * 10_000
PERSON = {"id": 17, "external_id": "u-17", "name": "Dana Cruz", "email": "dana@example.com"}
CARD: dict[str, Any] = {
    "number": 1042,
    "link": "https://desk.example/case?number=1042",
    "owner": "Ana Kim",
    "reasons": ["renewal in 12 d"],
    "score": "2",
    "scale": "0-10",
    "metric": "nps",
    "comment": "Export broke",
    "contact": PERSON | {"properties": {"plan": "pro"}},
    "account": {"name": "Acme", "arr": "84000.00", "currency": "EUR"},
}
ANYWHERE = frozenset({"127.0.0.1"})
BEGIN = "POST /conversations$"


@pytest.fixture(name="workspace")
def intercom_workspace() -> Iterator[standins.Intercom]:
    contract.answer_problems("GET", "/me", 200, {})  # read it now, and not within a time limit
    with standins.Intercom().serving() as workspace:
        yield workspace
    assert workspace.violations == []


def vendor(workspace: standins.Intercom, **config: Any) -> Intercom:
    mapping = {"nps_score": "score", "nps_comment": "comment"}
    base = {"region": "us", "admin_id": "991", "tag": "loopdesk", "case_attribute": "Case"}
    base |= {"base_url": workspace.url, "mapping": mapping}
    return Intercom(base | config, {"token": workspace.token}, ANYWHERE)


def conversation(text: str = "Export broke", **card: Any) -> Message:
    return Message("k1", "conversation", {"card": CARD | card, "text": text})


def added(action: str, thread: str | None, text: str = "We are on it") -> Message:
    return Message("k2", action, {"text": text, "card": CARD}, thread=thread)


def failed(vendor: Intercom, message: Message) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.send(message)
    return caught.value


def flags(error: VendorError) -> tuple[bool, bool, bool]:
    return error.permanent, error.unsure, error.reconnect
