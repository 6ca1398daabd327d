"""What is left of a case when an event of it is taken back: its state, contacts and promises."""

from datetime import UTC, datetime, timedelta

import pytest

from services.domain import lifecycle as life
from services.domain.lifecycle import Illegal, Move, Outcome, Promise, State, Status
from services.domain.sla import standard
from services.domain.taking_back import Fact, recontacted, undone

MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALENDAR = standard("UTC")
PROMISE = Promise(4, 5, CALENDAR)


class Told:
    """A case with its journal, built move by move; each at the hour that it names."""

    def __init__(self) -> None:
        self.state = life.opened(MONDAY, PROMISE, response_id=1, team_id=None, asked=False)
        self.facts = [Fact(Move.OPENED, MONDAY, life.changes(None, self.state), {})]

    def put(self, move: Move, hour: int, after: State, **data: str) -> Fact:
        moved = life.changes(self.state, after)
        fact = Fact(move, MONDAY + hour * HOUR, moved, {"changes": moved} | data)
        self.state = after
        self.facts.append(fact)
        return fact

    def contact(self, hour: int) -> Fact:
        at = MONDAY + hour * HOUR
        after = life.contacted(self.state, at, CALENDAR)
        return self.put(Move.CONTACTED, hour, after, reached=at.isoformat())

    def wait(self, hour: int) -> Fact:
        return self.put(Move.WAITED, hour, life.waited(self.state, MONDAY + hour * HOUR))

    def resume(self, hour: int) -> Fact:
        at = MONDAY + hour * HOUR
        return self.put(Move.RESUMED, hour, life.resumed(self.state, at, CALENDAR))

    def resolve(self, hour: int) -> Fact:
        after = life.resolved(
            self.state, MONDAY + hour * HOUR, CALENDAR, outcome=Outcome.SOLVED, root_cause_id=7
        )
        return self.put(Move.RESOLVED, hour, after)

    def reopen(self, hour: int) -> Fact:
        return self.put(
            Move.REOPENED, hour, life.reopened(self.state, MONDAY + hour * HOUR, PROMISE)
        )

    def without(self, fact: Fact) -> State:
        """The state when this contact is taken back."""
        after = undone(self.state, fact.changes)
        return recontacted(
            self.state, after, [one for one in self.facts if one is not fact], CALENDAR
        )


def test_what_somebody_owns_meanwhile_does_not_become_new() -> None:
    case = Told()
    reached = case.contact(1)
    case.put(Move.ASSIGNED, 2, life.assigned(case.state, 5, None))
    after = case.without(reached)
    assert (after.status, after.contacted_at, after.due_at) == (Status.OPEN, None, after.first_due)


def test_taking_back_is_refused_where_something_else_changed_it_since() -> None:
    case = Told()
    first = case.put(Move.ASSIGNED, 1, life.assigned(case.state, 5, None))
    assert undone(case.state, first.changes).assignee_id is None
    case.put(Move.ASSIGNED, 2, life.assigned(case.state, 6, None))
    with pytest.raises(Illegal, match="assignee changed since"):
        undone(case.state, first.changes)


def test_the_promise_that_runs_is_worked_out_anew() -> None:
    case = Told()
    waited = case.wait(1)
    case.contact(2)
    after = undone(case.state, waited.changes)
    assert (after.status, after.due_at) == (Status.OPEN, after.close_due)


def test_without_its_contact_a_case_is_as_if_there_had_been_none() -> None:
    case, other = Told(), Told()
    for each in (case, other):
        each.wait(1)
    reached = case.contact(2)
    for each in (case, other):
        each.resume(3)
    assert case.state.first_due != other.state.first_due
    assert case.without(reached) == other.state


def test_the_time_that_it_lay_resolved_counts_for_no_promise() -> None:
    case, other = Told(), Told()
    reached = case.contact(1)
    for each in (case, other):
        each.resolve(2)
    for each in (case, other):
        each.reopen(3)
    assert case.without(reached) == other.state
    assert other.state.first_due == MONDAY + 5 * HOUR  # promised within four, one of them at rest


def test_the_next_contact_is_the_first_one_and_keeps_what_was_promised() -> None:
    case, other = Told(), Told()
    for each in (case, other):
        each.wait(1)
    first = case.contact(2)
    for each in (case, other):
        each.contact(4)
    for each in (case, other):
        each.resume(5)
    assert case.without(first) == other.state


def test_a_later_contact_that_was_not_the_first_changes_nothing() -> None:
    case = Told()
    case.contact(1)
    before = case.state
    assert case.without(case.contact(2)) == before


def test_an_event_says_when_the_customer_was_reached() -> None:
    moved = {"contacted_at": [None, (MONDAY - HOUR).isoformat()]}
    told = {"reached": (MONDAY - 2 * HOUR).isoformat()}
    assert Fact(Move.CONTACTED, MONDAY, moved, told).reached == MONDAY - 2 * HOUR
    assert Fact(Move.CONTACTED, MONDAY, moved, {}).reached == MONDAY - HOUR  # as it was once kept
    assert Fact(Move.CONTACTED, MONDAY, {}, {}).reached == MONDAY
    assert Fact(Move.NOTED, MONDAY, {}, {}).reached is None
