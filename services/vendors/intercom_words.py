"""What Intercom is told: the words and attributes that a card becomes. Nothing here talks to it."""

import re
from collections.abc import Iterator, Mapping
from html import escape, unescape
from math import isfinite
from typing import Any

from services.vendors.base import pick
from services.vendors.words import clean

LONGEST_ATTRIBUTE = 255  # characters, Intercom's own limit
LONGEST_TEXT = 20_000
# Sent as numbers, so that Intercom can compare them; its attributes must be numbers too.
NUMBERS = frozenset({"score", "number", "account.arr"})
_MOST_PROPERTIES = 12


def text(value: Any) -> str:
    """Fit to leave, and of a length that Intercom takes."""
    return clean(value, LONGEST_TEXT)


def person(card: Mapping[str, Any]) -> dict[str, str]:
    """Who the card is about, as far as Intercom may know them."""
    contact = card.get("contact") or {}
    known = {name: text(contact.get(name) or "") for name in ("external_id", "email", "name")}
    known["name"] = known["name"][:LONGEST_ATTRIBUTE]
    # A cut identity would be another's.
    return {name: said for name, said in known.items() if 0 < len(said) <= LONGEST_ATTRIBUTE}


def opening(card: Mapping[str, Any], words: Any) -> str:
    """What the customer is quoted with; Intercom takes no empty text."""
    return text(words or "") or f"Score: {clean(card.get('score'), 20)}"


def attributes(mapping: Mapping[str, str], card: Mapping[str, Any]) -> dict[str, Any]:
    """The contact's attributes by their names in Intercom; None empties one."""
    return {name: _attribute(path, pick(card, path)) for name, path in mapping.items()}


def _attribute(path: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if path in NUMBERS or isinstance(value, float):
        return _number(value)
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return clean(value, LONGEST_ATTRIBUTE)


def _number(value: Any) -> int | float | None:
    try:
        number = float(value)
        if not isfinite(number):
            return None
        return int(number) if number.is_integer() else round(number, 4)
    except (TypeError, ValueError, OverflowError):
        return None


def html(words: Any) -> str:
    """For notes, which Intercom reads as HTML."""
    return "<p>" + escape(text(words)).replace("\n", "<br>") + "</p>"


def note(card: Mapping[str, Any]) -> str:
    """What a teammate in Intercom should know, with the way back to the case."""
    title = f"Case {escape(clean(card.get('number'), 20))}"
    link = clean(card.get("link") or "", 2000)
    if link.startswith(("https://", "http://")):
        title = f'<a href="{escape(link)}">{title}</a>'
    lines = [f"{escape(name)}: {escape(clean(value, 200))}" for name, value in _facts(card)]
    return f"<p>{'<br>'.join([title, *lines])}</p>"


def _facts(card: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    score = f"{card.get('score')} ({card.get('metric')}, {card.get('scale')})"
    yield from (("Score", score),) if card.get("score") is not None else ()
    paths = {"Owner": "owner", "Due": "due", "Account": "account.name", "Survey": "survey"}
    paths |= {"ARR": "account.arr", "Currency": "account.currency", "Renewal": "account.renewal_on"}
    for name, path in paths.items():
        if (value := pick(card, path)) is not None:
            yield name, value
    if card.get("reasons"):
        yield "Why now", ", ".join(map(str, card["reasons"]))
    for path in ("contact.properties", "account.properties"):
        properties = pick(card, path) or {}
        yield from (
            (clean(key, 60), value) for key, value in [*properties.items()][:_MOST_PROPERTIES]
        )


def same(stored: str | None, words: str) -> bool:
    """Whether what Intercom keeps, which is HTML, says the same as `words`."""
    plain = unescape(re.sub(r"<[^>]*>", " ", stored or ""))
    return bool(words.strip()) and plain.split() == words.split()


def is_one(conversation: Any, plan: Mapping[str, Any]) -> bool:
    """Whether it says what we sent, and is not marked as another case's."""
    marks = conversation.custom_attributes or {}
    own = plan["conversation_attributes"]
    if any(marks.get(name) not in (None, number) for name, number in own.items()):
        return False
    return same(conversation.source and conversation.source.body, plan["conversation"]["body"])
