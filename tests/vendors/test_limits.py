"""What a vendor's headers say about waiting."""

from datetime import UTC, datetime

import pytest

from services.vendors import limits

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-3", 0),
        ("1e12", limits.LONGEST),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 14:00:30 +0200", 30),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2036 11:00:00 GMT", limits.LONGEST),
        ("Sun, 99 Mar 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert limits.retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("remaining", "after", "seconds"),
    [("0", 20, 20), ("5", 20, 0), ("0", -20, 0), (None, 20, 0), ("none", 20, 0), ("0", None, 0)],
)
def test_an_allowance_that_is_used_up_asks_for_rest(
    remaining: str | None, after: int | None, seconds: float
) -> None:
    reset = None if after is None else str(int(NOW.timestamp()) + after)
    assert limits.rest(remaining, reset, NOW) == seconds


@pytest.mark.parametrize("reset", ["nan", "inf", "x"])
def test_a_reset_that_is_no_time_asks_for_nothing(reset: str) -> None:
    assert limits.rest("0", reset, NOW) == 0


def test_the_time_of_an_answer_is_the_vendors_own() -> None:
    assert limits.answered_at({"Date": "Sun, 01 Mar 2026 12:00:00 GMT"}) == NOW
    assert limits.answered_at({"date": "Sun, 01 Mar 2026 12:00:00 GMT"}) == NOW


@pytest.mark.parametrize("headers", [{}, {"Date": "never"}])
def test_without_the_vendors_time_ours_is_taken(headers: dict[str, str]) -> None:
    assert abs((limits.answered_at(headers) - datetime.now(UTC)).total_seconds()) < 5
