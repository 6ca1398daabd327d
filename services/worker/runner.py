"""Send what is owed: one thread looks, one a vendor sends, one a vendor takes what came in, others
do the periodic work.

A vendor that hangs holds up nobody but itself. The threads are daemons: a process that has to end
does not wait for them longer than it wants to, and what was cut off is found by its lease.
"""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial

from db import engine
from services import integrations
from services.domain.retrying import Pace
from services.outbox import claiming, sending
from services.outbox.recording import Ended
from services.vendors import KNOWN
from services.vendors.base import Vendor, VendorError
from services.worker import inbound, jobs, slack_socket

log = logging.getLogger(__name__)
LOOK = 0.4  # seconds between two looks for what is due
STOP = 3.0  # seconds that a send under way gets to end; the process has five in all


def clock() -> datetime:
    """The worker's clock."""
    return datetime.now(UTC)


class Runner:
    """Everything that goes on by itself in this process, from `start` to `stop`."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"
        self.pace = pace or Pace()
        self.stopping = threading.Event()
        self._wanted = {name: threading.Event() for name in KNOWN}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; returns at once."""
        loops = [
            ("look", self._looking),
            *((f"from {name}", partial(self._taking, name)) for name in inbound.SOURCES),
            ("socket", partial(slack_socket.listen, self.stopping, clock)),
            *(("jobs", partial(self._working, names)) for names in jobs.hands()),
        ]  # fmt: skip
        self._threads = [
            threading.Thread(target=self._go_on, args=(loop,), name=name, daemon=True)
            for name, loop in loops
        ]
        self._threads += [
            threading.Thread(target=self._go_on, args=(_Lane(self, name).once,), name=name,
                             daemon=True)
            for name in KNOWN
        ]  # fmt: skip
        for thread in self._threads:
            thread.start()

    def stop(self, wait: float = STOP) -> bool:
        """Take on nothing more; whether all that was under way has ended within `wait` seconds."""
        self.stopping.set()
        for event in self._wanted.values():
            event.set()
        until = time.monotonic() + wait
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _go_on(self, loop: Callable[[], object]) -> None:
        """Again and again; a database that is away is asked again five seconds later."""
        while not self.stopping.is_set():
            try:
                loop()
            except Exception as error:  # whatever it is, the desk goes on
                log.warning("the worker goes on after %s", type(error).__name__)
                self.stopping.wait(5)

    def _looking(self) -> None:
        now = clock()
        with engine.reading() as session:
            lost = claiming.any_expired(session, now)
            due = claiming.due(session, now)
        if lost:
            with engine.transaction() as session:
                claiming.expire(session, now)
        for name in due & self._wanted.keys():
            self._wanted[name].set()
        self.stopping.wait(LOOK)

    def _working(self, names: Collection[str]) -> None:
        if not jobs.run_due(self.name, clock, names):
            self.stopping.wait(1)

    def _taking(self, vendor: str) -> None:
        if not inbound.once(clock, vendor):
            self.stopping.wait(LOOK)


class _Lane:
    """One vendor's messages, one after the other, on its own thread."""

    def __init__(self, runner: Runner, name: str) -> None:
        self.runner, self.name = runner, name
        self._wanted = runner._wanted[name]
        self._vendor: Vendor | None = None
        self._revision = 0

    def once(self) -> None:
        """Wait until there is something to send, and send until there is nothing more."""
        self._wanted.wait()
        self._wanted.clear()
        while not self.runner.stopping.is_set() and self._send():
            pass

    def _send(self) -> bool:
        runner = self.runner
        claimed = sending.take(self.name, runner.name, runner.pace, clock)
        if claimed is None:
            return False
        sending.note(claimed, self._attempt(claimed), runner.pace, clock)
        return True

    def _attempt(self, claimed: claiming.Claimed) -> Ended:
        try:
            vendor = self._built()
        except VendorError as error:
            return Ended(error=error)
        return sending.attempt(vendor, claimed)

    def _built(self) -> Vendor:
        """The vendor as it is connected now; made anew when that changed."""
        with engine.reading() as session:
            row = integrations.connected(session).get(self.name)
            revision = row.revision if row else 0
            if self._vendor is None or revision != self._revision:
                self._vendor, self._revision = integrations.built(session, self.name), revision
        return self._vendor
