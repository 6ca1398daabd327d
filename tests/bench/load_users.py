"""The load: people at work at the same time, each in a tab of their own. A process by itself.

`python -m tests.bench.load_users` reads what to do as JSON on stdin and writes what it saw as JSON.
"""

import asyncio
import json
import random
import sys
import time
import uuid
from dataclasses import asdict, dataclass

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.bench.load_tab import Broken, Tab

NOTE = "add a note"
BIGGEST = 50 * 1024 * 1024  # bytes of one message
SAID = "Called: the export stops at the third page. We look into it and call again on Monday."


@dataclass(frozen=True)
class Shift:
    """Who works where, for how long, and how long they think between two acts: `think` on average.

    Each makes one round at least.
    """

    url: str
    cookie: str
    tokens: list[str]
    seconds: float
    think: float


@dataclass
class Seen:
    """ms of each run by what was done, what went wrong, and the CPU seconds that this took."""

    times: dict[str, list[float]]
    errors: list[str]
    cpu: float = 0
    wall: float = 0


async def work(shift: Shift) -> Seen:
    """Everybody works until the end of the shift."""
    seen, start = Seen({}, []), time.monotonic()
    people = [_person(shift, token, k, seen) for k, token in enumerate(shift.tokens)]
    await asyncio.gather(*people)
    seen.cpu, seen.wall = time.process_time(), time.monotonic() - start
    return seen


async def _person(shift: Shift, token: str, k: int, seen: Seen) -> None:
    rng, until = random.Random(k), time.monotonic() + shift.seconds
    await asyncio.sleep(shift.think * k / len(shift.tokens))
    headers = {"Cookie": f"{shift.cookie}={token}", "Origin": shift.url}
    address = shift.url.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        async with connect(
            address, additional_headers=headers, subprotocols=[Subprotocol("streamlit")],
            max_size=BIGGEST,
        ) as socket:  # fmt: skip
            tab = Tab(socket, seen.times)
            await _round(tab, shift, rng)
            while time.monotonic() < until:
                await _round(tab, shift, rng)
    except (Broken, OSError, TimeoutError, LookupError, AssertionError) as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def _round(tab: Tab, shift: Shift, rng: random.Random) -> None:
    """From the queue to a case, a note, take it; then its page, the next case, and back."""

    async def think() -> None:
        await tab.think(shift.think * rng.uniform(0.5, 1.5))

    await tab.go("open the queue", "queue", {"view": "unassigned"})
    await think()
    row = rng.choice(tab.parts["queue"].data["rows"])
    here = {"number": row["number"], "version": row["version"], "alone": False}
    await tab.tell("choose a case", "queue", "act", {"action": "choose", **here})
    await think()
    note = {
        "kind": "note", "body": SAID, "subject": "", "way": "", "at": "", "rev": "",
        "once": uuid.uuid4().hex, "n": int(time.time() * 1000),
    }  # fmt: skip
    await tab.tell(NOTE, f"compose_{row['number']}", "sent", note)
    await think()
    if "act_take" in tab.parts:  # a colleague may have been faster
        await tab.press("take it", "act_take")
        await think()
    await tab.go("open its page", "case", {"number": str(row["number"])})
    await think()
    further = tab.links.get("Next case")
    if further:
        await tab.go("the next case", "case", {"number": further.rpartition("=")[2]})
        await think()


if __name__ == "__main__":
    json.dump(asdict(asyncio.run(work(Shift(**json.load(sys.stdin))))), sys.stdout)
