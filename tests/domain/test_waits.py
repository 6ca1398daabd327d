"""Waiting times: the middle, its interval, and what nine of ten did not exceed."""

from math import comb
from random import Random
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from services.domain.scores import TOO_FEW
from services.domain.waits import waits


def test_no_times_have_no_middle() -> None:
    found = waits([])
    assert (found.n, found.median, found.low, found.high, found.most) == (0,) + (None,) * 4
    assert found.too_few


def test_the_middle_and_what_nine_of_ten_did_not_exceed() -> None:
    found = waits([*range(10, 0, -1)])
    assert (found.n, found.median, found.most) == (10, 5.5, 9)
    assert waits([7]).median == waits([7]).most == waits([7]).low == 7


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=200))
def test_the_interval_holds_the_middle_and_nine_of_ten_are_within(times: list[int]) -> None:
    found = waits(times)
    assert found.low is not None and found.median is not None and found.high is not None
    assert found.median == median(times)
    assert found.low <= found.median <= found.high
    assert sum(one <= (found.most or 0) for one in times) >= 0.9 * len(times)
    assert sum(one < (found.most or 0) for one in times) < 0.9 * len(times)


def test_the_interval_covers_what_it_says() -> None:
    """Exactly: how often the true middle lies between the two ranks, whatever the times are.

    Held to what contracts.md asks of the intervals of shares.
    """
    covered = []
    for n in range(TOO_FEW, 300):
        found = waits(range(1, n + 1))
        low, high = int(found.low or 0), int(found.high or 0)
        covered.append(sum(comb(n, k) for k in range(low, high)) / 2**n)
    assert min(covered) >= 0.92
    assert 0.94 <= sum(covered) / len(covered) <= 0.97


def test_the_order_of_the_times_does_not_matter() -> None:
    times = [Random(1).randrange(1000) for _ in range(500)]
    assert waits(times) == waits(sorted(times)) == waits(times[::-1])
