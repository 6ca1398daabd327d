"""Take what came in from a vendor, one after the other; and look there for what did not come in."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from db import engine
from services import config, integrations
from services.inbound import applying, looking, pressing, rows, threads
from services.outbox import recording
from services.vendors import two_way
from services.vendors.base import VendorError
from services.vendors.two_way import TwoWay

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
VENDORS = ("zendesk", "intercom")
SOURCES = (*VENDORS, "slack")
OVERLAP = timedelta(minutes=10)  # a vendor's own search lags behind
FIRST = timedelta(days=1)
SETTLED = timedelta(minutes=2)  # what changed longer ago has this time for good, if clocks differ


def once(clock: Clock, vendor: str | None = None) -> bool:
    """Do one thing that came in from this vendor (from any); whether there was one. Of several
    workers any may do it."""
    if config.load().loopdesk_demo:
        return False
    with engine.reading() as session:
        found = rows.due(session, clock(), vendor)
    if found is None:
        return False
    try:
        _DO[found.kind](found.id, clock)
    except Exception as error:  # whatever it is, what comes after it has its turn
        log.error("what came in as %s failed: %s", found.id, type(error).__name__)
        _later(found.id, VendorError(f"the desk itself failed ({type(error).__name__})"), clock)
    return True


def _look(row_id: int, clock: Clock) -> None:
    """Read the thread with no transaction open, then keep what is new there."""
    with engine.transaction() as session:
        look = looking.begin(session, row_id, clock())
    if look is None:
        return
    try:
        changes = _vendor(look.vendor).changes(look.thread, look.known)
    except VendorError as error:
        return _later(row_id, error, clock)
    with engine.transaction() as session:
        looking.found(session, look, changes, clock())


def _apply(row_id: int, clock: Clock) -> None:
    with engine.transaction() as session:
        applying.take(session, row_id, clock())


def _later(row_id: int, error: VendorError, clock: Clock) -> None:
    with engine.transaction() as session:
        looking.failed(
            session, row_id, str(error), permanent=error.permanent and not error.reconnect,
            counts=not error.reconnect, wait=error.wait, now=clock(),
        )  # fmt: skip


def _vendor(name: str) -> TwoWay:
    with engine.reading() as session:
        return cast(TwoWay, integrations.built(session, name))


def _act(row_id: int, clock: Clock) -> None:
    with engine.reading() as session:
        told = rows.told(session, row_id)
    try:
        pressing.done(row_id, told.get("user", ""), told.get("channel", ""), clock)
    except VendorError as error:
        _later(row_id, error, clock)


_DO: Mapping[str, Callable[[int, Clock], None]] = {
    "look": _look, "change": _apply, "act": _act,
}  # fmt: skip


def poll(state: Mapping[str, Any], clock: Clock) -> Mapping[str, Any]:
    """Note which threads changed since the last time; what changed in them is read later."""
    known = dict(state)
    if config.load().loopdesk_demo:
        return known
    for name in VENDORS:
        now = clock()
        since = _since(known.get(name), name, now)
        if since is None:
            continue
        try:
            _ask(name, since, now)
            known[name] = now.isoformat()
            known.pop(f"{name} error", None)
        except VendorError as error:
            log.warning("%s could not be asked what changed: %s", name, error)
            known[f"{name} error"] = str(error)
            with engine.transaction() as session:
                rows.rest(session, name, error.wait, clock())
                if error.reconnect:
                    recording.refused(session, name, error, clock())
    return known


def _since(last: str | None, name: str, now: datetime) -> datetime | None:
    """From when on to ask; None where it is not time yet, or not wanted."""
    with engine.reading() as session:
        row = integrations.connected(session).get(name)
    if row is None or row.paused_at or row.broken_at or not two_way.wanted(row.config):
        return None
    if row.closed_until and row.closed_until > now:
        return None
    if last is None:
        return now - FIRST
    before = datetime.fromisoformat(last)
    pause = timedelta(seconds=float(row.config.get("poll") or 60))
    return before - OVERLAP if before + pause <= now else None


def _ask(name: str, since: datetime, now: datetime) -> None:
    with engine.reading() as session:
        wanted = threads.watched(session, name, now)
    if not wanted:
        return
    found = list(_vendor(name).changed(wanted, since))
    with engine.transaction() as session:
        rows.keep(session, name, [
            {"event_id": _seen(thread, at, now), "thread": thread, "kind": "look"}
            for thread, at in found
        ], now)  # fmt: skip


def _seen(thread: str, at: datetime, now: datetime) -> str:
    """What names this state of it. Vendors tell whole seconds, so one that is young may be followed
    by another of the same time: it is looked at once more when it no longer is."""
    return f"seen:{thread}:{at:%Y%m%dT%H%M%S}{':young' if now - at < SETTLED else ''}"
