"""A file in parts of at most 50,000 records, each one transaction of an import.

A large file is read in a process of its own: Python reads while the database writes. What passes
between the two is pickled by this module on both ends.
"""

import gc
import marshal
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any

from services.answers import Batch, Person
from services.importing.answers import Plan, Reject, Row, Tally
from services.importing.files import Table
from services.importing.limits import ImportRefused
from services.importing.rows import read_rows

ROOT = Path(__file__).parents[2]
TOGETHER = 5  # chunks of the reader that make one part
LARGE = 8 * 1024 * 1024  # bytes of a file for which a second process pays


@dataclass
class Part:
    """What became of `read` records: answers to keep, rejects, and doubles within the file."""

    batch: Batch = field(default_factory=Batch)
    rejects: list[Reject] = field(default_factory=list)
    known: int = 0
    read: int = 0


class parts:  # noqa: N801  (used like a function: `with parts(...) as reading`)
    """Iterate over the parts of a table; `tally` holds the warnings once all are read."""

    def __init__(self, table: Table, plan: Plan, now: datetime) -> None:
        self.tally = Tally()
        self._job = (table, plan, now)
        self._child: subprocess.Popen[bytes] | None = None
        self._ahead: Queue[bytes] = Queue(maxsize=2)
        self._reader = Thread(target=self._read_ahead, daemon=True)

    def __enter__(self) -> "parts":
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._child is None or self._child.stdout is None:
            return
        self._child.kill()
        while self._reader.is_alive():  # it may wait for room in the queue
            with suppress(Empty):
                self._ahead.get(timeout=0.1)
        self._child.stdout.close()
        self._child.wait()

    def __iter__(self) -> Iterator[Part]:
        table, plan, now = self._job
        if table.path.stat().st_size < LARGE:
            return _read(table, plan, now, self.tally)
        return self._from_child()

    def _from_child(self) -> Iterator[Part]:
        command = [sys.executable, "-m", "services.importing.parts"]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._child.stdin and self._child.stdout
        with suppress(BrokenPipeError), self._child.stdin as given:
            pickle.dump(self._job, given)
        self._reader.start()
        while content := self._ahead.get():
            message = pickle.loads(content)
            if isinstance(message, Part):
                message.batch.columns[:] = marshal.loads(self._ahead.get())
                yield message
            elif isinstance(message, Tally):
                self.tally = message
                return
            else:
                raise ImportRefused(message)
        raise RuntimeError("the process that reads the file has died")

    def _read_ahead(self) -> None:
        """Messages as bytes: their size in 8 bytes, then the content; b"" at the end."""
        assert self._child is not None and self._child.stdout is not None
        while size := int.from_bytes(self._child.stdout.read(8)):
            content = self._child.stdout.read(size)
            self._ahead.put(content if len(content) == size else b"")  # cut off: it has died
        self._ahead.put(b"")


def _read(table: Table, plan: Plan, now: datetime, tally: Tally) -> Iterator[Part]:
    chunks, met = read_rows(table, plan, now, tally), set[str]()
    together = 1  # the database need not wait for a whole part to begin
    for first in chunks:
        part = Part()
        for chunk in chain([first], islice(chunks, together - 1)):
            _add(part.batch, chunk.rows, met)
            part.rejects += chunk.rejects
            part.known += chunk.known
            part.read += chunk.read
        yield part
        together = TOGETHER


def _add(batch: Batch, rows: list[Row], met: set[str]) -> None:
    """Put `rows` into `batch`, with the people who are not in `met` yet."""
    if not rows:
        return
    (
        _, _, ids, email_norms, emails, names, accounts, scores_given, scores, bands, comments,
        channels, touchpoints, moments, followups, anonymous, props,
    ) = zip(*rows, strict=True)  # fmt: skip
    norms = {name: name.casefold() for name in set(accounts) if name}
    batch.accounts.update((norm, name) for name, norm in norms.items())
    account_norms = [norms.get(name) for name in accounts]
    columns: tuple[Sequence[Any], ...] = (
        ids, scores_given, scores, bands, comments, channels, touchpoints, moments, followups,
        anonymous, [False] * len(ids), [text or "{}" for text in props], email_norms, account_norms,
    )  # fmt: skip
    for column, more in zip(batch.columns, columns, strict=True):
        column.extend(more)
    people = batch.people
    for norm, email, name, account in zip(email_norms, emails, names, account_norms, strict=True):
        if norm and norm not in met:
            met.add(norm)
            people[norm] = Person(norm, email or norm, name, account, norm.rpartition("@")[2])


def _child() -> None:
    """Read the job from stdin, write its parts and then its tally to stdout."""
    gc.disable()  # reading makes no cycles, and the collector would look at every row for some
    table, plan, now = pickle.load(sys.stdin.buffer)
    tally = Tally()
    out = sys.stdout.buffer

    def send(content: bytes) -> None:
        out.write(len(content).to_bytes(8) + content)

    try:
        for part in _read(table, plan, now, tally):
            columns = marshal.dumps(part.batch.columns)  # three times as fast as a pickle
            part.batch.columns.clear()
            send(pickle.dumps(part, protocol=pickle.HIGHEST_PROTOCOL))
            send(columns)
        send(pickle.dumps(tally))
    except ImportRefused as refused:
        send(pickle.dumps(str(refused)))
    out.flush()


if __name__ == "__main__":
    from services.importing import parts as here  # so that both ends name the same classes

    here._child()
