"""One delivery from claim to record. Between the two no transaction is open."""

import logging
import random
from collections.abc import Callable
from datetime import datetime

from db import engine
from services.domain.retrying import Pace, State
from services.outbox.claiming import Claimed, claim
from services.outbox.owing import public_key
from services.outbox.recording import Ended, record
from services.vendors.base import Message, Unsure, Vendor, VendorError

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
SURPRISE = "the desk itself failed while sending; see its log"


def take(vendor: str, worker: str, pace: Pace, clock: Clock) -> Claimed | None:
    """Claim the next delivery of the vendor."""
    with engine.transaction() as session:
        return claim(session, vendor, clock(), worker, pace)


def attempt(vendor: Vendor, claimed: Claimed) -> Ended:
    """Send it, or look for it where nobody knows whether it was sent. Never raises."""
    message = Message(
        public_key(claimed.idem_key), claimed.action, claimed.body, claimed.thread, claimed.since
    )
    try:
        if claimed.looking:
            return _look(vendor, message)
        return Ended(receipt=vendor.send(message))
    except VendorError as error:
        return Ended(error=error)
    except Exception as error:  # a fault of ours must not lose track of what may have arrived
        log.error("sending %s to %s failed: %s", claimed.id, claimed.vendor, type(error).__name__)
        return Ended(error=VendorError(SURPRISE, unsure=not claimed.looking))


def note(claimed: Claimed, ended: Ended, pace: Pace, clock: Clock) -> State | None:
    """Write down how it ended."""
    with engine.transaction() as session:
        return record(session, claimed, ended, pace, clock(), random.random())


def _look(vendor: Vendor, message: Message) -> Ended:
    way = vendor.unsure(message)
    if way is Unsure.ASK:
        return Ended(ask=True)
    if way is Unsure.AGAIN:
        return Ended(again=True)
    found = vendor.find(message)
    return Ended(receipt=found)
