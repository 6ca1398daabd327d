"""One run: a new desk, one vendor, so many workers, and every delivery through its trial."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import Session, col, select

from db import engine
from db.models import Case, Delivery, Integration
from services import config, deliveries
from services.access import SHELL
from services.domain.retrying import OPEN
from services.ledger import verifying, wording
from services.outbox.owing import public_key
from tests.chaos import desks
from tests.chaos.acts import At
from tests.chaos.judging import Verdict, judged
from tests.chaos.plan import CUTS, FAULTS, Kills, Trial, trials
from tests.chaos.processes import process, standin
from tests.chaos.sides import Side

FOLLOWING = 1 / 3  # of what follows the first delivery of a case that has a trial too
PATIENCE = 60.0  # seconds without any change
CUT = 1.5  # seconds that a killed one would have waited: shorter than the lease


@dataclass
class Run:
    """`folder` is the run's own; `url` a migrated, empty desk that nobody else uses."""

    side: Side
    url: str
    folder: Path
    cases: int
    workers: int
    seed: int
    tried: dict[str, Trial] = field(default_factory=dict)  # by public key
    asked: set[int] = field(default_factory=set)  # of which only a person could say what became

    def __post_init__(self) -> None:
        self.kills = Kills(self.folder)
        # Of their own, so that the first deliveries alone meet everything.
        self._first, self._later = trials(self.seed), trials(self.seed + 1)
        self._chance = random.Random(self.seed)
        self._begun: set[int | None] = set()
        self._queued = 0

    def go(self) -> Verdict:
        """All of it."""
        began = time.monotonic()
        database = engine.use(self.url)
        with standin(self.side.standin, self.folder) as at:
            self.at = at
            self._connect()
            numbers = desks.cases(self.cases)
            self._act(numbers, self.side.acts[0])
            with self._workers():
                self._settle()
                self._act(numbers, self.side.acts[1])
                self._settle()
            state = self._state()
        with engine.reading() as session:
            rows = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
            verdict = judged(self.side, state, rows, self.tried, self.asked, self.kills)
            found = verifying.verify(session, SHELL)
            verdict.wrong["ledger"] += wording.named(session, found.defects)
        database.dispose()
        verdict.faults = self._queued - min(self._queued, state["faults"])
        verdict.seconds = time.monotonic() - began
        return verdict

    def _connect(self) -> None:
        """Connect the vendor, also after it was said not to know us any more."""
        entered = self.side.entered(self.at, self._state())
        desks.connect(self.side.vendor, entered, copy_notes="yes")

    def _act(self, numbers: Sequence[int], act: Callable[[At], None]) -> None:
        for first in range(0, len(numbers), desks.TOGETHER):
            now, faults = datetime.now(UTC), list[dict[str, Any]]()
            with engine.transaction() as session:
                last = session.exec(select(Delivery.id).order_by(col(Delivery.id).desc())).first()
                for number in numbers[first : first + desks.TOGETHER]:
                    case = session.exec(select(Case).where(Case.number == number)).one()
                    act(At(session, case, now))
                session.flush()
                new = select(Delivery).where(col(Delivery.id) > (last or 0))
                for delivery in session.exec(new.order_by(col(Delivery.id))).all():
                    faults += self._plan(delivery)
                self._queue(faults)  # before anybody can claim one of them

    def _plan(self, delivery: Delivery) -> list[dict[str, Any]]:
        """The trial of this delivery, made ready: the faults to queue for it."""
        key = public_key(delivery.idem_key)
        self.tried[key] = trial = self._trial(delivery.case_id)
        match, holds = self.side.aim(delivery)
        aimed = {"match": match, "holds": holds}
        if trial.step in CUTS:
            told = self.folder / f"{key}.told"
            cut = {"kind": CUTS[trial.step], "tell": str(told), "seconds": CUT} | aimed
            self.kills.plan(key, trial.step, json.dumps(cut))
        elif trial.step:
            self.kills.plan(key, trial.step)
        fault = self.side.faults.get(trial.fault, FAULTS[trial.fault])
        return [aimed | fault] if fault else []

    def _trial(self, case_id: int | None) -> Trial:
        if case_id not in self._begun:
            self._begun.add(case_id)
            return next(self._first)
        return next(self._later) if self._chance.random() < FOLLOWING else Trial()

    def _queue(self, faults: list[dict[str, Any]]) -> None:
        self._queued += len(faults)
        httpx.post(f"{self.at}/_standin/faults", json=faults, trust_env=False).raise_for_status()

    def _state(self) -> dict[str, Any]:
        answer = httpx.get(f"{self.at}/_standin/state", trust_env=False, timeout=30)
        return dict(answer.json())

    @contextmanager
    def _workers(self) -> Iterator[None]:
        own = {"DATABASE_URL": self.url, "LOOPDESK_DEMO": "0"}
        own["LOOPDESK_KEY"] = config.load().key().decode()
        command = ["tests.chaos.worker", str(self.folder), str(self.workers), self.at]
        with process(command, self.folder / "workers.log", **own):
            yield

    def _settle(self) -> None:
        """Wait until nothing is on its way, or nothing moves."""
        before, until = None, time.monotonic() + PATIENCE
        while True:
            with engine.reading() as session:
                now, broken = _open(session), session.get(Integration, self.side.vendor)
            if not now and not self._decide():
                return
            if broken is not None and broken.broken_at:
                self._connect()
            if now != before:
                before, until = now, time.monotonic() + PATIENCE
            if time.monotonic() > until:
                return
            time.sleep(0.2)

    def _decide(self) -> int:
        """As a person does who looks at the vendor: how many there were to decide."""
        query = select(Delivery).where(Delivery.state == "unknown", col(Delivery.look_at).is_(None))
        now, state = datetime.now(UTC), self._state()
        with engine.transaction() as session:
            rows = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
            got, asking = self.side.got(state, rows), session.exec(query).all()
            for delivery in asking:
                there = self.side.name(delivery) in got
                deliveries.decide(session, SHELL, delivery.id or 0, arrived=there, now=now)
                self.asked.add(delivery.id or 0)
        return len(asking)


def _open(session: Session) -> dict[str, int]:
    """What will go on by itself, and how far it is: by state, and all tries so far."""
    rows = session.exec(
        select(Delivery.lane, Delivery.state, Delivery.look_at, Delivery.attempts)
        .where(col(Delivery.state).in_(OPEN)).order_by(col(Delivery.id))
    ).all()  # fmt: skip
    asking, found = set[str | None](), dict[str, int]()
    for lane, state, look_at, tries in rows:
        if state == "unknown" and look_at is None:
            asking.add(lane)
        elif lane is None or lane not in asking:
            found[state] = found.get(state, 0) + 1
            found["tries"] = found.get("tries", 0) + tries
    return found
