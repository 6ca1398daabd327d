"""What rules would have done with the answers of the last days. Nothing is written, sent or opened.

The answers are gone through in the order in which they came in, and messages that wait are looked
at when their time comes, by the same decisions as at work. So where nothing but rules acted, the
log of a simulation is that of the rules at work, line by line (`log_of` reads that one).
"""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Account, Response, RuleFiring, RuleLater
from services import settings
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.domain.rules.body import Body
from services.domain.rules.deciding import Fired, Standing, decide, settle
from services.domain.rules.facts import Facts
from services.rules.gathering import Gatherer
from services.rules.listing import there
from services.rules.running import sets, standing
from services.rules.surroundings import Then

MOST_DAYS = 365
AT_ONCE = 2000  # answers that are read together
NEW = 0  # the id of a rule that is not kept yet
Progress = Callable[[int, int], None]  # how many answers are looked at, and of how many


def silent(_done: int, _of: int) -> None:
    """The progress of which nobody is told."""


@dataclass(frozen=True)
class Meeting:
    """An answer that a rule fired on."""

    facts: Facts
    fired: Fired


@dataclass(frozen=True)
class Ending:
    """A message that waited, and what became of it."""

    facts: Facts
    rule_id: int
    nth: int
    due: datetime
    outcome: str


@dataclass
class Simulation:
    """All that would have been done from `start` to `end`; `answers` were looked at."""

    start: datetime
    end: datetime
    rules: Sequence[Standing]
    answers: int = 0
    met: list[Meeting] = field(default_factory=list)
    ended: list[Ending] = field(default_factory=list)

    def log(self) -> list[str]:
        """A line each firing, then a line each message that waited no longer: JSON."""
        return [_fired(one.facts.response_id, one.fired) for one in self.met] + [
            _ended(one.facts.response_id, one.rule_id, one.nth, one.due, one.outcome)
            for one in self.ended
        ]


@permitted(Verb.SHARE)
def simulate(
    session: Session, actor: Actor, *, days: int, now: datetime,
    drafts: Mapping[int, int | Body | None] | None = None, progress: Progress = silent,
) -> Simulation:  # fmt: skip
    """The rules at work, with `drafts` in place of what is live: by rule a version, what it would
    say (under `NEW` a rule that is not kept yet), or None: without that rule.

    Of answers in units that the actor does not see nothing is told.
    """
    if not 1 <= days <= MOST_DAYS:
        raise Refused(f"A simulation goes back 1 to {MOST_DAYS} days.")
    rules = lineup(session, drafts or {})
    first = bool(settings.get(session, "rules_first"))
    start = now - timedelta(days=days)
    return replay(session, actor, rules, start, now, first=first, progress=progress)


def lineup(session: Session, drafts: Mapping[int, int | Body | None]) -> list[Standing]:
    """The rules in their order as they would stand with these drafts."""
    known = sets(session)
    live = {one.rule_id: one.n for one in known.live}
    found: list[Standing] = []
    for rule_id in drafts.keys() - known.rules.keys() - {NEW}:
        there(session, rule_id)
    for rule_id, rule in known.rules.items():
        wanted = drafts.get(rule_id, live.get(rule_id))
        if isinstance(wanted, Body):
            found.append(Standing(rule_id, NEW, wanted))
        elif wanted is not None:
            found.append(standing(session, rule, wanted))
    if isinstance(new := drafts.get(NEW), Body):
        found.append(Standing(NEW, NEW, new))
    return found


def replay(
    session: Session, actor: Actor, rules: Sequence[Standing], start: datetime, end: datetime,
    *, first: bool = False, progress: Progress = silent,
) -> Simulation:  # fmt: skip
    """What these rules would have done with the answers that came in from `start` to `end`."""
    done = Simulation(start, end, rules)
    if not rules:
        return done
    then, waits = Then(session, start, end, rules), _Waiting(done)
    ids = _came(session, actor, start, end)
    for lot in _lots(session, ids):
        progress(done.answers, len(ids))
        then.meet(lot)
        for facts in lot:
            waits.settle(then, facts.at)
            then.come(facts)
            for fired in decide(rules, facts, then.world, first=first):
                done.met.append(Meeting(facts, fired))
                waits.note(facts, fired)
        done.answers += len(lot)
    waits.settle(then, end)
    progress(len(ids), len(ids))
    return done


