"""Bytes of a mail -> text, whatever the mail says that they are. Never raises."""

import codecs
import re
from base64 import b64decode
from quopri import decodestring

# These decode text to text, can be made to take for ever, or are no charsets at all.
_REFUSED = frozenset(
    ["idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"]
)
# What is read instead: the larger charset, as every mail program does.
_WIDER = {"ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}
_ONE_BYTE = re.compile(r"ascii|cp125\d|iso8859-\d+|latin")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN = re.compile(r"(\?=)\s+(?==\?)")


def text_of(data: bytes, charset: str | None) -> str:
    """UTF-8 where it can be nothing else, then what was declared, then what Windows writes."""
    declared = _known(charset)
    if declared is None or _ONE_BYTE.match(declared):
        # Text beyond ASCII that happens to be valid UTF-8 is UTF-8, whoever mislabelled it.
        try:
            return data.decode("utf-8")
        except UnicodeError:
            pass
    try:
        return data.decode(_WIDER.get(declared or "ascii", declared or "cp1252"))
    except (UnicodeError, ValueError):
        return data.decode("utf-8" if declared == "utf-8" else "cp1252", "replace")


def header_text(raw: str) -> str:
    """A header as it was meant: encoded words decoded, 8-bit bytes rescued, on one line."""
    text = raw
    if not raw.isascii():
        text = text_of(raw.encode("utf-8", "surrogateescape"), None)
    return one_line(_WORD.sub(_decoded, _BETWEEN.sub(r"\1", text)))


def one_line(text: str) -> str:
    """Without line ends, control characters and doubled spaces."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _known(charset: str | None) -> str | None:
    try:
        info = codecs.lookup((charset or "").strip("\"' "))
    except (LookupError, ValueError):
        return None
    is_text = getattr(info, "_is_text_encoding", True)
    return info.name if is_text and info.name not in _REFUSED else None


def _decoded(word: re.Match[str]) -> str:
    charset, how, given = word[1].partition("*")[0], word[2], word[3].encode("ascii", "replace")
    if how in "qQ":
        return text_of(decodestring(given, header=True), charset)
    try:
        return text_of(b64decode(given + b"=" * (-len(given) % 4), validate=True), charset)
    except ValueError:
        return word[0]
