"""The same workspace with people in it: they press buttons and fill in forms, told of either way.

Over a socket what is not acknowledged is sent again, as Slack does.
"""

import asyncio
import json
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.standins import slack
from tests.standins.serving import main

slack.TAKES.update({
    "apps.connections.open": set(),
    "chat.postEphemeral": {"channel", "parse", "text", "user"},
    "users.info": {"user"},
    "views.open": {"trigger_id", "view"},
})  # fmt: skip


@dataclass
class Pressed(slack.Slack):
    """`guests` are people of other workspaces, whatever address they claim; `about` is what else
    Slack says of somebody. `openers`: who has each of the `forms` before them. `waiting`: envelopes
    that nobody has acknowledged.
    """

    app_token: str = "xapp-good"
    guests: set[str] = field(default_factory=set)
    about: dict[str, dict[str, Any]] = field(default_factory=dict)
    forms: list[dict[str, Any]] = field(default_factory=list)
    openers: list[str] = field(default_factory=list)
    whispers: list[tuple[str, str, str]] = field(default_factory=list)
    triggers: set[str] = field(default_factory=set)
    sockets: list[WebSocket] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)
    loop: Any = None

    def routes(self) -> list[Any]:
        opening = Route("/api/apps.connections.open", self.connect, methods=["POST"])
        return [opening, WebSocketRoute("/link", self.link), *super().routes()]

    async def connect(self, request: Request) -> Response:
        """An address for one socket, for whoever has the app's own token."""
        if request.headers.get("authorization") != f"Bearer {self.app_token}":
            return self._refused("invalid_auth")
        address = f"ws://127.0.0.1:{self.port}/link?ticket=t1"
        return JSONResponse({"ok": True, "url": address})

    async def link(self, socket: WebSocket) -> None:
        """Greets, tells again of what was not acknowledged, and notes what is."""
        self.loop = asyncio.get_running_loop()
        await socket.accept()
        await socket.send_text(json.dumps({"type": "hello", "num_connections": 1}))
        self.sockets.append(socket)
        try:
            await self._tell([*self.waiting])
            while True:
                taken = json.loads(await socket.receive_text())["envelope_id"]
                self.taken.append(taken)
                self.waiting.pop(taken, None)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if socket in self.sockets:
                self.sockets.remove(socket)

    def push(self, payload: dict[str, Any], envelope: str = "e1", *, cut: bool = False) -> None:
        """To one of the sockets that are open, or to the next one. `cut`: hang up right behind."""
        self.waiting[envelope] = {
            "envelope_id": envelope, "type": "interactive", "payload": payload,
            "accepts_response_payload": True, "retry_attempt": 0, "retry_reason": "",
        }  # fmt: skip
        self._soon([envelope], cut=cut)

    def again(self) -> None:
        """Slack has waited long enough for what is not acknowledged."""
        self._soon([*self.waiting])

    def _soon(self, envelopes: list[str], *, cut: bool = False) -> None:
        if self.loop is not None:
            telling = self._tell(envelopes, cut=cut)
            asyncio.run_coroutine_threadsafe(telling, self.loop).result(5)

    async def _tell(self, envelopes: list[str], *, cut: bool = False) -> None:
        for envelope in envelopes:
            told = self.waiting.get(envelope)
            if told is None or not self.sockets:
                continue
            socket = random.choice(self.sockets)
            with suppress(WebSocketDisconnect, RuntimeError):  # it has just gone
                await socket.send_text(json.dumps(told))
                if cut:
                    await socket.close()
            told |= {"retry_attempt": told["retry_attempt"] + 1, "retry_reason": "timeout"}

    def press(self, what: str, number: int, user: str, nth: int = 1) -> dict[str, Any]:
        """Somebody presses a button of a case's message."""
        trigger = f"{nth}.{user}.{what}.{number}"
        self.triggers.add(trigger)
        return {
            "type": "block_actions", "user": {"id": user, "team_id": "T0ACME001"},
            "trigger_id": trigger, "channel": {"id": "C0LOOP001"},
            "actions": [{"action_id": what, "value": str(number), "type": "button"}],
        }  # fmt: skip

    def enter(self, user: str, view: str = "V0001", nth: int = -1, **values: Any) -> dict[str, Any]:
        """Somebody fills in the form that was shown last, or the `nth` one, and sends it."""
        form = self.forms[nth]
        kinds = {"until": "selected_date_time", "text": "value"}
        state = {
            name: {name: {kinds[name]: value} if name in kinds
                   else {"selected_option": {"value": str(value)}}}
            for name, value in values.items()
        }  # fmt: skip
        told = {"id": view, "state": {"values": state}}
        kept = {name: form[name] for name in ("callback_id", "private_metadata")}
        return {"type": "view_submission", "user": {"id": user}, "view": told | kept}

    def _users_info(self, asked: dict[str, Any]) -> dict[str, Any]:
        emails = {user: email for email, user in self.people.items()}
        if (user := asked["user"]) not in emails:
            return {"error": "user_not_found"}
        strange = {"is_stranger": True} if user in self.guests else {}
        told = {"id": user, "team_id": "T0ACME001", "profile": {"email": emails[user]}}
        return {"user": told | strange | self.about.get(user, {})}

    def _views_open(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["trigger_id"] not in self.triggers:
            return {"error": "expired_trigger_id"}
        self.triggers.remove(asked["trigger_id"])
        self.openers.append(asked["trigger_id"].split(".")[1])
        view = asked["view"]
        self.forms.append(json.loads(view) if isinstance(view, str) else view)
        return {}

    def _chat_postEphemeral(self, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self.whispers.append((asked["channel"], asked["user"], asked["text"]))
        return {"message_ts": f"1.{next(self.moments):06}"}


if __name__ == "__main__":
    main(Pressed())