class _Waiting:
    """Messages that wait, the one that is due first in front."""

    def __init__(self, done: Simulation) -> None:
        self.done, self._order = done, count()
        self._bodies = {(one.rule_id, one.n): one.body for one in done.rules}
        self._heap: list[tuple[datetime, int, Facts, Fired, int]] = []

    def note(self, facts: Facts, fired: Fired) -> None:
        for nth, effect in enumerate(fired.effects):
            if effect["outcome"] == "waits":
                due = datetime.fromisoformat(effect["due"])
                heapq.heappush(self._heap, (due, next(self._order), facts, fired, nth))

    def settle(self, then: Then, at: datetime) -> None:
        while self._heap and self._heap[0][0] <= at:
            due, _, facts, fired, nth = heapq.heappop(self._heap)
            body = self._bodies[fired.rule_id, fired.n]
            outcome = settle(body, nth, facts, then.world, due)
            self.done.ended.append(Ending(facts, fired.rule_id, nth, due, outcome))


def _came(session: Session, actor: Actor, start: datetime, end: datetime) -> list[int]:
    """The answers of this time in the order in which they came in; those of an import as if they
    had come in when they were given."""
    came = sa.case(
        (col(Response.import_run_id).is_(None), col(Response.received_at)),
        else_=col(Response.answered_at),
    )
    query = (
        sa.select(col(Response.id), came.label("came"))
        .outerjoin(Account, col(Account.id) == Response.account_id)
        .where(came >= start, came < end)
        .order_by("came", col(Response.id))
    )
    if actor.units is not None:
        unit = sa.func.coalesce(col(Response.unit_id), col(Account.unit_id))
        query = query.where(unit.in_(actor.units))
    return [row.id for row in session.connection().execute(query)]


def _lots(session: Session, ids: Sequence[int]) -> Iterator[list[Facts]]:
    gatherer = Gatherer(session)
    for at in range(0, len(ids), AT_ONCE):
        place = {id_: n for n, id_ in enumerate(ids[at : at + AT_ONCE])}
        yield sorted(gatherer.facts([*place]), key=lambda one: place[one.response_id])


def log_of(session: Session, start: datetime, end: datetime, mode: str = "live") -> list[str]:
    """What the rules did at work on the answers that came in from `start` to `end`, as `log` tells
    it: in the order of arrival, then what waited in the order in which it was due."""
    within = (
        RuleFiring.mode == mode, Response.received_at >= start, Response.received_at < end,
    )  # fmt: skip
    firings = session.exec(
        select(RuleFiring).join(Response).where(*within).order_by(col(RuleFiring.id))
    ).all()
    by_id = {one.id: one for one in firings}
    query = (
        select(RuleLater).join(RuleFiring).join(Response)
        .where(*within, RuleLater.state != "waiting")
        .order_by(col(RuleLater.due_at), col(RuleLater.id))
    )  # fmt: skip
    lines = [
        _fired(one.response_id, Fired(one.rule_id, one.n, one.because, one.effects))
        for one in firings
    ]
    for later in session.exec(query):
        of = by_id[later.firing_id]
        lines.append(
            _ended(of.response_id, of.rule_id, later.nth, later.due_at, later.outcome or "")
        )
    return lines


def _fired(answer: int, fired: Fired) -> str:
    return _line(answer=answer, rule=fired.rule_id, version=fired.n, because=fired.because,
                 effects=fired.effects)  # fmt: skip


def _ended(answer: int, rule: int, nth: int, due: datetime, outcome: str) -> str:
    return _line(answer=answer, rule=rule, nth=nth, due=due.isoformat(), outcome=outcome)


def _line(**values: Any) -> str:
    return json.dumps(values, sort_keys=True)
