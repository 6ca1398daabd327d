"""A written score -> a whole number, or the reason in words why it is none."""

import re

_WHOLE = re.compile(r"([+-]?\d{1,9})(?:[.,]0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?", re.ASCII)


class BadScore(ValueError):
    """Not a score that can be taken; the message says why, in words."""


def whole_number(text: str) -> int:
    """ "7", "7.0", "7,0" and " 7 " are 7; BadScore for all else. Nothing is rounded."""
    text = text.strip()
    match = _WHOLE.fullmatch(text)
    if match:
        return int(match[1])
    if not text:
        raise BadScore("the score is empty")
    if _NUMBER.fullmatch(text):
        raise BadScore("this is not a whole number, and scores are not rounded")
    raise BadScore("this is not a number")
