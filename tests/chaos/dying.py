"""A desk that is killed and started again, and the way to its door."""

import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

from tests.served import free_port, launch
from tests.standins.hooks import Request

LIVES = (0.4, 2.5)  # seconds that it is left alive from then on when it answers, or begins


@dataclass
class Desk:
    """`folder` is the run's own; `own` are settings beside the database at `url`."""

    url: str
    folder: Path
    seed: int
    own: dict[str, str] = field(default_factory=dict)
    killed: int = 0

    def __post_init__(self) -> None:
        self.port, self.up = free_port(), threading.Event()

    @contextmanager
    def dying(self) -> Iterator[None]:
        """Killed and started again until the end of this."""
        over = threading.Event()

        def lives() -> None:
            chance = Random(self.seed)
            while not over.is_set():
                process = self._launched()
                if chance.random() < 0.8:
                    self._waited(process, over)
                over.wait(chance.uniform(*LIVES))
                self.up.clear()
                process.kill()
                process.wait()
                self.killed += 1

        keeper = threading.Thread(target=lives)
        keeper.start()
        try:
            yield
        finally:
            over.set()
            keeper.join()

    @contextmanager
    def alive(self) -> Iterator[None]:
        process = self._launched()
        try:
            self._waited(process, threading.Event())
            yield
        finally:
            process.terminate()
            process.wait(15)

    def post(self, vendor: str, request: Request, slow: bool = False) -> int:
        """The status of the answer to what a vendor tells; 0 where nobody is there right now."""
        raw, headers = request
        try:
            return httpx.post(
                f"http://127.0.0.1:{self.port}/webhooks/{vendor}", timeout=5, trust_env=False,
                content=_slowly(raw) if slow else raw,
                headers=headers | {"Content-Length": str(len(raw))},
            ).status_code  # fmt: skip
        except httpx.HTTPError:
            return 0

    def _waited(self, process: subprocess.Popen[bytes], over: threading.Event) -> None:
        """It answers, or has ended, or all is over."""
        while process.poll() is None and not over.wait(0.05):
            with suppress(httpx.HTTPError):
                httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False)
                self.up.set()
                return

    def _launched(self) -> subprocess.Popen[bytes]:
        return launch(self.port, self.folder, self.folder / "desk.log", DATABASE_URL=self.url,
                      LOOPDESK_KEY=os.environ["LOOPDESK_KEY"], **self.own)  # fmt: skip


def _slowly(raw: bytes) -> Iterator[bytes]:
    """In two pieces, the second one after a while."""
    half = len(raw) // 2
    yield raw[:half]
    time.sleep(0.5)
    yield raw[half:]
