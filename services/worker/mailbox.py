"""Look into the mailbox: what customers answered comes to their cases, each mail once."""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from db import engine
from services import config, integrations
from services.cases import answered
from services.vendors.base import VendorError

log = logging.getLogger(__name__)


def poll(state: Mapping[str, Any], clock: Callable[[], datetime]) -> Mapping[str, Any]:
    """Take what is new since `state`; each mail is committed before the next is fetched."""
    if config.load().loopdesk_demo:
        return state
    with engine.reading() as session:
        row = integrations.connected(session).get("email")
        if row is None or row.paused_at or not row.config.get("imap_host"):
            return state
        vendor = integrations.built(session, "email")
    from services.vendors.email import Email

    assert isinstance(vendor, Email)
    counts: dict[str, int] = {}
    try:
        for raw, then in vendor.new_mail(state):
            with engine.transaction() as session:
                what = answered.take(session, vendor.read(raw), clock())
            counts[what] = counts.get(what, 0) + 1
            state = then
    except VendorError as error:
        log.warning("the mailbox could not be read: %s", error)
        return {**state, "error": str(error)}
    if counts:
        log.info("mail: %s", ", ".join(f"{n} {what}" for what, n in sorted(counts.items())))
    return {name: value for name, value in state.items() if name != "error"}
