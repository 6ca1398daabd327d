"""The chain, the way back to the team, whose turn it is, and open hours counted backwards."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain import escalating
from services.domain.case_state import State, Status
from services.domain.lifecycle import Illegal
from services.domain.sla import add_hours, between, standard

MONDAY = datetime(2026, 6, 15, 9, tzinfo=UTC)
BROKEN = State(opened_at=MONDAY, assignee_id=3, due_at=MONDAY, breached_due=MONDAY, escalation=1)
UTC_HOURS = standard("UTC")


def test_the_manager_is_told_once_of_a_promise() -> None:
    told = escalating.escalated(BROKEN, MONDAY, 7)
    assert (told.escalation, told.escalated_to_id, told.escalated_at) == (2, 7, MONDAY)
    with pytest.raises(Illegal):
        escalating.escalated(told, MONDAY, 7)


def test_where_there_is_no_manager_the_chain_ends_all_the_same() -> None:
    lead = replace(BROKEN, escalated_to_id=5)
    told = escalating.escalated(lead, MONDAY, None)
    assert (told.escalation, told.escalated_to_id) == (2, 5)


@pytest.mark.parametrize(
    "state",
    [
        replace(BROKEN, breached_due=None),
        replace(BROKEN, due_at=None, status=Status.WAITING),
        replace(BROKEN, status=Status.RESOLVED),
        replace(BROKEN, due_at=MONDAY + timedelta(days=1)),  # closing runs: it was contacted
    ],
)
def test_what_waits_is_done_or_in_time_goes_to_no_manager(state: State) -> None:
    with pytest.raises(Illegal):
        escalating.escalated(state, MONDAY, 7)


def test_what_goes_back_keeps_all_but_its_owner() -> None:
    assert escalating.returned(BROKEN) == replace(BROKEN, assignee_id=None)
    with pytest.raises(Illegal):
        escalating.returned(replace(BROKEN, assignee_id=None))


def test_open_hours_are_counted_backwards_over_nights_and_weekends() -> None:
    found = escalating.ago(MONDAY + timedelta(hours=2), 8, UTC_HOURS)
    assert found is not None and timedelta() <= datetime(2026, 6, 12, 11, tzinfo=UTC) - found
    assert datetime(2026, 6, 12, 11, tzinfo=UTC) - found <= timedelta(seconds=1)
    assert escalating.ago(MONDAY, 20_000, UTC_HOURS) is None


@given(st.integers(0, 60 * 24 * 21), st.integers(1, 90))
def test_the_moment_found_is_the_last_one(minutes: int, hours: int) -> None:
    now = MONDAY + timedelta(minutes=minutes)
    found = escalating.ago(now, hours, UTC_HOURS)
    assert found is not None and add_hours(found, hours, UTC_HOURS) <= now
    assert between(found + timedelta(seconds=2), now, UTC_HOURS) < timedelta(hours=hours)


def test_people_take_turns_behind_the_last_one() -> None:
    assert escalating.in_turn([9, 2, 5], None) == [2, 5, 9]
    assert escalating.in_turn([9, 2, 5], 5) == [9, 2, 5]
    assert escalating.in_turn([9, 2, 5], 4) == [5, 9, 2]  # who had the last one works elsewhere now
    assert escalating.in_turn([], 5) == []
