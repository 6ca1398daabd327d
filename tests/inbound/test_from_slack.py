"""Buttons and forms on a case's post in Slack do what the page does, as who pressed them, once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlmodel import col, select
from starlette.applications import Starlette

from db.engine import reading, transaction
from db.models import Case, Delivery, Inbound, Integration, Message, RootCause, User
from services import integrations, settings
from services.cases import pushing, verbs
from services.domain.retrying import Pace
from services.outbox import sending
from services.web import doors
from services.worker import inbound, slack_socket
from tests import builders as make
from tests.standins import hooks
from tests.standins.hooks import SECRET
from tests.standins.slack_pressed import Pressed

ADMIN = make.actor("admin")
ANA, GUEST, NOBODY = "U0ANA0001", "U0GUEST01", "U0NOBODY1"


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def slack(sqlite_desk: sa.Engine) -> Iterator[Pressed]:
    """Case 1 is a post there; Ana works here, a guest of another workspace uses Bo's address."""
    assert sqlite_desk
    with Pressed().serving() as standin:
        standin.people |= {"bo@acme.example": GUEST, "who@else.example": NOBODY}
        standin.guests.add(GUEST)
        entered = {"bot_token": standin.token, "channel": "C0LOOP001", "signing_secret": SECRET,
                   "app_token": standin.app_token, "base_url": f"{standin.url}/api/"}  # fmt: skip
        with transaction() as session:
            hosts = ["127.0.0.1"]
            settings.put(session, "outgoing_allow", hosts, actor_id=None, now=clock())
            integrations.connect(session, ADMIN, "slack", entered, now=clock())
            for name in ("ana", "bo"):
                make.user(session, "csm", email=f"{name}@acme.example", name=name.title())
            person = make.contact(session, "dana@acme.example", name="Dana")
            make.case(session, 2, now=clock(), contact_id=person.id)
            pushing.push(session, ADMIN, 1, vendor="slack", now=clock())
        sends()
        yield standin
        assert standin.wrong == []


@pytest.fixture
def client(slack: Pressed) -> Iterator[TestClient]:
    assert slack
    with TestClient(Starlette(routes=doors.routes(), middleware=doors.layers())) as client:
        yield client


def sends() -> None:
    with reading() as session:
        vendor = integrations.built(session, "slack")
    while (claimed := sending.take("slack", "w", Pace(), clock)) is not None:
        sending.note(claimed, sending.attempt(vendor, claimed), Pace(), clock)
        with transaction() as session:
            session.get_one(Integration, "slack").closed_until = None


def post(client: TestClient, payload: dict[str, Any], secret: str = SECRET) -> int:
    raw, headers = hooks.slack(payload, secret)
    return client.post("/webhooks/slack", content=raw, headers=headers).status_code


def takes() -> None:
    while inbound.once(clock):
        pass


def case() -> Case:
    with reading() as session:
        return session.exec(select(Case).where(Case.number == 1)).one()


def acts() -> list[tuple[str, str | None, dict[str, Any]]]:
    with reading() as session:
        found = session.exec(select(Inbound).order_by(col(Inbound.id)))
        return [(row.state, row.note, row.payload) for row in found]


def test_the_post_has_buttons_and_keeps_none_once_it_is_done(slack: Pressed) -> None:
    def names() -> list[str]:
        blocks = slack.messages()[0]["blocks"]
        return [one["action_id"] for one in blocks[-1]["elements"]]

    assert names() == ["claim", "snooze", "reply", "resolve", "open"]
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first() or 0
        verbs.resolve(
            session, ADMIN, 1, outcome="solved", root_cause_id=cause, version=2, now=clock()
        )
    sends()
    assert names() == ["open"]


def test_claiming_is_done_once_as_who_pressed_it(slack: Pressed, client: TestClient) -> None:
    pressed = slack.press("claim", 1, ANA)
    assert [post(client, pressed), post(client, pressed)] == [200, 200]
    takes()
    with reading() as session:
        ana = session.exec(select(User).where(User.name == "Ana")).one()
    assert case().assignee_id == ana.id
    assert acts() == [("done", None, {})]
    post(client, slack.press("claim", 1, ANA, nth=2))
    takes()
    assert slack.whispers == [("C0LOOP001", ANA, "You own case 1 already.")]


@pytest.mark.parametrize("user", [GUEST, NOBODY])
def test_a_stranger_changes_nothing_and_is_told_why(
    slack: Pressed, client: TestClient, user: str
) -> None:
    post(client, slack.press("claim", 1, user))
    post(client, slack.press("reply", 1, user))
    takes()
    assert case().assignee_id is None and slack.forms == []
    assert {told[1] for told in slack.whispers} == {user} and len(slack.whispers) == 2
    assert "Nobody at the desk has your address" in slack.whispers[0][2]


