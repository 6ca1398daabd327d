"""The ledger's part of the work: take in what is older than it, and check it every night."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from db import engine
from services.ledger import nightly, taking_over
from services.ledger.nightly import At
from services.worker.nights import tonight
from services.worker.turns import MORE

log = logging.getLogger(__name__)
TURN = timedelta(seconds=2)
Clock = Callable[[], datetime]


def take_over() -> None:
    """Bring every older delivery into the ledger, before anything is done with one."""
    with engine.reading() as session:
        more = taking_over.left(session) > 0
    while more:
        with engine.transaction() as session:
            more = taking_over.take_over(session)


def check(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Go on with the check of this night, if it is time for it or it has begun."""
    now = clock()
    with engine.reading() as session:
        night = tonight(session, state, now)
    if "at" not in state and night is None:
        return state
    so_far: Mapping[str, Any] = state.get("so_far", {})
    at: At | None = At(**state.get("at", {}))
    until = now + TURN
    while at is not None and clock() < until:
        with engine.reading() as session:
            verdict, at = nightly.part(session, at)
            so_far = nightly.added(session, so_far, verdict)
    kept = {name: state[name] for name in ("day", "last") if name in state} | (
        {"day": night} if night else {}
    )
    if at is not None:
        return kept | {"at": asdict(at), "so_far": so_far, MORE: True}
    with engine.reading() as session:
        last = nightly.result(session, so_far, clock())
    if not last["intact"]:
        log.error("the ledger is not as it was written: %s", last["said"])
    return kept | {"last": last}
