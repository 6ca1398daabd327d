"""Real workers that kill themselves as planned, and are there again at once.

`python -m tests.chaos.worker FOLDER COUNT CONTROL`: the desk is that of the environment, FOLDER
holds the plan, CONTROL is where faults of the stand-in are queued. One process has loaded the
product and forks each worker from that, or a thousand deaths would cost a thousand starts.
"""

import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import Session

from db import engine
from services import config, egress, integrations
from services.domain.retrying import Pace
from services.outbox import claiming, recording, sending
from services.outbox.owing import public_key
from services.vendors import KNOWN, kind, slack
from services.vendors.base import Message, Receipt, Vendor
from services.worker import runner
from tests.chaos.plan import CUTS, Kills, die

# As patient as the product is in proportion, but for people who wait for a test.
PACE = Pace(
    lease=4, first=0.1, longest=0.5, looks=(0.4, 0.8), trips=5, shut=0.05, shut_longest=0.1
)  # fmt: skip
LOOK = 0.15
REST = 0.05


class Doom:
    """Wraps the steps of the outbox, which knows nothing of it."""

    def __init__(self, kills: Kills, control: str) -> None:
        self.kills, self.control = kills, control

    def arm(self) -> None:
        self._after("claim", lambda done, _args: {"claiming": done})
        self._after("take", lambda done, _args: {"claimed": done})
        self._after("attempt", self._attempted)
        self._after("record", lambda _done, args: {"recording": args[1]})
        self._after("note", lambda _done, args: {"recorded": args[0]})
        built = integrations.built

        def armed(*args: Any) -> Vendor:
            vendor = built(*args)
            vendor.send = self._armed(vendor.send)  # type: ignore[method-assign]
            return vendor

        integrations.built = armed

    def _after(self, name: str, steps: Callable[[Any, Any], dict[str, Any]]) -> None:
        """After this function of the outbox it may be time: `steps` says for which delivery."""
        does = getattr(sending, name)

        def wrapped(*args: Any) -> Any:
            done = does(*args)
            for step, claimed in steps(done, args).items():
                if claimed is not None:
                    self._fall(public_key(claimed.idem_key), step)
            return done

        setattr(sending, name, wrapped)

    def _attempted(self, _done: Any, args: Any) -> dict[str, Any]:
        return {"looked" if args[1].looking else "answered": args[1]}

    def _fall(self, key: str, step: str) -> None:
        if self.kills.take(key, step) is not None:
            die()

    def _armed(self, send: Callable[[Message], Receipt]) -> Callable[[Message], Receipt]:
        def doomed(message: Message) -> Receipt:
            self._fall(message.key, "sending")
            for step in CUTS:
                if (fault := self.kills.take(message.key, step)) is not None:
                    return self._cut_off(send, message, json.loads(fault))
            return send(message)

        return doomed

    def _cut_off(
        self, send: Callable[[Message], Receipt], message: Message, fault: dict[str, Any]
    ) -> Receipt:
        """Die when the vendor tells that it has the request."""
        told, over = Path(fault["tell"]), threading.Event()
        with httpx.Client(trust_env=False) as http:
            http.post(f"{self.control}/_standin/faults", json=fault).raise_for_status()

        def watch() -> None:
            while not over.wait(0.002):
                if told.exists():
                    die()

        threading.Thread(target=watch, daemon=True).start()
        try:
            return send(message)
        finally:
            over.set()


def warm() -> None:
    """Say once what every worker says, so that none has to put it into SQL anew."""
    now = datetime.now(UTC)
    with Session(engine.use(config.load().url)) as session:
        claiming.any_expired(session, now)
        for name in claiming.due(session, now):
            integrations.built(session, name)
            if (claimed := claiming.claim(session, name, now, "warm", PACE)) is not None:
                ended = recording.Ended(receipt=Receipt("warm"))
                recording.record(session, claimed, ended, PACE, now, 0)
        session.rollback()
    engine.current().dispose()


def work() -> None:
    """The life of one worker, as `services.cli worker` leads it."""
    parent = os.getppid()
    runner.LOOK, slack._REST = LOOK, REST
    runner.Runner(PACE).start()
    while os.getppid() == parent:
        time.sleep(0.2)


def nurse(count: int) -> None:
    """Keep `count` workers alive until SIGTERM."""
    alive: set[int] = set()

    def stop(*_: object) -> None:
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        while len(alive) < count:
            alive.add(_born())
        pid, status = os.waitpid(-1, 0)
        alive.discard(pid)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            sys.stderr.write(f"a worker ended by itself: {status}\n")
            time.sleep(1)


def _born() -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        work()
    finally:
        os._exit(1)


def main() -> None:
    folder, count, control = sys.argv[1:]
    for name in KNOWN:
        kind(name)
    egress.tls()
    warm()
    Doom(Kills(Path(folder)), control).arm()
    gc.collect()
    gc.freeze()
    nurse(int(count))


if __name__ == "__main__":
    main()
