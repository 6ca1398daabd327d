"""One case of the demo company, lived through in memory: its state, its journal, its texts.

Each step is a move of `domain.lifecycle`, written down as `cases.journal` writes it. Between the
steps of people the desk does what it does by itself: further answers join, broken promises are
noted and passed on.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.cases.journal import told
from services.demo_desk import Desk, Heard, Worker
from services.domain import escalating, lifecycle, priority, taking_back
from services.domain.lifecycle import UNRESOLVED, Move, Outcome, State, Status
from services.domain.sla import Calendar, add_hours

MINUTE = timedelta(minutes=1)


class Over(Exception):
    """The life got to now, or the same person's next answer opens a case of its own."""


@dataclass(eq=False)
class Text:
    """A note or a logged call."""

    kind: str
    author_id: int
    body: str
    at: datetime
    undone_at: datetime | None = None


@dataclass(frozen=True, eq=False)
class Event:
    """An event to be written. The ids that it names are given later: of `text`, of `undoes`."""

    at: datetime
    move: Move
    actor_id: int | None
    data: dict[str, Any]
    text: Text | None = None
    undoes: "Event | None" = None


@dataclass
class Life:
    """A case from its first answer on. `later` are the same person's further answers."""

    desk: Desk
    first: Heard
    later: deque[Heard]
    before: list[datetime]  # when the same person's earlier cases were opened
    state: State = field(init=False)
    at: datetime = field(init=False)
    events: list[Event] = field(default_factory=list)
    answers: list[Heard] = field(default_factory=list)
    reasons: list[priority.Reason] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self.first
        state = lifecycle.opened(
            first.at, self.desk.promises[first.told.team_id], response_id=first.told.id,
            team_id=first.told.team_id, asked=first.asked,
        )  # fmt: skip
        self.at = first.at
        self._belongs(first)
        self._write(None, state, Move.OPENED, None, response_id=first.told.id, by="rule")

    @property
    def calendar(self) -> Calendar:
        """Whose hours count for the promises."""
        return self.desk.promises[self.state.team_id].calendar

    def work(self, who: Worker, hours: float) -> None:
        """Time passes until `who` has worked for `hours`; Over when that is not yet."""
        at = add_hours(self.at, hours, who.calendar)
        self.pass_to(at.replace(microsecond=0) + timedelta(seconds=at.microsecond > 0))

    def pass_to(self, at: datetime) -> None:
        """Time passes until `at` or now, and what happens by itself happens."""
        self._until(min(at, self.desk.now))
        if at >= self.desk.now:
            raise Over
        if self.state.status is Status.RESOLVED and self.later and self.later[0].at <= at:
            raise Over
        self.at = at

    def assign(self, by: Worker, to: Worker) -> None:
        """Give it to `to`."""
        after = lifecycle.assigned(self.state, to.id, to.team_id)
        self._write(self.state, after, Move.ASSIGNED, by)

    def note(self, by: Worker, body: str) -> None:
        """Leave a note."""
        text = Text("note", by.id, body, self.at)
        self._write(self.state, lifecycle.noted(self.state), Move.NOTED, by, text)

    def contact(self, by: Worker, way: str, body: str, ago: timedelta) -> None:
        """Log that the customer was reached `ago`, but after whatever happened before."""
        at = max(self.events[-1].at, self.at - ago)
        after = lifecycle.contacted(self.state, at, self.calendar)
        text = Text("call", by.id, body, self.at)
        self._write(self.state, after, Move.CONTACTED, by, text, way=way, reached=at.isoformat())

    def wait(self, by: Worker) -> None:
        """The customer has to answer."""
        self._write(self.state, lifecycle.waited(self.state, self.at), Move.WAITED, by)

    def resume(self, by: Worker) -> None:
        """It is our turn again."""
        after = lifecycle.resumed(self.state, self.at, self.calendar)
        self._write(self.state, after, Move.RESUMED, by)

    def snooze(self, by: Worker, until: datetime) -> None:
        """Out of the queue until then."""
        after = lifecycle.snoozed(self.state, self.at, until)
        self._write(self.state, after, Move.SNOOZED, by, until=until.isoformat())

    def wake(self, by: Worker) -> None:
        """Back into the queue before its time."""
        self._write(self.state, lifecycle.woken(self.state), Move.WOKEN, by)

    def resolve(self, by: Worker, outcome: Outcome, cause_id: int) -> None:
        """Done."""
        after = lifecycle.resolved(
            self.state, self.at, self.calendar, outcome=outcome, root_cause_id=cause_id
        )
        self._write(self.state, after, Move.RESOLVED, by)

    def reopen(self, by: Worker) -> None:
        """Not done after all."""
        promise = self.desk.promises[self.state.team_id]
        self._write(
            self.state, lifecycle.reopened(self.state, self.at, promise), Move.REOPENED, by
        )  # fmt: skip

    def undo(self, by: Worker, seconds: int) -> None:
        """Take back what was done last, some seconds later, if it is still the last."""
        event = self.events[-1]
        self.pass_to(self.at + timedelta(seconds=seconds))
        if self.events[-1] is not event:
            return
        after = taking_back.undone(self.state, event.data["changes"])
        if event.text:
            event.text.undone_at = self.at
        self._write(
            self.state, after, Move.UNDONE, by, undoes=event, undone=event.move.value
        )  # fmt: skip

    def _until(self, at: datetime) -> None:
        """What happens by itself up to `at`, in the order of time."""
        while soon := [one for one in (self._join(), self._breach(), self._chain()) if one]:
            when, do = min(soon, key=_when)
            if when > at:
                return
            self.at = when
            do()

    def _join(self) -> "tuple[datetime, Callable[[], None]] | None":
        """When the next answer joins, and how."""
        if not self.later or self.state.status not in UNRESOLVED:
            return None
        return self.later[0].at, self._joined

    def _joined(self) -> None:
        answer = self.later.popleft()
        after = lifecycle.joined(
            self.state, self.at, self.calendar, response_id=answer.told.id, asked=answer.asked
        )
        self._belongs(answer)
        self._write(self.state, after, Move.JOINED, None, response_id=answer.told.id)

    def _breach(self) -> "tuple[datetime, Callable[[], None]] | None":
        """When the desk, which looks every minute, notes a broken promise, and how."""
        due = self.state.due_at
        if due is None or due == self.state.breached_due or due > self.desk.now:
            return None
        seen = max(due, self.at).replace(second=0, microsecond=0) + MINUTE
        return min(seen, self.desk.now), self._breached

    def _breached(self) -> None:
        lead = self.desk.leads.get(self.state.team_id)
        to = lead if lead != self.state.assignee_id else None
        promise = "closing" if self.state.contacted_at else "contact"
        after = lifecycle.breached(self.state, self.at, to)
        self._write(self.state, after, Move.BREACHED, None, promise=promise)

    def _chain(self) -> "tuple[datetime, Callable[[], None]] | None":
        """When nobody has worked on a broken promise for so long that the manager hears of it."""
        state, desk = self.state, self.desk
        broken = state.due_at is not None and state.breached_due == state.due_at
        if not desk.managers or not broken or state.escalation >= escalating.MANAGER:
            return None
        done = [one.at for one in self.events if one.move is not Move.BREACHED]
        last = max(*done, *filter(None, (state.due_at, state.escalated_at, state.snoozed_until)))
        seen = max(add_hours(last, desk.escalate_hours, self.calendar), self.at)
        if seen > desk.now:
            return None
        return min(seen.replace(second=0, microsecond=0) + MINUTE, desk.now), self._escalated

    def _escalated(self) -> None:
        state = self.state
        known = (state.assignee_id, state.escalated_to_id if state.escalation else None)
        to = next((one for one in self.desk.managers if one not in known), None)
        after = escalating.escalated(state, self.at, to)
        self._write(state, after, Move.ESCALATED, None, to=to)

    def _belongs(self, answer: Heard) -> None:
        self.answers.append(answer)
        self.reasons = self.desk.ranker.at(answer.told, self.at, self.before)

    def _write(
        self,
        before: State | None,
        after: State,
        move: Move,
        who: Worker | None,
        text: Text | None = None,
        undoes: Event | None = None,
        **data: Any,
    ) -> None:
        version = len(self.events) + 1
        whole = told(version, lifecycle.changes(before, after), None, **data)
        self.events.append(Event(self.at, move, who.id if who else None, whole, text, undoes))
        self.state = after


def _when(one: tuple[datetime, Any]) -> datetime:
    return one[0]
