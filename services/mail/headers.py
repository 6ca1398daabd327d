"""Headers of a mail as text. `email`'s own modern parser raises on some broken ones; this not."""

from datetime import UTC, datetime
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from services.mail.charsets import header_text

_LONGEST = 8_000  # characters of a header that are looked at


def raw_header(message: Message, name: str) -> str:
    """The first header of that name as it came; empty if there is none."""
    wanted = name.casefold()
    found = (str(raw) for key, raw in message.raw_items() if key.casefold() == wanted)
    return next(found, "")[:_LONGEST]


def header(message: Message, name: str) -> str:
    """The same, decoded, on one line."""
    return header_text(raw_header(message, name))


def address(message: Message, name: str) -> str:
    """The e-mail address in a header, without the name; empty if there is none."""
    found = header_text(parseaddr(raw_header(message, name))[1])
    return found if "@" in found else ""


def received_at(message: Message, now: datetime) -> datetime:
    """When our own server took it, by its line; else when it says it was written; never later."""
    for stamp in (raw_header(message, "Received").rpartition(";")[2], raw_header(message, "Date")):
        try:
            at = parsedate_to_datetime(" ".join(stamp.split()))
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        try:
            return min(aware.astimezone(UTC), now)
        except OverflowError:  # in the year 1 or 9999
            continue
    return now
