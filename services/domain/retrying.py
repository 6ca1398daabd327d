"""What becomes of a delivery after a try: when again, when looked up, when given up. Pure.

States: pending -> sending -> sent, or back to pending, or unknown (nobody knows whether it
arrived), failed (given up) or cancelled. Times are in seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (State.PENDING, State.SENDING, State.UNKNOWN)


@dataclass(frozen=True)
class Pace:
    """How patient the outbox is.

    `lease` is longer than any vendor takes for one message; `looks` are the pauses before a vendor
    is asked about a message that may have arrived: it is missing only if each of them says so.
    """

    lease: float = 120
    first: float = 5
    longest: float = 6 * 3600
    most: int = 12
    looks: Sequence[float] = (5, 25)
    trips: int = 5
    shut: float = 30
    shut_longest: float = 600


def delay(pace: Pace, tries: int, chance: float) -> float:
    """Seconds until the next try after `tries` (1, 2, ...); `chance` is in [0, 1).

    Exponential (factor 3), half of it by chance, so that what failed together is not tried
    together: "full jitter" halved, see Brooker, Exponential Backoff And Jitter (AWS, 2015).
    """
    whole = min(pace.longest, pace.first * 3.0 ** (max(tries, 1) - 1))
    return whole / 2 + whole * chance


def shut_for(pace: Pace, failures: int) -> float:
    """Seconds for which a vendor that failed `failures` times in a row is left alone."""
    if failures < pace.trips:
        return 0
    return float(min(pace.shut_longest, pace.shut * 2.0 ** min(failures - pace.trips, 20)))


@dataclass(frozen=True)
class Next:
    """Where the delivery stands now; `wait` seconds until it is tried or looked up, if it is."""

    state: State
    wait: float | None = None


def after_failure(
    pace: Pace, *, tries: int, permanent: bool, unsure: bool, wait: float | None, chance: float
) -> Next:
    """After a try that failed; `unsure` ones are looked up first, whatever else is said."""
    if unsure:
        return Next(State.UNKNOWN, pace.looks[0])
    if permanent or tries >= pace.most:
        return Next(State.FAILED)
    return Next(State.PENDING, max(wait or 0, delay(pace, tries, chance)))


def after_look(pace: Pace, *, looks: int, tries: int, chance: float) -> Next:
    """After the vendor said for the `looks`-th time (1, 2, ...) that it has nothing."""
    if looks < len(pace.looks):
        return Next(State.UNKNOWN, pace.looks[looks])
    return once_more(pace, tries=tries, chance=chance)


def once_more(pace: Pace, *, tries: int, chance: float) -> Next:
    """After `tries` that left doubt and may be followed by another: at once the first time only,
    and not for ever, or a vendor that fails at one message would get it every minute."""
    if tries >= pace.most:
        return Next(State.FAILED)
    return Next(State.PENDING, 0 if tries <= 1 else delay(pace, tries, chance))
