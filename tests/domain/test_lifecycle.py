"""The life of a case: every move from every status, the clock, and the journal of it all."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.domain import lifecycle as life
from services.domain import merging, syncing, taking_back
from services.domain.lifecycle import FROM, Illegal, Move, Outcome, Promise, State, Status
from services.domain.sla import between, standard

MONDAY = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALENDAR = standard("UTC")
PROMISE = Promise(24, 5, CALENDAR)
CAUSE = 7


def opened(at: datetime = MONDAY, **values: bool) -> State:
    return life.opened(at, PROMISE, response_id=1, team_id=None, asked=values.get("asked", False))


def done(state: State, at: datetime) -> State:
    return life.resolved(state, at, CALENDAR, outcome=Outcome.SOLVED, root_cause_id=CAUSE)


def in_status(status: Status) -> State:
    """A case that came to this status by moves."""
    case = opened()
    if status is Status.NEW:
        return case
    case = life.assigned(case, 5, None)
    if status is Status.WAITING:
        return life.waited(case, MONDAY + HOUR)
    if status is Status.RESOLVED:
        return done(case, MONDAY + HOUR)
    return replace(case, status=status)


AT = MONDAY + 2 * HOUR
MOVES: dict[Move, Callable[[State], State]] = {
    Move.JOINED: lambda s: life.joined(s, AT, CALENDAR, response_id=2, asked=True),
    Move.ASSIGNED: lambda s: life.assigned(s, 6, 3),
    Move.NOTED: life.noted,
    Move.CONTACTED: lambda s: life.contacted(s, AT, CALENDAR),
    Move.WAITED: lambda s: life.waited(s, AT),
    Move.RESUMED: lambda s: life.resumed(s, AT, CALENDAR),
    Move.SNOOZED: lambda s: life.snoozed(s, AT, AT + HOUR),
    Move.WOKEN: lambda s: life.woken(replace(s, snoozed_until=AT)),
    Move.RESOLVED: lambda s: done(s, AT),
    Move.REOPENED: lambda s: life.reopened(s, AT, PROMISE),
    Move.BREACHED: lambda s: life.breached(replace(s, due_at=MONDAY), AT, 9),
    Move.DONE_THERE: syncing.done_there,
    Move.CONFLICTED: syncing.conflicted,
    Move.SETTLED: syncing.settled,
    Move.MERGED: lambda s: merging.merged(s, 7),
    Move.ABSORBED: lambda s: merging.absorbed(s, opened(), AT, CALENDAR, same=True, response_id=2),
    Move.SPLIT: lambda s: merging.left(s, response_id=2, asked=False),
    # Of a merged one only the merge itself is taken back.
    Move.UNDONE: lambda s: taking_back.undone(s, {"merged_into": [None, s.merged_into]}),
}
AFTER = {  # (move, before) -> after, where it is not the status before
    (Move.JOINED, Status.WAITING): Status.OPEN,
    (Move.ASSIGNED, Status.NEW): Status.OPEN,
    (Move.CONTACTED, Status.NEW): Status.OPEN,
    (Move.WAITED, Status.NEW): Status.WAITING,
    (Move.WAITED, Status.OPEN): Status.WAITING,
    (Move.RESUMED, Status.WAITING): Status.OPEN,
    (Move.REOPENED, Status.RESOLVED): Status.OPEN,
    (Move.ABSORBED, Status.WAITING): Status.OPEN,
} | {
    (move, status): end
    for move, end in ((Move.RESOLVED, Status.RESOLVED), (Move.MERGED, Status.MERGED))
    for status in (Status.NEW, Status.OPEN, Status.WAITING)
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("move", MOVES)
def test_every_move_from_every_status_is_allowed_or_refused(move: Move, status: Status) -> None:
    case = in_status(status)
    if status in FROM[move]:
        assert MOVES[move](case).status is AFTER.get((move, status), status)
    else:
        with pytest.raises(Illegal, match=f"{status.value} cannot be {move.value}"):
            MOVES[move](case)


def test_a_new_case_promises_first_contact_and_closing_in_business_time() -> None:
    case = opened(datetime(2026, 6, 5, 16, 0, tzinfo=UTC))  # a Friday, an hour before closing
    assert case.first_due == datetime(2026, 6, 10, 16, 0, tzinfo=UTC)  # 1 + 8 + 8 + 7 hours
    assert case.close_due == datetime(2026, 6, 12, 16, 0, tzinfo=UTC)
    assert case.due_at == case.first_due


def test_after_the_first_contact_closing_is_due() -> None:
    case = life.contacted(opened(), MONDAY + 3 * HOUR, CALENDAR)
    assert case.due_at == case.close_due and case.contact_seconds == 3 * 3600
    later = life.contacted(case, MONDAY + 5 * HOUR, CALENDAR)
    assert later == case  # the second contact is not the first
    earlier = life.contacted(later, MONDAY + HOUR, CALENDAR)
    assert earlier.contacted_at == MONDAY + HOUR and earlier.contact_seconds == 3600


def test_waiting_stops_the_clock_and_what_was_left_runs_on() -> None:
    waiting = life.waited(life.assigned(opened(), 5, None), MONDAY + 4 * HOUR)
    assert waiting.due_at is None
    tuesday_noon = MONDAY + timedelta(days=1, hours=3)
    running = life.resumed(waiting, tuesday_noon, CALENDAR)
    assert running.paused_seconds == 7 * 3600  # 13 to 17 and 9 to 12
    assert running.first_due is not None
    assert between(tuesday_noon, running.first_due, CALENDAR) == 20 * HOUR  # 24 - 4


def test_what_was_overdue_when_the_wait_began_stays_overdue() -> None:
    late = MONDAY + timedelta(days=10)
    waiting = life.waited(opened(), late)
    assert life.resumed(waiting, late + timedelta(days=2), CALENDAR).first_due == waiting.first_due


def test_time_to_close_leaves_the_waiting_out() -> None:
    waiting = life.waited(opened(), MONDAY + 2 * HOUR)
    closed = done(waiting, MONDAY + 5 * HOUR)
    assert (closed.close_seconds, closed.paused_seconds) == (2 * 3600, 3 * 3600)
    assert closed.due_at is None and closed.paused_at is None


def test_a_further_answer_wakes_who_sleeps_and_who_waits() -> None:
    asleep = life.snoozed(life.waited(opened(), AT), AT, AT + 48 * HOUR)
    woken = life.joined(asleep, AT + HOUR, CALENDAR, response_id=2, asked=True)
    assert (woken.status, woken.snoozed_until, woken.response_id) == (Status.OPEN, None, 2)
    assert woken.asked and woken.due_at is not None


def test_a_snooze_does_not_stop_the_clock() -> None:
    case = opened()
    assert life.snoozed(case, AT, AT + HOUR).due_at == case.due_at
    with pytest.raises(Illegal, match="passed"):
        life.snoozed(case, AT, AT)


def test_a_reopened_case_has_a_new_promise_to_close_and_keeps_its_contact() -> None:
    closed = done(life.contacted(opened(), AT, CALENDAR), AT)
    again = life.reopened(closed, AT + timedelta(days=30), PROMISE)
    assert (again.outcome, again.root_cause_id, again.resolved_at) == (None, None, None)
    assert again.contacted_at == AT and again.due_at == again.close_due
    assert again.close_due is not None and again.close_due > AT + timedelta(days=30)


def test_a_breach_is_told_once_a_promise_and_passed_on() -> None:
    case = opened()
    assert case.due_at is not None
    told = life.breached(case, case.due_at, 9)
    assert (told.escalated_to_id, told.breached_due) == (9, case.due_at)
    with pytest.raises(Illegal, match="No promise"):
        life.breached(told, case.due_at + HOUR, 9)
    with pytest.raises(Illegal, match="No promise"):
        life.breached(case, case.due_at - HOUR, 9)
    again = life.contacted(told, case.due_at + HOUR, CALENDAR)
    assert again.due_at is not None
    assert life.breached(again, again.due_at, 9).escalated_at == case.due_at  # the same person


def test_a_contact_while_the_clock_stands_still_is_in_time() -> None:
    case = life.waited(opened(), MONDAY + HOUR)
    late = MONDAY + timedelta(days=30)
    called = life.contacted(case, late, CALENDAR)
    assert called.first_due is not None and called.first_due > late and called.due_at is None
    ended = life.contacted(done(opened(), MONDAY + HOUR), late, CALENDAR)
    assert ended.first_due is not None and ended.first_due > late


def test_the_time_that_a_case_lay_resolved_is_nobodys() -> None:
    month = timedelta(days=28)
    again = life.reopened(done(opened(), MONDAY + HOUR), MONDAY + month, PROMISE)
    assert again.first_due is not None and again.due_at == again.first_due
    assert between(MONDAY + month, again.first_due, CALENDAR) == 23 * HOUR  # 24 - 1
    assert done(again, MONDAY + month + HOUR).close_seconds == 2 * 3600


def test_a_first_contact_that_was_overdue_stays_so_when_the_case_is_reopened() -> None:
    late = MONDAY + timedelta(days=10)
    again = life.reopened(done(opened(), late), late + HOUR, PROMISE)
    assert again.due_at == opened().first_due


steps = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(1, 5000)), max_size=25)


@given(steps)
@example([(Move.MERGED, 1), (Move.UNDONE, 1), (Move.UNDONE, 1)])
def test_the_journal_read_from_the_start_is_the_state(steps: list[tuple[Move, int]]) -> None:
    case, at = opened(), MONDAY
    journal = [life.changes(None, case)]
    for n, (move, minutes) in enumerate(steps):
        at += timedelta(minutes=minutes)
        moves: dict[Move, Callable[[State], State]] = MOVES | {
            Move.ASSIGNED: lambda s, n=n: life.assigned(s, n % 3 or None, None),  # type: ignore[misc]
            Move.CONTACTED: lambda s, at=at: life.contacted(s, at, CALENDAR),  # type: ignore[misc]
            Move.WAITED: lambda s, at=at: life.waited(s, at),  # type: ignore[misc]
            Move.RESUMED: lambda s, at=at: life.resumed(s, at, CALENDAR),  # type: ignore[misc]
            Move.RESOLVED: lambda s, at=at: done(s, at),  # type: ignore[misc]
            Move.REOPENED: lambda s, at=at: life.reopened(s, at, PROMISE),  # type: ignore[misc]
            Move.BREACHED: lambda s, at=at: life.breached(s, at, 9),  # type: ignore[misc]
            Move.SNOOZED: lambda s, at=at: life.snoozed(s, at, at + HOUR),  # type: ignore[misc]
            Move.WOKEN: life.woken,
            Move.JOINED: lambda s, n=n, at=at: life.joined(  # type: ignore[misc]
                s, at, CALENDAR, response_id=n + 2, asked=False
            ),
            Move.UNDONE: lambda s: taking_back.undone(s, journal[-1]) if len(journal) > 1 else s,
        }
        try:
            after = moves[move](case)
        except Illegal:
            assert case.status not in FROM[move] or move in (
                Move.ASSIGNED, Move.WOKEN, Move.BREACHED, Move.UNDONE,
            )  # fmt: skip
            continue
        journal.append(life.changes(case, after))
        case = after
        assert (case.status is Status.RESOLVED) == (case.resolved_at is not None)
        assert (case.status is Status.WAITING) == (case.paused_at is not None)
        assert (case.outcome is None) == (case.root_cause_id is None)
        stands_still = (Status.RESOLVED, Status.WAITING, Status.MERGED)
        assert (case.due_at is None) == (case.status in stands_still)
        assert (case.contacted_at is None) == (case.contact_seconds is None)
    assert life.fold(journal) == case
    assert life.read(life.written(case)) == case
