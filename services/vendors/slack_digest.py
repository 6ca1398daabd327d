"""A digest in Slack: blocks with the lists behind them, and the picture in its thread."""

from collections.abc import Iterator, Mapping
from typing import Any

from slack_sdk.models import blocks as kit

from services.vendors.slack_blocks import safe
from services.vendors.words import line

_MOST = 45  # parts; Slack takes 50 blocks


def blocks(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The finding, then each part with a button to its list."""
    return [block.to_dict() for block in _blocks(body)]


def _blocks(body: Mapping[str, Any]) -> Iterator[kit.Block]:
    yield kit.HeaderBlock(text=_plain(line(body["subject"], 150), 150))
    yield kit.SectionBlock(text=_plain(body["chart"]["title"], 300))
    for part in body["parts"][:_MOST]:
        lines = "\n".join(f"\u2022 {line(one['text'], 200)}" for one in part["lines"])
        yield kit.SectionBlock(
            text=_plain(f"{line(part['title'], 60)}\n{lines}", 2900), accessory=_open(part["link"])
        )


def _open(address: str) -> kit.ButtonElement | None:
    if not address.startswith(("https://", "http://")) or len(address) > 3000:
        return None
    return kit.ButtonElement(text=_plain("Open", 75), url=address, action_id="open")


def _plain(text: Any, most: int) -> kit.PlainTextObject:
    return kit.PlainTextObject(text=safe(text, most), emoji=False)
