"""What comes from Slack while everything fails: agents press buttons and send forms, over a socket
and over HTTP, while the pages' process and the workers are killed again and again.

What Slack knows to be taken is held against the cases, never what the desk says of itself.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import col, func, select

from db import engine
from db.engine import reading, transaction
from db.models import Delivery, RootCause
from services import config
from services.access import SHELL
from services.cases import pushing
from services.domain.retrying import OPEN
from tests import builders as make
from tests.chaos import desks, mortal
from tests.chaos.coming import PATIENCE, Came, _left
from tests.chaos.dying import Desk
from tests.chaos.pressed import judge
from tests.chaos.processes import process
from tests.standins.hooks import SECRET
from tests.standins.mail_server import PASSWORD, USER
from tests.standins.slack_agents import PEOPLE, Agents
from tests.standins.slack_pressed import Pressed
from tests.standins.smtp import Smtp

EACH = 12  # acts for each case: about every second one only opens a form
WORKERS = 2
CHANCE = 0.08  # of dying at a step
FAULTS = ("500", "drop", "429")
CALLS = ("users.info", "views.open", "chat.update", "apps.connections.open")


@dataclass
class Pressing:
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
        desk = Desk(self.url, self.folder, self.seed, {"LOOPDESK_WORKER": "0"})
        with Pressed(people=dict(PEOPLE)).serving() as slack, Smtp().serving() as mail:
            numbers = self.numbers(slack, mail)
            with self._workers():
                with desk.dying():
                    self._settle(slack)  # the posts are there
                    agents = self._acts(slack, desk, numbers)
                (self.folder / mortal.ENOUGH).touch()
                slack.faults.clear()
                left = self._settle(slack)
            self.came.wrong["stuck"] += [f"{n} {state}" for state, n in left.items()]
            judge(self.came, slack, mail, agents.end(), numbers)
        database.dispose()
        self.came.killed = desk.killed + len(mortal.deaths(self.folder))
        self.came.seconds = time.monotonic() - began
        return self.came

    def numbers(self, slack: Pressed, mail: Smtp) -> list[int]:
        """Cases that are on their way to Slack, and customers who can be written to."""
        desks.connect("slack", {
            "bot_token": slack.token, "channel": "C0LOOP001", "signing_secret": SECRET,
            "app_token": slack.app_token, "base_url": f"{slack.url}/api/",
        })  # fmt: skip
        desks.connect("email", {
            "smtp_host": "127.0.0.1", "smtp_port": str(mail.mail_port), "smtp_security": "none",
            "smtp_user": USER, "smtp_password": PASSWORD, "from_address": "desk@example.com",
        })  # fmt: skip
        numbers = desks.cases(self.cases)
        with transaction() as session:
            for name in ("ana", "bo", "cy"):
                make.user(session, email=f"{name}@acme.example", name=name.title())
        for number in numbers:
            with transaction() as session:
                pushing.push(session, SHELL, number, vendor="slack", now=datetime.now(UTC))
        return numbers

    def _acts(self, slack: Pressed, desk: Desk, numbers: Sequence[int]) -> Agents:
        """Random things happen there, and both lines tell of them as well as they can."""
        with reading() as session:
            cause = session.exec(select(RootCause.id)).first() or 0
        agents = Agents(
            slack, lambda request, slow: desk.post("slack", request, slow), desk.up.is_set,
            self.chance, numbers, cause,
        )  # fmt: skip
        desk.up.wait(PATIENCE)
        for nth in range(EACH * len(numbers)):
            if self.chance.random() < 0.1:
                call = self.chance.choice(CALLS)
                slack.fault(self.chance.choice(FAULTS), f"/api/{call}", seconds=0.2)
            agents.act(nth)
            if self.chance.random() < 0.1:
                agents.arrive()
                slack.again()
            time.sleep(self.chance.random() * 0.2)
        agents.arrive()
        self.came.acts = len(agents.did)
        self.came.told = Counter(kind for kind, _ in agents.told)
        forged = [told for told in agents.told if told[0] in ("http forged", "http stale")]
        self.came.wrong["forged"] += [str(told) for told in forged if told[1] not in (0, 401)]
        return agents

    def _settle(self, slack: Pressed) -> dict[str, int]:
        """Slack tells again, and everything comes to its end: what has not."""
        until = time.monotonic() + PATIENCE
        while (left := _open(slack)) and time.monotonic() < until:
            slack.again()
            time.sleep(0.3)
        return left

    @contextmanager
    def _workers(self) -> Iterator[None]:
        own = {"DATABASE_URL": self.url, "LOOPDESK_DEMO": "0"}
        own["LOOPDESK_KEY"] = config.load().key().decode()
        command = ["tests.chaos.mortal", str(self.folder), str(WORKERS), str(CHANCE)]
        with process(command, self.folder / "workers.log", **own):
            yield


def _open(slack: Pressed) -> dict[str, int]:
    """What came in or is on its way there and has not ended well, by state."""
    query = select(func.count()).where(
        Delivery.vendor == "slack", col(Delivery.state).in_(OPEN)
    )  # fmt: skip
    with reading() as session:
        left = {"sending": session.exec(query).one(), "untaken": len(slack.waiting)}
    return _left() | {state: n for state, n in left.items() if n}
