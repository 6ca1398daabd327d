"""A Slack workspace with one bot: messages, threads, direct messages, and an incoming webhook.

Answers are checked against Slack's own samples where these are at hand; so are the blocks it gets.
"""

import json
import time
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.config import ROOT
from tests.standins.serving import StandIn, main

CONTRACTS = ROOT.parent / "shared" / "contracts" / "slack"
POSTING = {"blocks", "channel", "link_names", "metadata", "parse", "text"}
# What each method takes, by Slack's reference; anything else is refused instead of ignored.
TAKES = {
    "auth.test": set(),
    "chat.getPermalink": {"channel", "message_ts"},
    "chat.postMessage": POSTING | {"mrkdwn", "thread_ts", "unfurl_links", "unfurl_media"},
    "chat.update": POSTING | {"ts"},
    "conversations.history": {"channel", "cursor", "include_all_metadata", "limit", "oldest"},
    "conversations.open": {"users"},
    "conversations.replies": {
        "channel", "cursor", "include_all_metadata", "limit", "oldest", "ts",
    },
    "files.completeUploadExternal": {"channel_id", "files", "thread_ts"},
    "files.getUploadURLExternal": {"alt_txt", "filename", "length"},
    "users.lookupByEmail": {"email"},
}  # fmt: skip
BY_WEBHOOK = {"blocks", "text", "unfurl_links", "unfurl_media"}
SCOPES = "chat:write,channels:history,files:write,im:write,im:history,users:read,users:read.email"


@cache
def sample(name: str) -> Any:
    """Slack's own sample of an answer; None where it is not at hand."""
    file = CONTRACTS / f"{name}.json"
    return json.loads(file.read_text()) if file.exists() else None


def strange(told: Any, known: Any, at: str = "") -> list[str]:
    """Where `told` has keys that no sample in `known` has. An empty sample allows everything."""
    if isinstance(told, list) and isinstance(known, list):
        return [wrong for one in told for wrong in _nearest(one, known, at)]
    if not isinstance(told, dict) or not isinstance(known, dict) or not known:
        return []
    wrong = [f"{at}.{key}" for key in told if key not in known]
    return wrong + [
        deep
        for key in told
        if key in known
        for deep in strange(told[key], known[key], f"{at}.{key}")
    ]


def _nearest(one: Any, known: list[Any], at: str) -> list[str]:
    """Against the samples of its own type, as blocks are."""
    kind = one.get("type") if isinstance(one, dict) else None
    alike = [each for each in known if not isinstance(each, dict) or each.get("type") == kind]
    return min((strange(one, each, at) for each in alike), key=len, default=[])


def wrong_blocks(blocks: Any) -> list[str]:
    """What Slack's samples of blocks do not know."""
    known = sample("chat.postMessage")
    if known is None:
        return []
    message = known["message"]
    return strange(blocks, message["blocks"] + message["attachments"][0]["blocks"])


