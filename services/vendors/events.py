"""What a signed request of a vendor is about: which ticket or conversation to read anew.

It is a poke: nothing of what it says is believed, since it may come late, twice or not at all.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from services.vendors.base import pick

TOPICS = (
    "conversation.admin.replied", "conversation.admin.noted", "conversation.admin.assigned",
    "conversation.admin.closed", "conversation.admin.opened", "conversation.admin.snoozed",
    "conversation.admin.unsnoozed", "conversation.user.replied",
)  # fmt: skip
Poke = tuple[str, str]  # what names the event, and the thread


def zendesk(headers: Mapping[str, str], raw: bytes) -> Poke | None:
    """Of a trigger with the body that the guide gives, or of an event about a ticket.

    Zendesk names each try of a trigger; two in one second are told apart by that name.
    """
    body = parsed(raw)
    told = str(pick(body, "type") or "")
    thread = pick(body, "detail.id") if told.startswith("zen:event-type:ticket.") else None
    thread = number(thread if told else pick(body, "ticket_id"))
    if thread is None:
        return None
    parts = ("x-zendesk-webhook-signature-timestamp", "x-zendesk-webhook-invocation-id")
    named = "\n".join(headers.get(part, "") for part in parts).encode() + b"\n" + raw
    return f"hook:{hashlib.sha256(named).hexdigest()[:40]}", thread


def intercom(_headers: Mapping[str, str], raw: bytes) -> Poke | None:
    """Of a notification whose topic is about a conversation."""
    body = parsed(raw)
    named, thread = word(pick(body, "id")), number(pick(body, "data.item.id"))
    if pick(body, "topic") not in TOPICS or named is None or thread is None:
        return None
    return f"hook:{named}", thread


def parsed(raw: bytes) -> Any:
    """JSON, or nothing."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def number(value: Any) -> str | None:
    """An id that is a number, as text."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 24 else None


def word(value: Any) -> str | None:
    """An id of letters, digits and dashes."""
    fine = isinstance(value, str) and 0 < len(value) <= 80 and value.isascii()
    return value if fine and all(one.isalnum() or one in "-_.:" for one in value) else None
