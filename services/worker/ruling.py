"""The rules' turn: answers that came in, and messages whose time has come."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from db import engine
from services.rules import later, running
from services.worker.turns import MORE

MOST = 10  # transactions of one turn; then the other jobs have theirs
Clock = Callable[[], datetime]


def run(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Look at what came in since the last turn. `behind` is the last answer that was looked at.

    Where nothing is remembered every answer may be new: each rule looks at those since it stands.
    """
    behind = int(state.get("behind", 0))
    with engine.reading() as session:
        newest = running.newest(session)  # first: what comes in meanwhile is looked at next time
        there, due = running.ahead(session, behind), later.any_due(session, clock())
    while due:
        with engine.transaction() as session:
            due = later.settle_due(session, clock()) == later.MOST
    if not there:
        return {"behind": max(behind, newest)}
    for _ in range(MOST):
        with engine.transaction() as session:
            last = running.next_lot(session, behind, clock())
        if last is None:
            return {"behind": behind}
        behind = last
    return {"behind": behind, MORE: True}
