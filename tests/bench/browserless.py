"""A browser's end of Streamlit's websocket, without the browser."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.served import ServedDesk

PATIENCE = 60  # seconds
STREAMLIT = Subprotocol("streamlit")
BIGGEST = 50 * 1024 * 1024  # bytes of one message


@dataclass(frozen=True)
class Opened:
    """A page that was opened: until its last element came, and how much came."""

    ms: float
    bytes: int
    messages: int


def open_page(desk: ServedDesk, token: str, url_path: str, query: Mapping[str, str]) -> Opened:
    """Open a page in a new tab: connect, ask for it, and read until its script has finished."""
    headers = {"Cookie": f"{desk.cookie_name}={token}", "Origin": desk.url}
    address = desk.url.replace("http", "ws", 1) + "/_stcore/stream"
    start = time.perf_counter()
    with connect(
        address, additional_headers=headers, subprotocols=[STREAMLIT], max_size=BIGGEST
    ) as socket:  # fmt: skip
        asked = BackMsg()
        asked.rerun_script.page_name = url_path
        asked.rerun_script.query_string = urlencode(query)
        socket.send(asked.SerializeToString())
        size = messages = 0
        while True:
            content = socket.recv(PATIENCE, decode=False)
            size, messages = size + len(content), messages + 1
            said = ForwardMsg.FromString(content)
            broken = said.delta.new_element.exception
            assert not broken.type, f"{url_path or 'the first page'}: {broken.type}"
            if said.WhichOneof("type") == "script_finished":
                return Opened((time.perf_counter() - start) * 1000, size, messages)
