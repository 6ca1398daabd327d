"""Compare with vendors: every night, and whenever somebody asked; in lots, with rests between."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from db import engine
from db.models import Reconciliation
from services import config, integrations
from services.reconciling import noting, runs
from services.vendors.base import VendorError
from services.worker.nights import tonight

log = logging.getLogger(__name__)
TURN = timedelta(seconds=5)
LONGEST = timedelta(days=1)  # that a vendor may keep us waiting
REST = 0.2  # seconds between two lots
WAIT = 60.0  # seconds until a vendor is asked again that does not say when
AWAY = "it is paused, resting or not connected"
Clock = Callable[[], datetime]


def compare(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Begin tonight's comparisons if it is time, and go on with those under way."""
    now = clock()
    if config.load().loopdesk_demo:
        return state
    with engine.reading() as session:
        night, there = tonight(session, state, now), sorted(integrations.connected(session))
        waiting = bool(runs.under_way(session))
    kept = {**state, "day": night} if night else state
    if night and there:
        with engine.transaction() as session:
            waiting = bool(runs.begin(session, there, now))
    return {**kept, **_go_on(state, clock)} if waiting else kept


def _go_on(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Each vendor has its turn, who waited longest before the others; one that asked for a rest is
    left alone until then."""
    until, rests = clock() + TURN, dict(state.get("rests", {}))
    with engine.reading() as session:
        waiting = runs.under_way(session)
    for run in sorted(waiting, key=lambda run: rests.get(run.vendor, "")):
        rest = rests.get(run.vendor)
        if rest is not None and datetime.fromisoformat(rest) > clock():
            continue
        if clock() >= until:
            break
        wait = work(run, clock, until)
        rests[run.vendor] = (clock() + timedelta(seconds=wait)).isoformat()
    return {"rests": rests}


def work(run: Reconciliation, clock: Clock, until: datetime | None = None) -> float:
    """Go on with a run until its end or this moment; seconds that the vendor wants to be left
    alone for. Without a moment it waits for that itself, or ends if it takes long."""
    while until is None or clock() < until:
        with engine.reading() as session:
            run = session.get_one(Reconciliation, run.id)
            rest, items = runs.rest(session, run.vendor, clock()), runs.lot(session, run)
        if run.ended_at is not None or not items:
            return _end(run, clock)
        try:
            if rest != 0:
                raise VendorError(AWAY, wait=rest or WAIT, permanent=rest is None and not until)
            with engine.reading() as session:
                vendor = integrations.built(session, run.vendor)
            found = vendor.there(runs.messages(items))
        except VendorError as error:
            wait = error.wait or WAIT
            late = clock() - run.started_at > LONGEST or (until is None and wait >= WAIT)
            if late or error.permanent or error.reconnect:
                return _end(run, clock, str(error))
            if until is not None:
                log.warning("comparing with %s goes on later: %s", run.vendor, error)
                return wait
            time.sleep(wait)
            continue
        with engine.transaction() as session:
            noting.note(session, run.id or 0, items, found, clock())
        time.sleep(REST)
    return 0


def _end(run: Reconciliation, clock: Clock, error: str | None = None) -> float:
    if run.ended_at is None:
        with engine.transaction() as session:
            noting.end(session, run.id or 0, clock(), error)
    return 0
