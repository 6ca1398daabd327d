"""What a mail says, as text: its plain part, else its HTML without the markup. Never raises."""

import re
from collections.abc import Iterable, Iterator
from email.message import Message

from services.mail.charsets import text_of
from services.mail.html import plain

READ = 200_000  # characters that are looked at: more is no letter

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?|\u2028|\u2029")
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:+-]{1,40})", re.I)


def clean(text: str) -> str:
    """Line ends as \\n, no control characters (PostgreSQL holds no NUL), no blank edges."""
    text = _CONTROLS.sub("", _LINE_ENDS.sub("\n", text)).replace("\u00a0", " ")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def said(message: Message) -> str:
    """The text of a mail with all that it quotes; attached files and attached mails left out."""
    return clean(_text(message)[:READ])


def _text(part: Message) -> str:
    kind = part.get_content_type()
    if part.is_multipart() and kind.startswith("multipart/"):
        return _together(part, kind)
    if kind not in ("text/plain", "text/html") or _attached(part):
        return ""
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    found = _CHARSET.search(str(part.get("Content-Type", "")))
    text = text_of(data[: 4 * READ], found[1] if found else None)[:READ]
    return plain(text) if kind == "text/html" else text


def _together(part: Message, kind: str) -> str:
    children = [child for child in part.get_payload() if isinstance(child, Message)]
    if kind == "multipart/alternative":
        return next(_spoken(children), "")
    # What is related to a text are its pictures; what follows a signed one is the signature.
    alone = kind in ("multipart/related", "multipart/signed")
    return "\n\n".join(_spoken(children[:1] if alone else children))


def _spoken(parts: Iterable[Message]) -> Iterator[str]:
    return (text for part in parts if (text := _text(part)).strip())


def _attached(part: Message) -> bool:
    return str(part.get("Content-Disposition", "")).strip().casefold().startswith("attachment")
