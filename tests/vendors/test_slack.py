"""A case becomes one message in Slack that is kept up to date; nothing in it can act."""

import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from services import egress
from services.vendors import slack_client
from services.vendors.base import Message, Unsure, VendorError
from services.vendors.slack import Slack
from tests.standins import slack as standins
from tests.vendors.cards import CARD
from tests.vendors.test_slack_blocks import plain, texts

HOSTILE = (
    "<!channel> <@U0ANA0001> <https://evil.example|click> @here & *bold* `code` :joy: "
    "https://evil.example \x00\x1b[31m \ud800 \u202e\n" + "\U0001f600<" * 6_000
)
HERE = frozenset({"127.0.0.1"})


@pytest.fixture
def team() -> Iterator[standins.Slack]:
    with standins.Slack().serving() as team:
        yield team
        assert team.wrong == []


def vendor(team: standins.Slack, token: str = "", **config: Any) -> Slack:
    given = {"mode": "token", "channel": "C0LOOP001", "base_url": f"{team.url}/api/"} | config
    return Slack(given, {"bot_token": token or team.token}, HERE)


def hook(team: standins.Slack) -> Slack:
    return Slack({"mode": "webhook"}, {"webhook_url": team.webhook_url}, HERE)


def post(key: str = "k1", **card: Any) -> Message:
    return Message(key, "post", {"card": CARD | card})


def update(thread: str | None, **card: Any) -> Message:
    return Message("k2", "update", {"card": CARD | card}, thread)


def reply(thread: str | None, text: str = "Called her") -> Message:
    return Message("k2", "thread", {"text": text}, thread)


def direct(to: str = "ana@acme.example", text: str = "A case is yours") -> Message:
    return Message("k2", "direct", {"to": to, "text": text, "link": CARD["link"]})


def failed(vendor: Slack, message: Message) -> VendorError:
    with pytest.raises(VendorError) as caught:
        vendor.send(message)
    return caught.value


def test_a_case_becomes_a_message_as_it_was_announced(team: standins.Slack) -> None:
    slack = vendor(team)
    receipt = slack.send(post())
    [message] = team.messages()
    assert receipt.thread == receipt.remote_id == f"C0LOOP001:{message['ts']}"
    assert receipt.link == f"https://acme.slack.com/archives/C0LOOP001/p{message['ts'].replace('.', '')}"  # noqa: E501 # fmt: skip
    assert receipt.rest == 1
    [call] = team.sent("POST", "/api/chat.postMessage")
    assert call.body == slack.payload(post())
    assert call.body["text"] == "Case 1042, Acme: NPS 2 on 0-10, detractor"
    assert call.body["metadata"] == {
        "event_type": "loopdesk_case", "event_payload": {"key": "k1", "case": "1042"},
    }  # fmt: skip
    assert texts(call.body["blocks"]) == [
        "Case 1042: NPS 2 on 0-10, detractor",
        "Dana Roe, buyer, dana@customer.example, Acme",
        "\u201cExport broke\u201d",
        "ARR\n84000.00 EUR", "Renewal\n2026-03-13", "Survey\nNPS 2026", "region\nEU",
        "seats\n40", "plan\nPro", "tags\na, b",
        "Status open \u00b7 Owner Ana Kim \u00b7 Due 2026-03-02 09:00 UTC \u00b7 renewal in 12 d",
        "Open in Loopdesk",
    ]  # fmt: skip
    assert call.body["blocks"][-1]["elements"][0]["url"] == CARD["link"]


def test_a_card_of_which_nearly_everything_is_missing_is_a_message(team: standins.Slack) -> None:
    bare = dict.fromkeys(CARD) | {"number": 7}
    vendor(team).send(Message("k1", "post", {"card": bare}))
    assert texts(team.messages()[0]["blocks"]) == [
        "Case 7: no score", "Status open \u00b7 Owner nobody",
    ]  # fmt: skip


