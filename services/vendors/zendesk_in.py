"""What was done to a ticket in Zendesk: its audits, as changes of a case."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from services.vendors.base import VendorError
from services.vendors.two_way import Change, Fact
from services.vendors.words import clean
from services.vendors.zendesk_ticket import MARK

STATES = {
    "new": "open", "open": "open", "pending": "waiting", "hold": "waiting", "solved": "solved",
    "closed": "solved",  # as it is by itself some time later, or at once where tickets are merged
}  # fmt: skip
# Who was deleted since, and Zendesk itself, has no role: nobody knows whether that was a contact.
_SAID = {"end-user": "answer", "agent": "reply", "admin": "reply"}
LONGEST = 10_000  # characters of a text that is kept
Audit = Mapping[str, Any]


@contextmanager
def readable() -> Iterator[None]:
    """Around what takes an answer apart: one of another shape is a VendorError."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError):
        raise VendorError("Zendesk gave an update that cannot be read") from None


def people_in(audits: Iterable[Audit]) -> set[int]:
    """The ids of those who wrote, and of new owners."""
    found: set[Any] = set()
    for audit in audits:
        found.add(audit.get("author_id"))
        for event in _events(audit):
            found.add(event.get("author_id"))
            if event.get("field_name") == "assignee_id":
                found.add(event.get("value"))
    return {int(one) for one in found if str(one or "").isdigit()}


def change(audit: Audit, people: Mapping[int, Mapping[str, Any]]) -> Change:
    """One audit; `people` are users of Zendesk by their ids."""
    author = people.get(_id(audit.get("author_id")), {})
    return Change(
        id=f"audit:{int(audit['id'])}",
        at=moment(audit["created_at"]),
        facts=tuple(_facts(audit, people)),
        author=author.get("email") if author.get("role") != "end-user" else None,
        ours=ours(audit),
    )


def ours(audit: Audit) -> bool:
    """Whether it carries our mark."""
    custom = (audit.get("metadata") or {}).get("custom")
    return isinstance(custom, Mapping) and MARK in custom


def _facts(audit: Audit, people: Mapping[int, Mapping[str, Any]]) -> Iterator[Fact]:
    """What was said first: a status that goes with it is about that."""
    for event in _events(audit):
        if event.get("type") == "Comment" and (text := _text(event)):
            writer = people.get(_id(event.get("author_id") or audit.get("author_id")), {})
            public = event.get("public") is not False
            yield Fact(_SAID.get(str(writer.get("role")), "note") if public else "note", text)
    for event in _events(audit):
        field, value = event.get("field_name"), event.get("value")
        if field == "assignee_id" and event.get("type") == "Change":
            yield _owner(value, people)
        elif field == "status" and event.get("type") == "Change" and value in STATES:
            yield Fact("status", to=STATES[str(value)])


def _owner(value: Any, people: Mapping[int, Mapping[str, Any]]) -> Fact:
    if not value:
        return Fact("owner")
    email = people.get(_id(value), {}).get("email")
    return Fact("owner", to=email, known=bool(email))


def _events(audit: Audit) -> list[Mapping[str, Any]]:
    return [event for event in audit.get("events") or () if isinstance(event, Mapping)]


def _text(event: Mapping[str, Any]) -> str:
    told = event.get("plain_body") or plain(event.get("html_body")) or event.get("body")
    return clean(told, LONGEST)


def plain(told: Any) -> str:
    """HTML as text, its lines kept."""
    text = re.sub(r"(?i)<br\s*/?>|</p>|</div>|</li>", "\n", str(told or ""))
    return html.unescape(re.sub(r"<[^>]*>", "", text)).strip()


def moment(told: Any) -> datetime:
    """A time as Zendesk writes it. ValueError for anything else."""
    at = datetime.fromisoformat(str(told))
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _id(value: Any) -> int:
    return int(value) if str(value or "").isdigit() else 0
