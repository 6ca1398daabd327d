"""Message-IDs: one spelling for each, `<left@right>`, so that two of them can be compared."""

import re
from collections.abc import Iterable

LONGEST = 500  # characters; what is longer is no Message-ID that anybody made in good faith
_MOST = 50  # references that are looked at

_IN_BRACKETS = re.compile(r"<([^<>]*)>")
_ID = re.compile(r"[!-;=?-~]{1,498}")  # visible ASCII without brackets


def ids(text: str) -> tuple[str, ...]:
    """The Message-IDs in a header, each once, in its order; one without brackets counts too."""
    found = _IN_BRACKETS.findall(text) or text.split()
    joined = ("".join(inner.split()) for inner in found)  # a long one may have been folded
    return tuple(dict.fromkeys(f"<{one}>" for one in joined if "@" in one and _ID.fullmatch(one)))


def one(text: str) -> str | None:
    """The first Message-ID in a header."""
    return next(iter(ids(text)), None)


def nearest(in_reply_to: str, references: str) -> tuple[str, ...]:
    """What a mail answers, the nearest first; References name the oldest first."""
    return tuple(dict.fromkeys([*ids(in_reply_to), *reversed(ids(references))]))[:_MOST]


def chain(references: Iterable[str], in_reply_to: str | None) -> tuple[str, ...]:
    """What to write as References: the first of the thread and the last of it, oldest first."""
    found = ids(" ".join([*references, in_reply_to or ""]))
    return found if len(found) <= _MOST else (found[0], *found[1 - _MOST :])