def test_an_update_edits_the_message_and_leaves_its_key(team: standins.Slack) -> None:
    slack = vendor(team)
    thread = slack.send(post()).thread
    done = update(thread, status="resolved", outcome="won back", cause="bug", due="soon")
    for _ in range(2):
        assert slack.send(done).remote_id == thread
    assert team.sent("POST", "/api/chat.update")[0].body == slack.payload(done)
    [message] = team.messages()
    standing = "Status resolved \u00b7 Owner Ana Kim \u00b7 Due soon \u00b7 Outcome won back"
    assert any(text.startswith(standing) for text in texts(message["blocks"]))
    assert team.keys() == ["k1"]
    assert slack.unsure(done) is Unsure.AGAIN


def test_a_thread_and_a_direct_message_reach_their_place(team: standins.Slack) -> None:
    slack = vendor(team)
    thread = slack.send(post()).thread
    receipt = slack.send(reply(thread))
    assert receipt.thread is None
    assert team.sent("POST", "/api/chat.postMessage")[1].body == slack.payload(reply(thread))
    assert team.channels["C0LOOP001"][1]["thread_ts"] == (thread or "").partition(":")[2]
    slack.send(direct())
    sent = team.sent("POST", "/api/chat.postMessage")[2].body
    assert sent == slack.payload(direct()) | {"channel": "D0ANA0001"}
    assert texts(sent["blocks"]) == ["A case is yours", "Open in Loopdesk"]
    error = failed(slack, direct("nobody@acme.example"))
    assert (error.permanent, str(error)) == (True, "Slack: nobody in Slack has this e-mail address")


