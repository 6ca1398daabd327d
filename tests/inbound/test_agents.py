"""Agents do random things over a line that loses, doubles, delays, reorders and forges events."""

from collections.abc import Iterator
from random import Random

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from starlette.applications import Starlette

from services.web import doors
from services.worker import inbound
from tests.inbound.there import There, at_intercom, at_zendesk
from tests.standins.agents import Line, act

ACTS = 14


@pytest.fixture(params=[at_zendesk, at_intercom], ids=["zendesk", "intercom"])
def there(request: pytest.FixtureRequest, desk: sa.Engine) -> Iterator[There]:
    assert desk
    with request.param() as there:
        yield there


def test_nothing_is_lost_and_nothing_is_done_twice(there: There) -> None:
    chance = Random(f"agents {there.vendor}")
    app = Starlette(routes=doors.routes(), middleware=doors.layers())
    with TestClient(app) as client:

        def send(request: tuple[bytes, dict[str, str]]) -> int:
            raw, headers = request
            place = f"/webhooks/{there.vendor}"
            return client.post(place, content=raw, headers=headers).status_code

        line, done = Line(there.vendor, send, chance), []
        for nth in range(ACTS):
            there.passes(minutes=1)
            done.append(act(there.standin, there.thread, chance, nth))
            line.tell(there.thread)
            if chance.random() < 0.4:
                there.takes()
        line.arrive()
    there.passes(minutes=2)
    inbound.poll({}, there.clock)
    there.takes()
    assert {kind: status for kind, status in line.statuses if kind == "forged"} in (
        {}, {"forged": 401},
    )  # fmt: skip
    assert {status for kind, status in line.statuses if kind != "forged"} == {200}
    kinds = {"reply": "reply", "note": "note", "answer": "inbound"}
    said = sorted((kinds[one.kind], one.text) for one in done if one.text)
    assert sorted((kind, body) for kind, _, body in there.messages()) == said
    assert there.stands() == there.stands_there()
