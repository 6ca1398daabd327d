"""A digest in Slack is one message that can be found again, with its picture in the thread."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.vendors.base import Message, Unsure, VendorError
from tests.digests.test_picture import chart
from tests.standins import slack as standins
from tests.vendors.test_slack import HOSTILE, hook, vendor
from tests.vendors.test_slack_blocks import texts


@pytest.fixture
def team() -> Iterator[standins.Slack]:
    with standins.Slack().serving() as team:
        yield team
        assert team.wrong == []


def told(**more: Any) -> Message:
    """A digest for a channel, or for `to`."""
    part = {
        "title": "New answers", "link": "https://desk.example/verbatims?metric=nps",
        "lines": [{"text": "3 answers (NPS 3)", "link": ""}],
    }  # fmt: skip
    where = {} if "to" in more else {"channel": "C0LOOP001"}
    body = {"subject": "Loopdesk: 3 answers", "chart": chart(), "parts": [part]} | where | more
    return Message("k1", "digest", body)


def test_a_channel_gets_the_words_with_their_lists_and_the_picture_below(
    team: standins.Slack,
) -> None:
    receipt = vendor(team).send(told())
    (message,), (file,) = team.channels["C0LOOP001"], team.files.values()
    assert message["text"] == "Loopdesk: 3 answers"
    assert any("3 answers (NPS 3)" in text for text in texts(message["blocks"]))
    assert message["blocks"][2]["accessory"]["url"].endswith("/verbatims?metric=nps")
    assert (file["channel_id"], file["thread_ts"]) == ("C0LOOP001", message["ts"])
    assert file["data"].startswith(b"\x89PNG") and file["alt"].startswith("NPS 38")
    assert receipt.remote_id == f"C0LOOP001:{message['ts']}" and receipt.thread is None


def test_a_person_gets_theirs_directly(team: standins.Slack) -> None:
    vendor(team).send(told(to="ana@acme.example"))
    (file,) = team.files.values()
    assert len(team.channels["D0ANA0001"]) == 1 and file["channel_id"] == "D0ANA0001"
    assert team.channels["C0LOOP001"] == []


@pytest.mark.parametrize("to", [{}, {"to": "ana@acme.example"}])
@pytest.mark.parametrize("kind", ["drop", "500"])
def test_a_lost_answer_is_looked_up_and_nothing_is_posted_twice(
    team: standins.Slack, kind: str, to: dict[str, str]
) -> None:
    team.fault(kind, "postMessage", after=True)
    message = told(**to)
    with pytest.raises(VendorError) as caught:
        vendor(team).send(message)
    assert caught.value.unsure and vendor(team).unsure(message) is Unsure.LOOK
    found = vendor(team).find(message)
    assert found is not None and team.keys() == ["k1"]


@pytest.mark.parametrize("kind", ["before", "drop", "500", "429", "html"])
@pytest.mark.parametrize("call", ["getUploadURL", "upload/v1", "completeUpload"])
def test_a_picture_that_does_not_arrive_takes_nothing_back(
    team: standins.Slack, call: str, kind: str
) -> None:
    team.fault(kind, call)
    assert vendor(team).send(told()).remote_id.startswith("C0LOOP001:")
    assert team.keys() == ["k1"] and len(team.files) <= 1


def test_without_the_scope_the_words_come_alone_and_the_check_says_so(team: standins.Slack) -> None:
    team.scopes = "chat:write,channels:history,im:write,users:read.email"
    assert "without files:write digests come without their picture" in vendor(team).check()


def test_hostile_names_in_a_digest_stay_text(team: standins.Slack) -> None:
    parts = [{"title": HOSTILE, "link": "javascript:alert(1)",
              "lines": [{"text": HOSTILE, "link": ""}]}]  # fmt: skip
    vendor(team).send(told(parts=parts, subject=HOSTILE))
    (message,) = team.channels["C0LOOP001"]
    assert "accessory" not in message["blocks"][2]
    for text in [message["text"], *texts(message["blocks"])]:
        assert "<!" not in text and "<@" not in text and "<http" not in text


def test_a_webhook_can_post_no_digest(team: standins.Slack) -> None:
    with pytest.raises(VendorError, match="only post") as caught:
        hook(team).send(told())
    assert caught.value.permanent and team.hooked == []
