"""What happened to the cases of the bench: each is lived through by the moves of the product."""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.models import Account, Response, RootCause, Team, User
from services.cases.ranking import answers
from services.cases.verbs import promise
from services.demo_desk import Desk, Heard, Then, Worker
from services.demo_life import Life, Over
from services.domain.case_state import Outcome
from services.domain.scores import Band
from tests import builders as make
from tests.bench.data import WORDS

TEAMS, PEOPLE, ARRS = 4, 30, 200
OPEN, CLOSED = 0.005, 0.03  # cases for each answer; queue_size.py makes 40 of each
SOMEBODY = "colleague0@example.com"  # a manager, who does what is measured
YOUNG, OLD = timedelta(days=30), timedelta(days=25)  # open ones at most; closed ones at least
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Staff:
    """Who works on the cases, and the root causes that they name."""

    people: tuple[Worker, ...]
    teams: tuple[Team, ...]
    causes: tuple[int, ...]


@dataclass(frozen=True)
class Plot:
    """A case to be: about which answer, opened when, and whether it ends."""

    opened_at: datetime
    response_id: int
    ends: bool


def hire(session: Session, now: datetime) -> Staff:
    """The people and teams of the desk; each gets a share of the accounts, and these a value."""
    teams = [make.team(session, f"Team {k + 1}") for k in range(TEAMS)]
    people = [_person(session, k, teams[k % TEAMS]) for k in range(PEOPLE)]
    for team, lead in zip(teams, people, strict=False):
        team.lead_id = lead.id
    kept = promise(session, None).calendar
    workers = [Worker(one.id or 0, one.name, one.team_id, kept, 1) for one in people]
    causes = session.exec(select(RootCause.id).order_by(col(RootCause.id))).all()
    _worth(session, workers, now)
    session.flush()
    return Staff(tuple(workers), tuple(teams), tuple(key or 0 for key in causes))


def _person(session: Session, k: int, team: Team) -> User:
    role = "manager" if k < TEAMS else ("csm", "support")[k % 2]
    return make.user(
        session, role, name=f"Person {k}", email=f"colleague{k}@example.com", team_id=team.id
    )


def _worth(session: Session, people: Sequence[Worker], now: datetime) -> None:
    for k, account in enumerate(session.exec(select(Account).order_by(col(Account.id)))):
        account.arr, account.currency = k % ARRS * 1000, "EUR"  # type: ignore[assignment]
        account.renewal_on = now.date() + timedelta(days=k % 365)
        account.owner_id = people[k % PEOPLE].id


def plots(session: Session, n: int, now: datetime, rng: random.Random) -> list[Plot]:
    """Cases of bottom-band answers, the first opened one first; one open one per contact."""
    query = select(Response.id, Response.contact_id, Response.answered_at).where(
        Response.band == int(Band.DETRACTOR), col(Response.answered_at) < now - HOUR
    )
    low = list(session.exec(query.order_by(col(Response.answered_at).desc(), col(Response.id))))
    served, open_, old = set[int | None](), list[Plot](), list[Plot]()
    for key, contact, at in low:
        if len(open_) < n * OPEN and contact not in served:
            served.add(contact)
            began = max(at, now - YOUNG * rng.random() ** 2)
            open_.append(Plot(min(began, now - HOUR), key or 0, False))
        elif at < now - OLD:
            old.append(Plot(at + HOUR, key or 0, True))
    step = max(1, int(len(old) / (n * CLOSED)))
    return sorted(open_ + old[::step][: int(n * CLOSED)], key=lambda plot: plot.opened_at)


def lives(
    session: Session, staff: Staff, plan: Sequence[Plot], now: datetime, rng: random.Random
) -> list[Life]:
    """The cases as planned, in the same order."""
    ids = [plot.response_id for plot in plan]
    told = {one.id: one for one in answers(session, col(Response.id).in_(ids))}
    keys = [None, *(team.id for team in staff.teams)]
    desk = Desk(
        now, dict.fromkeys(keys, promise(session, None)),
        {team.id: team.lead_id for team in staff.teams}, Then(session, [*told.values()], now),
    )  # fmt: skip
    found = []
    for plot in plan:
        heard = Heard(told[plot.response_id], plot.opened_at, None, "")
        found.append(Life(desk, heard, deque(), []))
        _Work(found[-1], staff, rng).play(plot.ends)
    return found


class _Work:
    """What people do about one case."""

    def __init__(self, life: Life, staff: Staff, rng: random.Random) -> None:
        self.life, self.staff, self.rng = life, staff, rng
        own = [one for one in staff.people if one.team_id == life.state.team_id]
        self.who = rng.choice(own or staff.people)

    def play(self, ends: bool) -> None:
        """All of it up to now; what does not end is left on the way."""
        try:
            for step in self._steps(ends):
                self.life.work(self.who, self.rng.uniform(0.2, 8))
                step()
            if not ends:
                self.life.pass_to(self.life.desk.now)
        except Over:
            return
        if self.life.desk.now - self.life.at > 2 * YOUNG:
            self._later()

    def _steps(self, ends: bool) -> list[Any]:
        taken, reached = [self._take], [self._take, self._note, self._reach]
        if ends:
            between = self.rng.choice([[], [], [], [self._wait, self._resume], [self._note]])
            called = reached if self.rng.random() < 0.9 else taken
            return [*called, *between, self._resolve]
        way = self.rng.random()
        if way < 0.35:
            return []
        if way < 0.6:
            return taken
        return [*reached, *self.rng.choice([[], [], [self._wait], [self._sleep], [self._sleep]])]

    def _later(self) -> None:
        """A few of what was resolved long ago came back once."""
        if self.rng.random() < 0.03:
            self.life.work(self.who, self.rng.uniform(8, 40))
            self.life.reopen(self.who)
            self.life.work(self.who, self.rng.uniform(1, 20))
            self._resolve()

    def _take(self) -> None:
        self.life.assign(self.who, self.who)

    def _note(self) -> None:
        self.life.note(self.who, self._words())

    def _reach(self) -> None:
        self.life.contact(self.who, "call", self._words(), HOUR * self.rng.random())

    def _wait(self) -> None:
        self.life.wait(self.who)

    def _resume(self) -> None:
        self.life.resume(self.who)

    def _sleep(self) -> None:
        now = self.life.desk.now
        self.life.snooze(self.who, now + timedelta(days=self.rng.uniform(1, 7)))

    def _resolve(self) -> None:
        self.life.resolve(
            self.who, self.rng.choice([*Outcome]), self.rng.choice(self.staff.causes)
        )  # fmt: skip

    def _words(self) -> str:
        return " ".join(self.rng.choices(WORDS, k=self.rng.randint(5, 30)))