@pytest.mark.parametrize("about", [
    {"team_id": "T0ELSE001"}, {"team_id": ""}, {"is_email_confirmed": False},
    {"team_id": "T0ELSE001", "enterprise_user": {"enterprise_id": "E0ELSE001"}},
])  # fmt: skip
def test_whoever_another_company_says_has_a_colleagues_address_is_a_stranger(
    slack: Pressed, client: TestClient, about: dict[str, Any]
) -> None:
    slack.about[ANA] = about  # of a channel that both share, where Slack calls nobody a stranger
    post(client, slack.press("claim", 1, ANA))
    post(client, slack.press("resolve", 1, ANA))
    takes()
    assert case().assignee_id is None and slack.forms == []


def test_a_form_resolves_the_case_as_the_page_does(slack: Pressed, client: TestClient) -> None:
    assert post(client, slack.press("resolve", 1, ANA)) == 200
    [form] = slack.forms
    assert form["callback_id"] == "resolve"
    with reading() as session:
        cause = session.exec(select(RootCause.id)).first()
    sent = slack.enter(ANA, outcome="explained", cause=cause)
    assert [post(client, sent), post(client, sent)] == [200, 200]
    takes()
    assert (case().status, case().outcome, case().root_cause_id) == ("resolved", "explained", cause)
    assert slack.whispers == []


def test_a_form_that_is_out_of_date_changes_nothing(slack: Pressed, client: TestClient) -> None:
    post(client, slack.press("snooze", 1, ANA))
    with transaction() as session:
        verbs.note(session, ADMIN, 1, body="Meanwhile", now=clock())
    until = clock() + timedelta(days=2)
    post(client, slack.enter(ANA, until=int(until.timestamp())))
    takes()
    assert case().snoozed_until is None
    assert "changed while you looked at it" in slack.whispers[0][2]
    post(client, slack.press("snooze", 1, ANA, nth=2))
    post(client, slack.enter(ANA, view="V2", until=int(until.timestamp())))
    takes()
    assert case().snoozed_until == until.replace(microsecond=0)


def test_a_reply_goes_by_the_usual_way_and_can_be_taken_back(
    slack: Pressed, client: TestClient
) -> None:
    with transaction() as session:
        config = {"from_address": "care@desk.example"}
        session.add(Integration(name="email", connected_at=clock(), config=config))
    post(client, slack.press("reply", 1, ANA))
    assert slack.forms[0]["blocks"][0]["label"]["text"] == "To Dana, by E-mail"
    sent = slack.enter(ANA, text="Dear\0 Dana\ud800")  # of which no database takes all
    post(client, sent)
    post(client, sent)
    takes()
    with reading() as session:
        assert session.exec(select(Message.body)).all() == ["Dear Dana"]
        owed = session.exec(select(Delivery).where(Delivery.vendor == "email")).one()
    assert owed.state == "pending" and owed.not_before > clock()
    assert slack.whispers[0][2].startswith("Your reply leaves in 30 seconds")
    assert all(payload == {} for _, _, payload in acts())


def test_what_is_not_signed_or_says_nothing_is_refused_or_has_no_effect(
    slack: Pressed, client: TestClient
) -> None:
    assert post(client, slack.press("claim", 1, ANA), secret="another") == 401
    old = hooks.slack(slack.press("claim", 1, ANA), at=clock() - timedelta(minutes=6))
    assert client.post("/webhooks/slack", content=old[0], headers=old[1]).status_code == 401
    for odd in ({}, {"type": "block_actions"}, {"type": "view_submission", "view": 3},
                {"type": "block_actions", "actions": [{"action_id": "open"}]}):  # fmt: skip
        assert post(client, odd) == 200
    raw, headers = hooks.slack({"text": "x" * 5 * 1024 * 1024})
    assert client.post("/webhooks/slack", content=raw, headers=headers).status_code == 413
    assert acts() == []


@contextmanager
def listening(slack: Pressed) -> Iterator[None]:
    stopping = threading.Event()
    thread = threading.Thread(target=slack_socket.listen, args=(stopping, clock))
    thread.start()
    try:
        waited(lambda: slack.sockets)
        yield
    finally:
        stopping.set()
        thread.join(10)
    assert not thread.is_alive()


def test_over_a_socket_the_same_is_done_without_a_public_address(slack: Pressed) -> None:
    with listening(slack):
        pressed = slack.press("claim", 1, ANA)
        slack.push(pressed, "e1")
        slack.push(pressed, "e2")  # as if the first had not been acknowledged
        waited(lambda: len(slack.taken) == 2)
        takes()
        assert case().assignee_id is not None
        assert [state for state, _, _ in acts()] == ["done"]
        slack.push(slack.press("resolve", 1, ANA), "e3")
        waited(lambda: slack.forms)


def test_what_was_cut_off_before_it_was_told_as_taken_is_taken_soon_and_once(
    slack: Pressed,
) -> None:
    with listening(slack):
        slack.push(slack.press("claim", 1, ANA), cut=True)
        waited(lambda: not slack.waiting, 4)
        takes()
    assert [state for state, _, _ in acts()] == ["done"] and slack.whispers == []


def waited(there: Any, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until
        time.sleep(0.02)
