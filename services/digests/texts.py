"""A digest as it is sent: subject, plain text, and the parts that mail and Slack lay out."""

from typing import Any

from sqlmodel import Session

from services import config, settings
from services.insights.digest import Digest, Part
from services.insights.words import ago

_TELLING = ("New answers", "New cases", "Promises")


def body(session: Session, found: Digest) -> dict[str, Any]:
    """What a delivery holds of it; whom it goes to is added by whoever sends it."""
    desk = str(settings.get(session, "desk_name"))
    parts = [
        {
            "title": part.title, "link": _link(part.query),
            "lines": [{"text": one.text, "link": _link(one.query)} for one in part.lines],
        }
        for part in found.parts
    ]  # fmt: skip
    return {
        "subject": f"{desk}: {summary(found)}", "text": text(found), "parts": parts,
        "chart": dict(found.chart), "link": config.load().base_url,
    }  # fmt: skip


def summary(found: Digest) -> str:
    """One line: what matters first."""
    told = [part.lines[0].text for part in found.parts if part.title in _TELLING]
    return "; ".join(told) or "nothing new"


def since(found: Digest) -> str:
    """How long the digest looks back."""
    return f"Since {ago(found.since, found.until)}"


def text(found: Digest) -> str:
    """All of it in plain text, with the addresses of the lists."""
    blocks = [f"{since(found)}. {found.finding}.", *map(_part, found.parts)]
    if found.quiet:
        blocks.insert(1, "Nothing new, nothing due.")
    return "\n\n".join(blocks)


def _part(part: Part) -> str:
    lines = "\n".join(f"- {one.text}" for one in part.lines)
    return f"{part.title}\n{lines}\n{_link(part.query)}"


def _link(query: str) -> str:
    return f"{config.load().base_url}/{query}" if query else ""
