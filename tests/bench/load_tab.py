"""A browser tab of the load: Streamlit's websocket spoken as its page does, nothing drawn.

It knows by their keys what can be pressed, follows addresses, and polls what asks to be polled.
"""

import asyncio
import html
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection

PATIENCE = 60  # seconds
INTERNAL = "$$STREAMLIT_INTERNAL_KEY"
LINK = re.compile(r'href="([^"]+)"[^>]*>([^<]*)<')


@dataclass
class Part:
    """Something on the page with a key: its id, the fragment that it is in, what it was given."""

    id: str
    fragment: str
    data: Any = None  # None: a button


class Broken(Exception):
    """The page showed an error, or did not come."""


@dataclass
class Tab:
    """What a tab holds between two runs, and how long each run took: `times` in ms by name."""

    socket: ClientConnection
    times: dict[str, list[float]]
    parts: dict[str, Part] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    polls: dict[str, list[float]] = field(default_factory=dict)  # fragment: every, due
    script: str = ""
    query: str = ""

    async def go(self, name: str, page: str, query: dict[str, str]) -> None:
        """Follow an address of the desk."""
        self.query = urlencode(query)
        asked = BackMsg()
        asked.rerun_script.page_name = page
        await self._run(name, asked)

    async def press(self, name: str, key: str) -> None:
        """Press a button."""
        part, asked = self.parts[key], self._same_page(self.parts[key].fragment)
        asked.rerun_script.widget_states.widgets.add(id=part.id, trigger_value=True)
        await self._run(name, asked)

    async def tell(self, name: str, key: str, event: str, value: Any) -> None:
        """What a component of ours says when somebody acts in it."""
        part, asked = self.parts[key], self._same_page(self.parts[key].fragment)
        asked.rerun_script.widget_states.widgets.add(
            id=f"{INTERNAL}_{part.id}__events",
            json_trigger_value=json.dumps([{"event": event, "value": value}]),
        )
        await self._run(name, asked)

    async def think(self, seconds: float) -> None:
        """Time passes; whatever polls does so."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            due = [one for one, (_, at) in self.polls.items() if at <= now]
            for fragment in due:
                asked = self._same_page(fragment)
                asked.rerun_script.is_auto_rerun = True
                self.polls[fragment][1] = now + self.polls[fragment][0]
                await self._run("poll", asked)
            nearest = min([until, *(at for _, at in self.polls.values())])
            await asyncio.sleep(max(0.0, nearest - time.monotonic()))

    def _same_page(self, fragment: str) -> BackMsg:
        asked = BackMsg()
        asked.rerun_script.page_script_hash = self.script
        asked.rerun_script.fragment_id = fragment
        return asked

    async def _run(self, name: str, asked: BackMsg) -> None:
        """Ask, and read until the script has finished and no further run follows."""
        asked.rerun_script.query_string = self.query
        for part in self.parts.values():
            if part.data is not None:  # what its page keeps of a component: nothing here
                asked.rerun_script.widget_states.widgets.add(id=part.id, json_value="{}")
        start = time.perf_counter()
        await self.socket.send(asked.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not self._heard(await self.socket.recv(decode=False)):
                pass
        self.times.setdefault(name, []).append((time.perf_counter() - start) * 1000)

    def _heard(self, content: bytes) -> bool:
        """Take in a message; whether it is the last one."""
        said = ForwardMsg.FromString(content)
        match said.WhichOneof("type"):
            case "new_session":
                self._begin(said)
            case "navigation":
                self.script = said.navigation.page_script_hash
            case "page_info_changed":
                self.query = said.page_info_changed.query_string
            case "auto_rerun":
                every = said.auto_rerun.interval
                self.polls[said.auto_rerun.fragment_id] = [every, time.monotonic() + every]
            case "delta":
                self._drawn(said)
            case "script_finished":
                if said.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise Broken("the script does not compile")
                return bool(said.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN)
        return False

    def _begin(self, said: ForwardMsg) -> None:
        """A run begins: of all, then what was there counts no more; or of a fragment."""
        if not said.metadata.run.fragment_ids:
            self.parts, self.links, self.polls = {}, {}, {}

    def _drawn(self, said: ForwardMsg) -> None:
        element = said.delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise Broken(element.exception.type)
        if kind == "alert" and element.alert.format == Alert.ERROR:
            raise Broken(element.alert.body)
        if kind == "html":
            self.links |= {
                words: html.unescape(to) for to, words in LINK.findall(element.html.body)
            }
        if kind == "button":
            self._keyed(element.button.id, said.delta.fragment_id)
        if kind == "bidi_component":
            mounted = element.bidi_component
            data = json.loads(mounted.json or mounted.mixed.json or "{}")
            self._keyed(mounted.id, said.delta.fragment_id, data)

    def _keyed(self, key: str, fragment: str, data: Any = None) -> None:
        self.parts[key.rpartition("-")[2]] = Part(key, fragment, data)
