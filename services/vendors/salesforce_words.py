"""What Salesforce is told: the fields of records that a message becomes. Nothing talks to it."""

import re
from collections.abc import Mapping
from typing import Any

from services.vendors.base import Message, VendorError, pick
from services.vendors.words import clean, line

NAME = r"[A-Za-z][A-Za-z0-9_]{0,79}"
SUBJECT, DESCRIPTION, COMMENT, TEXT = 255, 32_000, 3_900, 255  # characters that fit
PRIORITIES = {"low": "Low", "normal": "Medium", "high": "High", "urgent": "High"}


def case(message: Message, config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a case, without those that say whose it is."""
    body, card = message.body, message.body["card"]
    fields: dict[str, Any] = {
        "Subject": line(body.get("subject"), SUBJECT) or f"Case {card['number']}",
        "Description": clean(body.get("text"), DESCRIPTION),
        "Priority": PRIORITIES.get(str(body.get("priority"))),
        "Origin": _entered(config, "origin"),
        "OwnerId": _entered(config, "owner"),
        "RecordTypeId": _entered(config, "record_type"),
    }
    for theirs, path in (config.get("mapping") or {}).items():
        fields[theirs] = plain(pick(card, path))
    return {name: value for name, value in fields.items() if value not in (None, "")}


def nobody(card: Mapping[str, Any]) -> dict[str, Any]:
    """Whose case it is, where Salesforce has no such contact."""
    said = {
        "SuppliedName": line(pick(card, "contact.name"), 80),
        "SuppliedEmail": line(pick(card, "contact.email"), 80),
        "SuppliedCompany": line(pick(card, "account.name"), 80),
    }
    return {name: value for name, value in said.items() if value}


def score(message: Message, config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of contact and account that say how they last answered."""
    card = message.body["card"]
    said = {
        "score_field": card["score"], "band_field": str(card["band"] or "").capitalize(),
        "date_field": str(card["answered_at"])[:10],
        "comment_field": clean(card["comment"], TEXT),
    }  # fmt: skip
    named = {_entered(config, field): value for field, value in said.items()}
    return {name: value for name, value in named.items() if name}


def comment(message: Message) -> dict[str, Any]:
    """An internal comment. Its last line is the mark by which it is found again."""
    text = f"{clean(message.body['text'], COMMENT)}\n\n{mark(message)}"
    return {"ParentId": case_id(message), "CommentBody": text, "IsPublished": False}


def mark(message: Message) -> str:
    return f"(Loopdesk {message.key})"


def status(message: Message, config: Mapping[str, Any]) -> dict[str, Any]:
    """The case in another state, by the name that it has over there."""
    field = {"solved": "status_resolved", "open": "status_reopened"}.get(message.body["status"])
    if field is None:
        raise VendorError("Salesforce has no such state", permanent=True)
    return {"Status": _entered(config, field)}


def case_id(message: Message) -> str:
    """The id of the case over there."""
    if not re.fullmatch(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?", message.thread or ""):
        raise VendorError("The case is not in Salesforce yet", permanent=True)
    return message.thread or ""


def plain(value: Any) -> Any:
    """A value as a field takes it."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, Mapping):
        return None
    return clean(value, DESCRIPTION) if isinstance(value, str) else value


def _entered(config: Mapping[str, Any], name: str) -> str:
    return str(config.get(name) or "").strip()