@pytest.mark.parametrize("action", ["post", "thread", "direct"])
@pytest.mark.parametrize("kind", ["before", "drop", "500", "500 after", "html", "json", "delay"])
def test_a_lost_answer_is_unsure_and_nothing_is_done_twice(
    kind: str, action: str, team: standins.Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = vendor(team)
    thread = slack.send(post("k0")).thread
    message = {"post": post("k2"), "thread": reply(thread), "direct": direct()}[action]
    name, _, after = kind.partition(" ")
    late = bool(after) or name in ("html", "json")
    team.fault(name, "chat.postMessage", seconds=0.6, after=late, said='{"ok": true}')
    with monkeypatch.context() as patched:
        patched.setattr(egress, "TIMEOUT", httpx.Timeout(0.3 if kind == "delay" else 10))
        error = failed(slack, message)
    assert (error.permanent, error.unsure, error.reconnect) == (False, True, False)
    done = 0 if kind in ("before", "500") else 1
    assert team.keys().count("k2") == done, "slack_sdk did it again by itself"
    assert slack.unsure(message) is Unsure.LOOK
    found = slack.find(message)
    assert (found is not None) == bool(done)
    if found is None:
        slack.send(message)
        found = slack.find(message)
    assert found is not None
    assert (found.thread is not None) == (action == "post")
    assert team.keys().count("k2") == 1


def test_a_link_that_slack_does_not_tell_takes_nothing_back(team: standins.Slack) -> None:
    team.fault("500", "chat.getPermalink")
    receipt = vendor(team).send(post())
    assert receipt.link is None
    assert team.keys() == ["k1"]


def test_what_was_sent_is_found_behind_many_messages(team: standins.Slack) -> None:
    team.page = 2
    slack = vendor(team)
    for number in range(5):
        slack.send(post(f"k{number}"))
    assert slack.find(post("k0")) is not None
    assert len(team.sent("POST", "/api/conversations.history")) == 3
    assert slack.find(post("k9")) is None


def test_a_channel_too_long_to_look_through_is_not_a_no(
    team: standins.Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_client, "_PAGES", 2)
    team.page = 1
    slack = vendor(team)
    for number in range(3):
        slack.send(post(f"k{number}"))
    with pytest.raises(VendorError) as caught:
        slack.find(post("k9"))
    assert caught.value.permanent


@pytest.mark.parametrize("at", [None, "soon", "2026-03-01T11:00:00", "2999-01-01T00:00:00+00:00"])
def test_a_message_is_found_whatever_the_answer_says_of_its_time(
    at: str | None, team: standins.Slack
) -> None:
    slack = vendor(team)
    slack.send(post(answered_at=at))
    assert slack.find(post(answered_at=at)) is not None
    slack.send(post("k5", answered_at=datetime.now(UTC).isoformat()))
    assert slack.find(post("k5", answered_at=datetime.now(UTC).isoformat())) is not None


def test_hostile_text_stays_text(team: standins.Slack) -> None:
    slack = vendor(team, mapping={HOSTILE: "comment"})
    contact = {"name": HOSTILE, "email": HOSTILE, "role": HOSTILE}
    card = {"comment": HOSTILE, "contact": contact, "account": {"name": HOSTILE}, "link": HOSTILE}
    card |= {"reasons": [HOSTILE], "owner": HOSTILE, "band": HOSTILE, "due": HOSTILE}
    thread = slack.send(post(**card)).thread
    slack.send(reply(thread, HOSTILE))
    slack.send(direct(text=HOSTILE))
    for call in team.sent("POST", "/api/chat.postMessage"):
        said = call.body
        assert "mrkdwn" not in json.dumps(said.get("blocks"))
        assert (said["parse"], said["link_names"], said["unfurl_links"]) == ("none", False, False)
        for text in [said["text"], *texts(said.get("blocks"))]:
            assert not {"<", ">", "\x00", "\x1b", "\ud800", "\u202e"} & set(text)
        assert all(text.get("emoji") is False for text in plain(said.get("blocks")))
    assert "url" not in json.dumps(team.messages()[0]["blocks"])
    assert team.sent("POST", "/api/chat.postMessage")[1].body["mrkdwn"] is False


@pytest.mark.parametrize("date", [False, True])
@pytest.mark.parametrize("mode", ["token", "webhook"])
def test_a_pause_that_is_asked_for_is_kept(mode: str, date: bool, team: standins.Slack) -> None:
    team.fault("429", seconds=40, date=date)
    error = failed(vendor(team) if mode == "token" else hook(team), post())
    assert (error.permanent, error.unsure) == (False, False)
    assert error.wait is not None
    assert 38 <= error.wait <= 41
    assert team.messages() == team.hooked == []


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ("invalid_auth", "reconnect"), ("token_revoked", "reconnect"),
        ("account_inactive", "reconnect"), ("missing_scope", "reconnect"),
        ("channel_not_found", "permanent"), ("not_in_channel", "permanent"),
        ("is_archived", "permanent"), ("msg_too_long", "permanent"), ("never_heard", "permanent"),
        ("internal_error", "unsure"), ("fatal_error", "unsure"), ("ratelimited", ""),
    ],
)  # fmt: skip
def test_each_no_of_slack_says_what_may_be_done(
    said: str, flags: str, team: standins.Slack
) -> None:
    team.no = said
    error = failed(vendor(team), post())
    got = {name for name in ("reconnect", "permanent", "unsure") if getattr(error, name)}
    assert got == ({flags} if flags else set())


def test_a_token_that_is_revoked_or_missing_asks_to_reconnect(team: standins.Slack) -> None:
    team.fault("revoked")
    for token in ("", "xoxb-old", "t\u00f6ken"):
        assert failed(vendor(team, token), post()).reconnect
    assert failed(Slack({"channel": "C0LOOP001"}, {}, HERE), post()).reconnect


def test_a_webhook_posts_and_can_do_no_more(team: standins.Slack) -> None:
    slack = hook(team)
    receipt = slack.send(post())
    assert team.hooked == [slack.payload(post())]
    assert (receipt.remote_id, receipt.thread) == ("k1", None)
    assert slack.unsure(post()) is Unsure.ASK
    for message in (update("C0LOOP001:1.2"), reply("C0LOOP001:1.2"), direct()):
        assert failed(slack, message).permanent
    with pytest.raises(VendorError):
        slack.find(post())


