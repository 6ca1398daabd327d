"""What Zendesk is told: the tickets and comments that a message becomes. Nothing here talks to it.

Each carries the key of its message as metadata of the update, where only agents' tools see it and
where it is found again.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from zenpy.lib.api_objects import Comment, Ticket, User
from zenpy.lib.util import dict_clean, json_encode_for_zendesk

from services.vendors.base import Message, VendorError, external_id, pick
from services.vendors.words import clean, line

MARK = "loopdesk"
NOBODY = "Loopdesk knows no e-mail address of this customer: a reply from here would reach nobody."
_LONGEST = 65_000  # characters of a comment as HTML; Zendesk takes 65,535
_PRIORITIES = ("low", "normal", "high", "urgent")


def written(ticket: Ticket) -> dict[str, Any]:
    """The body of the request, as zenpy writes it."""
    text = json.dumps({"ticket": ticket}, default=json_encode_for_zendesk)
    body: dict[str, Any] = json.loads(text, object_pairs_hook=dict_clean)
    return body


def opened(message: Message, config: Mapping[str, Any]) -> Ticket:
    """A new ticket. Its first comment is internal: it tells agents, it does not mail customers."""
    body, card = message.body, message.body["card"]
    customer = _customer(card)
    text = str(body.get("text") or "")
    fields: dict[str, Any] = {
        "subject": line(_inert(clean(body.get("subject"))), 150) or f"Case {card['number']}",
        "comment": _comment(text if customer else f"{text}\n\n{NOBODY}", public=False),
        "external_id": external_id(message),
        "metadata": {MARK: message.key},
        "requester": customer,
        "tags": _tags(config, body),
        "custom_fields": _custom_fields(config.get("mapping") or {}, card),
        "priority": body.get("priority") if body.get("priority") in _PRIORITIES else None,
        "group_id": _number(config, "group"),
        "brand_id": _number(config, "brand"),
    }
    return Ticket(**{name: value for name, value in fields.items() if value})


def commented(message: Message) -> Ticket:
    """A comment for the ticket of the case: public for a reply, internal for a note."""
    comment = _comment(str(message.body["text"]), public=message.action == "reply")
    return Ticket(id=ticket_id(message), comment=comment, metadata={MARK: message.key})


def followed(message: Message, closed: Ticket) -> Ticket:
    """The same comment as a ticket that follows a closed one, which takes no more comments."""
    comment = _comment(str(message.body["text"]), public=message.action == "reply")
    fields = {
        "via_followup_source_id": closed.id,
        "subject": closed.subject,
        "requester_id": closed.requester_id,
        "external_id": closed.external_id,
        "comment": comment,
        "metadata": {MARK: message.key},
    }
    return Ticket(**{name: value for name, value in fields.items() if value})


def moved(message: Message) -> Ticket:
    """The ticket in another state."""
    status = message.body["status"]
    if status not in ("open", "pending", "solved"):
        raise VendorError("Zendesk has no such state", permanent=True)
    return Ticket(id=ticket_id(message), status=status, metadata={MARK: message.key})


def owned(message: Message) -> Ticket:
    """The ticket with another owner: zenpy leaves out what is empty, so it cannot take one off."""
    email = line(message.body.get("email"))
    if "@" not in email:
        raise VendorError("Take the owner off in Zendesk: it cannot be done from here",
                          permanent=True)  # fmt: skip
    return Ticket(id=ticket_id(message), assignee_email=email, metadata={MARK: message.key})


def ticket_id(message: Message) -> int:
    """The number of the case's ticket."""
    if not re.fullmatch(r"[0-9]{1,18}", message.thread or ""):
        raise VendorError("The case has no ticket in Zendesk yet", permanent=True)
    return int(message.thread or "")


def _comment(text: str, *, public: bool) -> Comment:
    """As HTML that holds nothing but text: plain bodies are read as Markdown, images included."""
    html = "<p>" + escape(_inert(clean(text))).replace("\n", "<br>") + "</p>"
    if len(html) > _LONGEST:
        raise VendorError("The text is too long for Zendesk", permanent=True)
    return Comment(html_body=html, public=public)


def _inert(text: str) -> str:
    """Zendesk fills in {{placeholders}}, whoever wrote them: kept apart they stay text."""
    return re.sub(r"\{(?=[{%])", "{ ", text)


def _customer(card: Mapping[str, Any]) -> User | None:
    email = line(pick(card, "contact.email"))
    if "@" not in email or " " in email:
        return None
    name = line(_inert(clean(pick(card, "contact.name"))), 200)
    return User(email=email, name=name or email)


def _tags(config: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    entered = str(config.get("tags") or "").replace(",", " ").split()
    wanted = [*entered, *map(str, body.get("tags") or ())]
    tags = (re.sub(r"[^\w-]+", "_", clean(tag).lower()).strip("_")[:80] for tag in wanted)
    return list(dict.fromkeys(tag for tag in tags if tag))


def _custom_fields(mapping: Mapping[str, str], card: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(_filled(mapping, card))


def _filled(mapping: Mapping[str, str], card: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for field, path in mapping.items():
        if not re.fullmatch(r"[0-9]{1,18}", field):
            raise VendorError("A mapped field is not a ticket field's number", permanent=True)
        value = pick(card, path)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        if isinstance(value, str):
            value = clean(_inert(clean(value)), 10_000)
        if value is not None and not isinstance(value, Mapping):
            yield {"id": int(field), "value": value}


def _number(config: Mapping[str, Any], name: str) -> int | None:
    entered = str(config.get(name) or "").strip()
    if entered and not re.fullmatch(r"[0-9]{1,18}", entered):
        raise VendorError(f"The {name} for Zendesk is not a number", permanent=True)
    return int(entered) if entered else None
