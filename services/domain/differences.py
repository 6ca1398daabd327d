"""What a vendor has against what the ledger says was sent: pure."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any


class Gap(StrEnum):
    """A way in which the two differ."""

    MISSING = "missing"
    TWICE = "twice"
    STATE = "state"


def gaps(copies: int, ended: bool | None, ours: bool | None) -> Iterator[tuple[Gap, Any]]:
    """The differences for one delivery, each with the ids or states that tell it.

    `copies`: how often it is there. `ended`: whether the vendor calls the case ended, `ours`
    whether we do; None where one of them says nothing, or need not say the same.
    """
    if copies == 0:
        yield Gap.MISSING, {}
        return
    if copies > 1:
        yield Gap.TWICE, {"copies": copies}
    if ended is not None and ours is not None and ended != ours:
        yield Gap.STATE, {"ended": ended, "ours": ours}
