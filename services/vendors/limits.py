"""How long a vendor wants to be left alone, read from its own headers. Seconds, never negative."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Nobody has to wait longer than this because a header says so.
LONGEST = 24 * 3600.0


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds of a `Retry-After`, which is a number or an HTTP date; None if it says nothing."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        at = _date(value)
        return None if at is None else _bounded((at - now).total_seconds())
    return _bounded(seconds) if math.isfinite(seconds) else None


def rest(remaining: str | None, reset: str | None, now: datetime) -> float:
    """Seconds until `reset` (seconds since 1970) where nothing remains of the allowance, else 0."""
    try:
        left, at = float(remaining or ""), float(reset or "")
    except ValueError:
        return 0
    return _bounded(at - now.timestamp()) if left < 1 and math.isfinite(at) else 0


def answered_at(headers: Mapping[str, str]) -> datetime:
    """When the vendor answered by its own clock, against which its dates count; else by ours."""
    return _date(headers.get("Date") or headers.get("date") or "") or datetime.now(UTC)


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST)