@dataclass
class Slack(StandIn):
    """`page`: how many messages a list holds at most."""

    token: str = "xoxb-good"
    page: int = 200
    scopes: str = SCOPES
    no: str = ""  # the error that every method answers, if any
    people: dict[str, str] = field(default_factory=lambda: {"ana@acme.example": "U0ANA0001"})
    channels: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"C0LOOP001": []})
    hooked: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    hook: str = "ok"  # or the word with which the webhook refuses
    hook_status: int = 200
    moments: Any = field(default_factory=lambda: count(1))

    def routes(self) -> list[Route]:
        return [
            Route("/api/{method}", self.method, methods=["POST"]),
            Route("/services/T/B/secret", self.webhook, methods=["POST"]),
            Route("/upload/v1/{file}", self.upload, methods=["POST"]),
        ]

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/services/T/B/secret"

    def state(self) -> dict[str, Any]:
        return {"channels": self.channels, "hooked": self.hooked, "wrong": self.wrong}

    def messages(self) -> list[dict[str, Any]]:
        return [message for messages in self.channels.values() for message in messages]

    def keys(self) -> list[str]:
        """The key of every message: one that is here twice was posted twice."""
        return [one["metadata"]["event_payload"]["key"] for one in self.messages()]

    def revoked(self) -> Response:
        return self._refused("token_revoked")

    def _refused(self, error: str) -> Response:
        return JSONResponse({"ok": False, "error": error})

    async def method(self, request: Request) -> Response:
        method, asked = request.path_params["method"], await _asked(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return self._refused("invalid_auth")
        if unknown := set(asked) - TAKES[method]:
            self.wrong += sorted(unknown)
            return self._refused("invalid_arguments")
        self.wrong += wrong_blocks(asked.get("blocks"))
        said = (
            {"error": self.no} if self.no else getattr(self, f"_{method.replace('.', '_')}")(asked)
        )
        answer = {"ok": "error" not in said} | said
        self.wrong += strange(answer, sample(method))
        return JSONResponse(answer, headers={"x-oauth-scopes": self.scopes})

    def _auth_test(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"team": "Acme", "user": "loopdesk", "team_id": "T0ACME001", "user_id": "U0BOT0001"}

    def _chat_postMessage(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        channel = asked["channel"]
        if channel not in self.channels:
            return {"error": "channel_not_found"}
        kept = {name: asked[name] for name in ("text", "blocks", "thread_ts") if name in asked}
        message = {"type": "message", "ts": f"{int(time.time())}.{next(self.moments):06}"} | kept
        self.channels[channel].append(message | {"metadata": asked.get("metadata")})
        return {"channel": channel, "ts": message["ts"], "message": message}

    def _chat_update(self, asked: dict[str, Any]) -> dict[str, Any]:
        for message in self.channels.get(asked["channel"], ()):
            if message["ts"] == asked["ts"]:
                # Metadata that is not given stays as it was.
                message |= {name: asked[name] for name in ("text", "blocks", "metadata") if name in asked}  # noqa: E501 # fmt: skip
                return {"channel": asked["channel"], "ts": asked["ts"], "text": asked["text"]}
        return {"error": "message_not_found"}

    def _chat_getPermalink(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        place = f"{asked['channel']}/p{asked['message_ts'].replace('.', '')}"
        return {
            "channel": asked["channel"],
            "permalink": f"https://acme.slack.com/archives/{place}",
        }

    def _conversations_history(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["channel"] not in self.channels:
            return {"error": "channel_not_found"}
        since = float(asked.get("oldest", 0))
        found = [
            message for message in self.channels[asked["channel"]]
            if "thread_ts" not in message and float(message["ts"]) > since
        ]  # fmt: skip
        return self._paged(asked, found[::-1])

    def _conversations_replies(self, asked: dict[str, Any]) -> dict[str, Any]:
        first = asked["ts"]
        found = [
            message for message in self.channels.get(asked["channel"], ())
            if first in (message["ts"], message.get("thread_ts"))
        ]  # fmt: skip
        return self._paged(asked, found) if found else {"error": "thread_not_found"}

    def _paged(self, asked: dict[str, Any], found: list[dict[str, Any]]) -> dict[str, Any]:
        first = int(asked.get("cursor") or 0)
        after = first + min(int(asked["limit"]), self.page)
        shown = found[first:after]
        if asked.get("include_all_metadata") != "1":
            shown = [{k: v for k, v in one.items() if k != "metadata"} for one in shown]
        cursor = str(after) if after < len(found) else ""
        more = {"has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}
        return {"messages": shown} | more

    def _conversations_open(self, asked: dict[str, Any]) -> dict[str, Any]:
        channel = "D" + asked["users"][1:]
        self.channels.setdefault(channel, [])
        return {"channel": {"id": channel}}

    def _users_lookupByEmail(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        user = self.people.get(asked["email"])
        return {"user": {"id": user}} if user else {"error": "users_not_found"}

    def _files_getUploadURLExternal(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = f"F{next(self.moments):08}"
        self.files[name] = {"alt": asked["alt_txt"], "length": int(asked["length"])}
        return {"upload_url": f"{self.url}/upload/v1/{name}", "file_id": name}

    async def upload(self, request: Request) -> Response:
        """Slack takes the bytes without a token: the address itself is the secret."""
        file, data = self.files[request.path_params["file"]], await request.body()
        if "authorization" in request.headers or len(data) != file["length"]:
            return PlainTextResponse("wrong", 400)
        file["data"] = data
        return PlainTextResponse(f"OK - {len(data)}")

    def _files_completeUploadExternal(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        (given,) = json.loads(asked["files"])
        if "data" not in self.files.get(given["id"], {}):
            return {"error": "file_not_found"}
        where = {name: asked[name] for name in ("channel_id", "thread_ts")}
        self.files[given["id"]] |= given | where
        return {"files": [{"id": given["id"], "title": given["title"]}]}

    async def webhook(self, request: Request) -> Response:
        asked = await request.json()
        if self.hook_status != 200:
            return PlainTextResponse(self.hook, self.hook_status)
        if not asked.get("text"):
            return PlainTextResponse("no_text", 400)
        self.wrong += sorted(set(asked) - BY_WEBHOOK) + wrong_blocks(asked.get("blocks"))
        self.hooked.append(asked)
        return PlainTextResponse("ok")


async def _asked(request: Request) -> dict[str, Any]:
    raw = (await request.body()).decode()
    # The SDK says "application/json" of an empty body too.
    return dict(json.loads(raw)) if raw.startswith("{") else dict(parse_qsl(raw))


if __name__ == "__main__":
    main(Slack())
