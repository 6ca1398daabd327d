"""One mail as it came -> what it means to the desk. Pure, and never raises: strangers write it."""

import hashlib
import re
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from email.parser import BytesHeaderParser

from services.mail import bounces, ids
from services.mail.headers import address, header, raw_header, received_at
from services.mail.quotes import new_text
from services.mail.texts import said
from services.vendors.base import Update

LONGEST = 10_000  # characters of a text that are kept
_LONGEST_SUBJECT = 300
# The parser compares each line with the end of each part that it is in.
_MOST_LINES = 150_000  # twice as many as the largest mail that is fetched needs for its files
_MOST_CONTAINERS = 50  # of more parts within parts only the headers are read
_CONTAINER = re.compile(rb"multipart/|message/", re.I)


def read(raw: bytes, own: str, now: datetime) -> Update:
    """`own`: the address that the desk writes from; what comes from there is an echo."""
    message = _parsed(raw)
    thread = ids.nearest(raw_header(message, "In-Reply-To"), raw_header(message, "References"))
    back = bounces.bounce(message)
    if back is not None and back.original:
        thread = tuple(dict.fromkeys([back.original, *thread]))
    sender = address(message, "From")
    return Update(
        kind="bounce" if back else _kind(message, sender, own, bool(thread)),
        key=_key(message, raw),
        at=received_at(message, now),
        thread=thread,
        sender=sender or None,
        subject=header(message, "Subject")[:_LONGEST_SUBJECT],
        text=back.reason if back else new_text(said(message))[:LONGEST],
        failed=back.failed if back else None,
        hard=back.hard if back else False,
    )


def _parsed(raw: bytes) -> Message:
    lines = raw.replace(b"\r\n", b"\n").split(b"\n", _MOST_LINES)
    whole = b"\n".join(lines[:_MOST_LINES])
    if len(_CONTAINER.findall(whole)) > _MOST_CONTAINERS:
        return BytesHeaderParser(policy=policy.compat32).parsebytes(whole)
    return message_from_bytes(whole, policy=policy.compat32)


def _kind(message: Message, sender: str, own: str, answers: bool) -> str:
    if sender.casefold() == own.casefold() or message.get_content_type() == "multipart/report":
        return "other"
    if bounces.away(message, answers=answers):
        return "away"
    auto = header(message, "Auto-Submitted").casefold()
    bulk = header(message, "Precedence").casefold() in ("bulk", "list", "junk")
    made = auto not in ("", "no") or bulk or bool(header(message, "List-Id"))
    return "other" if not sender or (made and not answers) else "answer"


def _key(message: Message, raw: bytes) -> str:
    return ids.one(raw_header(message, "Message-ID")) or f"sha256:{hashlib.sha256(raw).hexdigest()}"
