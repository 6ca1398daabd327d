"""Text that people wrote, made fit to leave: nothing in it acts, nothing breaks the transport."""

from typing import Any
from unicodedata import category

_BACKWARDS = "\u202d\u202e"  # would make the rest of a line read the other way round


def clean(value: Any, most: int | None = None) -> str:
    """As text without control characters and halves of pairs, cut where it is too long."""
    text = "" if value is None else str(value).encode("utf-8", "ignore").decode()
    kept = (char for char in text if char in "\n\t" or category(char) != "Cc")
    return shorten("".join(char for char in kept if char not in _BACKWARDS).strip(), most)


def line(value: Any, most: int | None = None) -> str:
    """The same on one line."""
    return shorten(" ".join(clean(value).split()), most)


def shorten(text: str, most: int | None) -> str:
    """Cut at `most` characters, if it is longer, with a sign that it was."""
    return text if most is None or len(text) <= most else text[: most - 1].rstrip() + "\u2026"