@pytest.mark.parametrize(
    ("word", "status", "flags"),
    [
        ("no_service", 404, "reconnect"), ("invalid_token", 403, "reconnect"),
        ("channel_is_archived", 410, "permanent"), ("rollup_error", 500, "unsure"),
    ],
)  # fmt: skip
def test_each_no_of_a_webhook_says_what_may_be_done(
    word: str, status: int, flags: str, team: standins.Slack
) -> None:
    team.hook, team.hook_status = word, status
    error = failed(hook(team), post())
    got = {name for name in ("reconnect", "permanent", "unsure") if getattr(error, name)}
    assert got == {flags}
    with pytest.raises(VendorError):
        hook(team).check()


@pytest.mark.parametrize("kind", ["before", "drop", "html"])
def test_a_webhook_that_hangs_up_is_unsure_and_posts_once(kind: str, team: standins.Slack) -> None:
    team.fault(kind, after=True)
    error = failed(hook(team), post())
    assert (error.permanent, error.unsure) == (False, True)
    assert len(team.hooked) == (0 if kind == "before" else 1)


@pytest.mark.parametrize("thread", [None, "", "C0LOOP001", ":1.2"])
def test_a_case_without_a_message_fails_for_good(thread: str | None, team: standins.Slack) -> None:
    assert failed(vendor(team), update(thread)).permanent
    assert failed(vendor(team), reply(thread)).permanent


def test_the_check_says_who_we_are_and_what_lacks(team: standins.Slack) -> None:
    assert vendor(team).check() == "Signed in to Acme as loopdesk"
    team.scopes = "chat:write,im:write"
    assert "without users:read.email it sends no direct messages" in vendor(team).check()
    assert hook(team).check().startswith("The webhook exists")
    assert team.messages() == team.hooked == []
    for channel in ("#customers", "C0OTHER01", ""):
        with pytest.raises(VendorError) as caught:
            vendor(team, channel=channel).check()
        assert caught.value.permanent


def test_nothing_secret_is_logged_or_told(
    team: standins.Slack, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    for kind in ("", "before", "drop", "500", "html", "json", "429", "revoked"):
        for slack in (vendor(team), hook(team)):
            if kind:
                team.fault(kind, said='["very secret"]')
                error = failed(slack, post(comment="very secret"))
                assert error.__suppress_context__ or error.__context__ is None
                said += str(error)
            else:
                slack.send(post(comment="very secret"))
    for word in ("secret", "dana", "xoxb-good", "Acme"):
        assert word not in caplog.text + said


def test_proxies_of_the_environment_are_not_used(
    team: standins.Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert vendor(team).send(post()).thread


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/", "https://[::1]/", "http://93.184.216.34/", "x"]
)
def test_an_address_inside_or_without_tls_is_refused_for_good(url: str) -> None:
    given = {"mode": "token", "channel": "C0LOOP001", "base_url": url}
    secrets = {"bot_token": "xoxb-1", "webhook_url": url}
    for mode in ("token", "webhook"):
        error = failed(Slack(given | {"mode": mode}, secrets, frozenset()), post())
        assert (error.permanent, error.unsure) == (True, False)


def test_every_method_that_is_used_is_one_of_slacks() -> None:
    tiers = standins.sample("rate_limit_tiers")
    if tiers is None:
        pytest.skip("Slack's own samples are not at hand")
    assert set(standins.TAKES) <= set(tiers)
    assert standins.wrong_blocks([{"type": "section", "txet": {}}]) == [".txet"]


def test_making_one_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    slack = Slack({"channel": "C0LOOP001"}, {"bot_token": "xoxb-1"}, frozenset())
    assert slack.payload(post())["channel"] == "C0LOOP001"
