"""What two cases are once they are one, and once they are two."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from services.domain import lifecycle, merging, taking_back
from services.domain.lifecycle import Illegal, State, Status
from services.domain.sla import Calendar, Promise

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = Calendar("UTC", (((time(), time()),),) * 7, frozenset())
PROMISE = Promise(4, 2, ALWAYS)


def opened(at: datetime = NOW, **values: object) -> State:
    new = lifecycle.opened(at, PROMISE, response_id=1, team_id=7, asked=False)
    return replace(new, **values)  # type: ignore[arg-type]


def together(mine: State, theirs: State, *, same: bool = True) -> State:
    at = NOW + 3 * HOUR
    return merging.absorbed(mine, theirs, at, ALWAYS, same=same, response_id=9)


def test_the_one_that_goes_runs_no_promise_and_names_where_it_lives_on() -> None:
    gone = merging.merged(opened(), 5)
    assert (gone.status, gone.merged_into, gone.due_at) == (Status.MERGED, 5, None)
    with pytest.raises(Illegal):
        merging.merged(gone, 6)


def test_the_earlier_opening_and_the_earlier_promise_hold() -> None:
    early, late = opened(NOW - HOUR), opened(NOW)
    for mine, theirs in ((early, late), (late, early)):
        one = together(mine, theirs)
        assert (one.opened_at, one.first_due, one.due_at) == (
            early.opened_at, early.first_due, early.first_due,
        )  # fmt: skip
        assert (one.close_due, one.response_id) == (early.close_due, 9)


def test_a_contact_counts_for_the_person_it_was_with() -> None:
    theirs = opened(NOW - HOUR, contacted_at=NOW, contact_seconds=3600, status=Status.OPEN)
    one = together(opened(), theirs)
    assert (one.contacted_at, one.contact_seconds, one.due_at) == (NOW, 3600, one.close_due)
    other = together(opened(), theirs, same=False)
    assert (other.contacted_at, other.due_at) == (None, other.first_due)


def test_it_waits_or_sleeps_only_if_both_did() -> None:
    waiting = lifecycle.waited(opened(status=Status.OPEN), NOW + HOUR)
    awake = together(waiting, opened())
    assert (awake.status, awake.paused_at, awake.paused_seconds) == (Status.OPEN, None, 7200)
    both = together(waiting, waiting)
    assert (both.status, both.paused_at, both.due_at) == (Status.WAITING, NOW + 3 * HOUR, None)
    asleep = opened(snoozed_until=NOW + 9 * HOUR)
    assert together(asleep, opened()).snoozed_until is None
    assert together(asleep, opened(snoozed_until=NOW + 5 * HOUR)).snoozed_until == NOW + 5 * HOUR


def test_an_owner_is_taken_over_only_where_there_is_none() -> None:
    theirs = opened(assignee_id=3, team_id=8, status=Status.OPEN)
    one = together(opened(), theirs)
    assert (one.assignee_id, one.team_id, one.status) == (3, 8, Status.OPEN)
    kept = together(opened(assignee_id=2, status=Status.OPEN), theirs)
    assert (kept.assignee_id, kept.team_id) == (2, 7)
    assert together(opened(), opened()).status is Status.NEW


def test_a_broken_promise_is_not_noted_anew_because_it_stands_in_another_case() -> None:
    late = opened(NOW - 9 * HOUR)
    noted = lifecycle.breached(late, NOW, 4)
    one = together(opened(), noted)
    assert one.breached_due == one.due_at == late.first_due
    assert (one.escalated_to_id, one.escalation, one.escalated_at) == (4, 1, NOW)
    with pytest.raises(Illegal):
        lifecycle.breached(one, NOW, 4)


def test_what_is_split_off_has_its_own_clock_and_the_same_owner() -> None:
    case = opened(assignee_id=3, status=Status.OPEN, contacted_at=NOW, asked=True)
    new = merging.split_off(case, NOW - HOUR, PROMISE, response_id=2, asked=False)
    assert (new.opened_at, new.first_due, new.contacted_at) == (NOW - HOUR, NOW + 3 * HOUR, None)
    assert (new.assignee_id, new.team_id, new.status, new.asked) == (3, 7, Status.OPEN, False)
    left = merging.left(case, response_id=1, asked=True)
    assert left == replace(case, response_id=1)


def test_a_person_has_one_open_case_for_a_reason() -> None:
    assert merging.reason_apart(True, {"follow_up"}) == "detractor"
    assert merging.reason_apart(True, {"detractor"}) == "second"
    assert merging.reason_apart(True, {"detractor", "second"}) is None
    assert merging.reason_apart(False, {"detractor"}) == "follow_up"
    assert merging.reason_apart(False, {"follow_up"}) is None


def test_of_a_merged_case_only_the_merge_is_taken_back() -> None:
    gone = merging.merged(opened(), 5)
    with pytest.raises(Illegal, match="merged into another case"):
        taking_back.undone(gone, {})
    assert taking_back.undone(gone, lifecycle.changes(opened(), gone)) == opened()
