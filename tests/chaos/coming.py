"""What comes in while everything fails: agents act at a vendor, what it tells of that is dropped,
doubled, late, reordered and forged, and the desk and its worker are killed again and again.

What the stand-in knows happened is held against the cases, never what the desk says of itself.
"""

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from sqlmodel import col, func, select

from db import engine
from db.engine import reading, transaction
from db.models import Case, ExternalRef, Inbound, Message
from services.access import SHELL
from services.cases import pushing
from services.ledger import verifying
from services.worker import inbound
from tests.chaos import desks
from tests.chaos.dying import Desk
from tests.inbound.there import There, at_intercom, at_zendesk
from tests.standins.agents import Done, Line, act

PLACES = {"zendesk in": at_zendesk, "intercom in": at_intercom}
WRONG = ("lost", "doubled", "echoed", "forged", "unequal", "stuck", "ledger")
EACH = 6  # acts for each case
PATIENCE = 60.0
_KINDS = {"reply": "reply", "note": "note", "answer": "inbound"}


@dataclass
class Came:
    """How many acts and kills there were; `wrong` holds what breaks a promise, by its name.

    lost: an act that no case shows. doubled: one that it shows twice. echoed: the desk sent
    something of theirs back. forged: an unsigned event was taken. unequal: status or owner differ.
    stuck: what came in never ended. ledger: it is not intact.
    """

    acts: int = 0
    killed: int = 0
    told: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    wrong: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in WRONG})

    @property
    def kept(self) -> bool:
        """Whether all promises hold."""
        return not any(self.wrong.values())


@dataclass
class Coming:
    """`folder` is the run's own; `url` a migrated, empty desk that nobody else uses."""

    title: str
    url: str
    folder: Path
    cases: int
    seed: int

    def go(self) -> Came:
        """All of it."""
        began, database = time.monotonic(), engine.use(self.url)
        self.chance, self.came = random.Random(self.seed), Came()
        self.desk = Desk(self.url, self.folder, self.seed)
        with PLACES[self.title]() as first:
            first.now = datetime.now(UTC)
            threads = self._threads(first)
            before = {one.thread: _size(one) for one in threads}
            with self.desk.dying():
                done = self._acts(threads)
            with self.desk.alive():
                self._settle()
            judge(self.came, threads, done, before)
        database.dispose()
        self.came.killed = self.desk.killed
        self.came.seconds = time.monotonic() - began
        return self.came

    def _threads(self, first: There) -> list[There]:
        """Each case there, the first one of which is there already."""
        first.standin.clock = lambda: datetime.now(UTC)
        numbers = desks.cases(self.cases - 1)
        for number in numbers:
            with transaction() as session:
                pushing.push(session, SHELL, number, vendor=first.vendor, now=first.now)
        first.sends()
        query = (
            select(Case.number, ExternalRef.remote_id)
            .join(ExternalRef, col(ExternalRef.entity_id) == Case.id)
            .where(ExternalRef.vendor == first.vendor, ExternalRef.entity == "case")
            .order_by(col(Case.number))
        )
        with reading() as session:
            return [
                There(first.vendor, first.standin, first.now, thread, first.ana, first.bo,
                      first.customer, number)
                for number, thread in session.exec(query)
            ]  # fmt: skip

    def _acts(self, threads: Sequence[There]) -> dict[str, list[Done]]:
        """Random things happen there, and the line tells of them as well as it can."""
        vendor = threads[0].vendor
        line = Line(vendor, partial(self.desk.post, vendor), self.chance)
        done: dict[str, list[Done]] = {one.thread: [] for one in threads}
        self.desk.up.wait(PATIENCE)
        for nth in range(EACH * len(threads)):
            one = self.chance.choice(threads)
            done[one.thread].append(act(one.standin, one.thread, self.chance, nth))
            line.tell(one.thread)
            if self.chance.random() < 0.1:
                line.arrive()
            time.sleep(self.chance.random() * 0.2)
        line.arrive()
        self.came.acts = sum(map(len, done.values()))
        self.came.told = Counter(kind for kind, _ in line.statuses)
        forged = [status for kind, status in line.statuses if kind == "forged"]
        self.came.wrong["forged"] += [str(status) for status in forged if status not in (0, 401)]
        return done

    def _settle(self) -> None:
        """What nobody was told of is asked for; then everything comes to its end."""
        until = time.monotonic() + PATIENCE
        inbound.poll({}, lambda: datetime.now(UTC))
        while (left := _left()) and time.monotonic() < until:
            time.sleep(0.3)
        self.came.wrong["stuck"] += [f"{n} {state}" for state, n in left.items()]


def judge(
    came: Came, threads: Sequence[There], done: dict[str, list[Done]], before: dict[str, int]
) -> None:
    """Everything that is not as it was done over there."""
    for one in threads:
        acts = done[one.thread]
        was = Counter((_KINDS[each.kind], each.text) for each in acts if each.text)
        name, here = f"case {one.number}", _said(one)
        came.wrong["lost"] += [f"{name}: {what}" for what in (was - here)]
        came.wrong["doubled"] += [f"{name}: {what}" for what in (here - was)]
        if _size(one) != before[one.thread] + len(acts):
            came.wrong["echoed"].append(name)
        if one.stands() != one.stands_there():
            came.wrong["unequal"].append(f"{name}: {one.stands()}, there {one.stands_there()}")
    with reading() as session:
        if not verifying.verify(session, SHELL).intact:
            came.wrong["ledger"].append("not intact")


def _size(one: There) -> int:
    """How much happened in the thread, whoever did it."""
    if one.vendor == "zendesk":
        return len(one.standin.audits[int(one.thread)])
    return len(one.standin.conversations[one.thread]["parts"])


def _said(one: There) -> Counter[tuple[str, str]]:
    query = select(Message.kind, Message.body).join(Case, col(Case.id) == Message.case_id)
    with reading() as session:
        found = session.exec(query.where(Case.number == one.number)).all()
    return Counter((kind, body or "") for kind, body in found)


def _left() -> dict[str, int]:
    """What came in and has not ended well, by state."""
    query = (
        select(Inbound.state, func.count()).where(col(Inbound.state).in_(("new", "failed")))
        .group_by(col(Inbound.state))
    )  # fmt: skip
    with reading() as session:
        return dict(session.exec(query).all())


def line_of(title: str, kind: str, cases: int, came: Came) -> str:
    """A run in a line."""
    told = ", ".join(f"{n} {how}" for how, n in sorted(came.told.items()))
    wrong = "; ".join(
        f"{name}: {', '.join(found[:5])}" for name, found in came.wrong.items() if found
    )
    return (
        f"{title}, {kind}: {came.seconds:.0f} s, {cases} cases, {came.acts} acts ({told}), "
        f"{came.killed} killed, {'kept' if came.kept else f'BROKEN ({wrong})'}"
    )
