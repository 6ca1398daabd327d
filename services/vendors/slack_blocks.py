"""What Slack is told: the blocks that a card becomes. Nothing here talks to it.

Everything that people wrote stands in plain text with Slack's three signs escaped: it cannot
mention anybody, format anything or lead anywhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from slack_sdk.models import blocks as kit

from services.vendors.base import pick
from services.vendors.words import clean, line

_SIGNS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MOST_FIELDS = 10  # Slack's own limit for one section
_OPEN = "Open in Loopdesk"


def safe(value: Any, most: int) -> str:
    """Text that is only text in Slack, and at most `most` long as Slack may count."""
    kept: list[str] = []
    left = most - 1
    for sign in clean(value):
        written = _SIGNS.get(sign, sign)
        left -= len(written) + (ord(sign) > 0xFFFF)  # which some count as two
        if left < 0:
            return "".join(kept).rstrip() + "\u2026"
        kept.append(written)
    return "".join(kept)


def summary(card: Mapping[str, Any]) -> str:
    """One line, for notifications and for readers that show no blocks."""
    who = pick(card, "account.name") or pick(card, "contact.name")
    return safe(line(f"Case {card['number']}{_of(who)}: {_score(card)}"), 140)


def blocks(
    card: Mapping[str, Any], mapping: Mapping[str, str], buttons: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """The whole card. `mapping` (label: path) chooses what is said about the customer.

    `buttons` (name: words) are what can be done to an open case without leaving Slack.
    """
    return [block.to_dict() for block in _card(card, mapping, buttons or {})]


def note(text: str, link: str | None) -> list[dict[str, Any]]:
    """A few words with the way to the case."""
    made: list[kit.Block] = [kit.SectionBlock(text=_plain(text, 3000))] if clean(text) else []
    return [block.to_dict() for block in [*made, *_button(link)]]


def _card(
    card: Mapping[str, Any], mapping: Mapping[str, str], buttons: Mapping[str, str]
) -> Iterator[kit.Block]:
    yield kit.HeaderBlock(text=_plain(f"Case {card['number']}: {line(_score(card))}", 150))
    if customer := _customer(card):
        yield kit.SectionBlock(text=_plain(customer, 500))
    if comment := clean(card.get("comment")):
        yield kit.SectionBlock(text=_plain(f"\u201c{comment}\u201d", 2900))
    if facts := [
        _plain(f"{line(label, 60)}\n{value}", 200) for label, value in _facts(card, mapping)
    ]:
        yield kit.SectionBlock(fields=facts)
    yield kit.ContextBlock(elements=[_plain(" \u00b7 ".join(_standing(card)), 1000)])
    open_ = card.get("status") not in ("resolved", "merged")
    number = str(card["number"])
    made = [
        kit.ButtonElement(text=_plain(words, 75), action_id=name, value=number)
        for name, words in (buttons if open_ else {}).items()
    ]
    yield from _button(card.get("link"), made)


def _button(link: Any, others: Sequence[kit.ButtonElement] = ()) -> Iterator[kit.Block]:
    address, made = str(link or ""), list(others)
    if address.startswith(("https://", "http://")) and len(address) <= 3000:
        made.append(kit.ButtonElement(text=_plain(_OPEN, 75), url=address, action_id="open"))
    if made:
        yield kit.ActionsBlock(elements=made)


def _plain(text: Any, most: int) -> kit.PlainTextObject:
    return kit.PlainTextObject(text=safe(text, most), emoji=False)


def _of(who: Any) -> str:
    return f", {line(who, 60)}" if who else ""


def _score(card: Mapping[str, Any]) -> str:
    """The score with its scale and its band in words."""
    if card.get("score") is None:
        return "no score"
    scale = f" on {card['scale']}" if card.get("scale") else ""
    metric = f"{str(card['metric']).upper()} " if card.get("metric") else ""
    return f"{metric}{card['score']}{scale}" + (f", {card['band']}" if card.get("band") else "")


def _customer(card: Mapping[str, Any]) -> str:
    paths = ("contact.name", "contact.role", "contact.email", "account.name")
    return ", ".join(text for path in paths if (text := line(pick(card, path), 120)))


def _facts(card: Mapping[str, Any], mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What is known about the customer, up to what one section holds."""
    known = {label: pick(card, path) for label, path in mapping.items()} or _known(card)
    told = ((label, _said(value)) for label, value in known.items())
    yield from islice(((label, value) for label, value in told if value), _MOST_FIELDS)


def _known(card: Mapping[str, Any]) -> dict[str, Any]:
    arr, currency = pick(card, "account.arr"), pick(card, "account.currency")
    known = {
        "ARR": f"{arr} {currency or ''}" if arr is not None else None,
        "Renewal": pick(card, "account.renewal_on"),
        "Survey": card.get("survey"),
        "Touchpoint": card.get("touchpoint"),
    }
    for path in ("account.properties", "contact.properties"):
        properties = pick(card, path)
        known |= dict(properties) if isinstance(properties, Mapping) else {}
    return known


def _said(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return "" if isinstance(value, Mapping) else line(value, 120)


def _standing(card: Mapping[str, Any]) -> Iterator[str]:
    """How the case stands."""
    yield f"Status {line(card.get('status') or 'open', 40)}"
    yield f"Owner {line(card.get('owner') or 'nobody', 80)}"
    if due := card.get("due"):
        yield f"Due {_moment(str(due))}"
    for label, name in (("Outcome", "outcome"), ("Cause", "cause")):
        if card.get(name):
            yield f"{label} {line(card[name], 80)}"
    if reasons := card.get("reasons"):
        yield line(", ".join(map(str, reasons)), 300)


def _moment(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return line(text, 40)
