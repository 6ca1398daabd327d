"""Slack: a case is a message in a channel, kept up to date, with a thread below it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from typing import Any, ClassVar

from services import egress
from services.digests import picture
from services.vendors import slack_read
from services.vendors.base import Field, Message, Receipt, There, Unsure, Vendor, VendorError
from services.vendors.over_http import told
from services.vendors.slack_blocks import blocks, note, safe, summary
from services.vendors.slack_client import TITLE, Workspace, refusal
from services.vendors.slack_digest import blocks as digest_blocks
from services.vendors.slack_forms import BUTTONS
from services.vendors.slack_socket import Handler, listening
from services.vendors.words import line

_EVENT = "loopdesk_case"
_REST = 1.0  # seconds; Slack takes about one message a second for each channel
_PICTURES = "files:write"
_DIRECT = {"im:write": "direct messages", "users:read.email": "direct messages"}
# Nothing in a message may become a link preview, a mention or a format.
_STILL = {"unfurl_links": False, "unfurl_media": False}
_PLAIN = {"parse": "none", "link_names": False}


class Slack(Vendor):
    """With a bot token everything can be done and looked up; a webhook can only post."""

    name = "slack"
    title = TITLE
    fields: ClassVar[tuple[Field, ...]] = (
        Field("mode", "Connect by", "A bot token can do all; an incoming webhook can only post.",
              default="token", choices=("token", "webhook")),
        Field("bot_token", "Bot token", "Starts with xoxb-.", secret=True, required=False),
        Field("channel", "Channel ID", "At the end of the channel's details, such as C0123456789.",
              required=False),
        Field("webhook_url", "Webhook address", "Starts with https://hooks.slack.com/.",
              secret=True, required=False),
        Field("app_token", "App token", "Starts with xapp-. Buttons then work without a public "
              "address (Socket Mode).", secret=True, required=False),
        Field("signing_secret", "Signing secret", "Only where Slack calls the desk instead.",
              secret=True, required=False),
        Field("base_url", "Address", "Only where it is not Slack's own.",
              default="https://slack.com/api/", required=False),
    )  # fmt: skip
    actions: ClassVar[Mapping[str, Unsure]] = {
        "post": Unsure.LOOK,
        "update": Unsure.AGAIN,
        "thread": Unsure.LOOK,
        "direct": Unsure.LOOK,
        "digest": Unsure.LOOK,
    }

    def unsure(self, message: Message) -> Unsure:
        return Unsure.ASK if self._by_webhook else super().unsure(message)

    def check(self) -> str:
        if self._by_webhook:
            return self._check_webhook()
        channel = self._channel()
        with self._workspace() as slack:
            team, user, scopes = slack.who()
            slack.may_read(channel)
        lacking = sorted(scope for scope in _DIRECT if scopes and scope not in scopes)
        more = f"; without {', '.join(lacking)} it sends no direct messages" if lacking else ""
        if scopes and _PICTURES not in scopes:
            more += f"; without {_PICTURES} digests come without their picture"
        return f"Signed in to {line(team, 60)} as {line(user, 60)}{more}"

    def payload(self, message: Message) -> dict[str, Any]:
        """A direct message names the address here; it leaves with what Slack calls the person."""
        body, action = message.body, message.action
        if action in ("post", "update"):
            said: dict[str, Any] = {"text": summary(body["card"])}
            mapping, heard = self.config.get("mapping") or {}, self._heard
            said["blocks"] = blocks(body["card"], mapping, BUTTONS if heard else None)
            if self._by_webhook:
                return said | _STILL
            if action == "update":
                return dict(zip(("channel", "ts"), _thread(message), strict=True)) | said | _PLAIN
            return self._new(message, channel=self._channel(), **said)
        if action == "thread":
            channel, ts = _thread(message)
            text = safe(body["text"], 30_000)
            return self._new(message, channel=channel, thread_ts=ts, text=text, mrkdwn=False)
        if action == "digest":
            said = {"text": safe(line(body["subject"], 140), 140), "blocks": digest_blocks(body)}
            return self._new(message, channel=str(body.get("channel") or body["to"]), **said)
        said = {
            "text": safe(line(body["text"]), 140),
            "blocks": note(body["text"], body.get("link")),
        }
        return self._new(message, channel=str(body["to"]), **said)

    def send(self, message: Message) -> Receipt:
        wanted = self.payload(message)
        if self._by_webhook:
            return self._post_by_webhook(message, wanted)
        with self._workspace() as slack:
            if message.action == "update":
                slack.update(wanted)
                return _receipt(*_thread(message))
            if message.body.get("to"):
                wanted["channel"] = slack.direct(str(message.body["to"]))
            channel, ts = slack.post(wanted)
            link = slack.link(channel, ts) if message.action == "post" else None
            if message.action == "digest":
                _illustrate(slack, message.body["chart"], channel, ts)
        return _receipt(channel, ts, message, link)

    def there(self, messages: Sequence[Message]) -> dict[str, There]:
        """Posts, each in the channel that it went to; what stands below them is left out."""
        posts = [one for one in messages if one.action == "post" and self.sees(one)]
        if not posts:
            return {}
        with self._workspace() as slack:
            where = {one.key: _thread(one)[0] if one.thread else self._channel() for one in posts}
            return slack_read.there(slack, where, {one.key: _oldest(one) for one in posts})

    def find(self, message: Message) -> Receipt | None:
        if self._by_webhook:
            return super().find(message)
        with self._workspace() as slack:
            channel, thread = self._place(slack, message)
            for said in slack.messages(channel, thread, _oldest(message)):
                payload = (said.get("metadata") or {}).get("event_payload") or {}
                if payload.get("key") == message.key:
                    ts = str(said["ts"])
                    return _receipt(channel, ts, message, slack.link(channel, ts))
        return None

    def email_of(self, user: str) -> str | None:
        """The address of somebody of this workspace, if they have one."""
        with self._workspace() as slack:
            return slack.email_of(user)

    def form(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Show a form to whoever has just pressed a button."""
        with self._workspace() as slack:
            slack.form(trigger, view)

    def tell(self, channel: str, user: str, text: str) -> None:
        """Say something to one person alone."""
        with self._workspace() as slack:
            slack.tell(channel, user, safe(text, 1000))

    def listening(self, handler: Handler) -> AbstractContextManager[object]:
        """Connected by the app token until the block ends; see `slack_socket`."""
        token = self.secrets.get("app_token", "").strip()
        return listening(token, self._base(), self.allow, handler)

    @property
    def _heard(self) -> bool:
        """Whether somebody hears of it when a button is pressed."""
        return not self._by_webhook and any(map(self.secrets.get, ("app_token", "signing_secret")))

    @property
    def _by_webhook(self) -> bool:
        return self.config.get("mode") == "webhook"

    def _place(self, slack: Workspace, message: Message) -> tuple[str, str]:
        """The channel and thread where this message would be."""
        if message.body.get("to"):
            return slack.direct(str(message.body["to"])), ""
        if message.action == "digest":
            return str(message.body["channel"]), ""
        return _thread(message) if message.action == "thread" else (self._channel(), "")

    def _new(self, message: Message, **said: Any) -> dict[str, Any]:
        """A message that can be found again by its key."""
        named = {"key": message.key}
        if number := (message.body.get("card") or {}).get("number"):
            named["case"] = str(number)
        return said | _STILL | _PLAIN | {"metadata": {"event_type": _EVENT, "event_payload": named}}

    def _channel(self) -> str:
        channel = str(self.config.get("channel") or "").strip()
        if not re.fullmatch(r"[CG][A-Z0-9]{6,20}", channel):
            said = "this is not" if channel else "enter"
            raise VendorError(f"Slack: {said} a channel ID such as C0123456789", permanent=True)
        return channel

    @contextmanager
    def _workspace(self) -> Iterator[Workspace]:
        token = self.secrets.get("bot_token", "").strip()
        if not re.fullmatch(r"[\x21-\x7e]+", token):
            raise VendorError("Slack: the bot token is missing", reconnect=True)
        with egress.client(self.allow) as http:
            yield Workspace(http, token, self._base())

    def _base(self) -> str:
        base = str(self.config.get("base_url") or "https://slack.com/api/")
        if not base.startswith(("https://", "http://")):
            raise VendorError("Slack: the address must start with https://", permanent=True)
        return base

    def _post_by_webhook(self, message: Message, wanted: dict[str, Any]) -> Receipt:
        if message.action != "post":
            said = "Slack: an incoming webhook can only post; connect by a bot token for the rest"
            raise VendorError(said, permanent=True)
        status, headers, word = self._to_webhook(wanted)
        if status != 200 or word != "ok":
            raise refusal(status, headers, word, effect=True)
        return Receipt(message.key, rest=_REST)

    def _check_webhook(self) -> str:
        """A message without text is refused by a webhook that lives, and shown to nobody."""
        status, headers, word = self._to_webhook({"text": ""})
        if status != 400:
            raise refusal(status, headers, word, effect=False)
        return "The webhook exists. What it posts cannot be changed or looked up later"

    def _to_webhook(self, body: dict[str, Any]) -> tuple[int, Mapping[str, str], str]:
        with told(TITLE, effect=True), egress.client(self.allow) as http:
            answer = http.post(self.secrets.get("webhook_url", "").strip(), json=body)
            return answer.status_code, answer.headers, answer.text.strip()


def _receipt(
    channel: str, ts: str, message: Message | None = None, link: str | None = None
) -> Receipt:
    """Only a post gives the case a message of its own."""
    thread = f"{channel}:{ts}" if message and message.action == "post" else None
    return Receipt(f"{channel}:{ts}", thread, link, _REST if message else 0)


def _illustrate(slack: Workspace, chart: Mapping[str, Any], channel: str, ts: str) -> None:
    """The picture of a digest, in its thread. What was posted stands and is not posted again,
    whatever becomes of this: the words say the same."""
    with suppress(VendorError):
        slack.picture(channel, ts, picture.png(chart), chart["title"], picture.alt(chart))


def _thread(message: Message) -> tuple[str, str]:
    """Channel and name of the case's message."""
    channel, _, ts = (message.thread or "").partition(":")
    if not channel or not ts:
        raise VendorError("The case has no message in Slack yet", permanent=True)
    return channel, ts


def _oldest(message: Message) -> str:
    """Nothing was posted before it was owed; a day for clocks that differ."""
    if message.since is None:
        return ""
    return f"{(message.since - timedelta(days=1)).timestamp():.6f}"
