"""Which encoding a text file is in: one pass over all its bytes, one megabyte at a time.

UTF-8 and UTF-16 are recognised by a byte-order mark or by being valid. Whatever is not valid
UTF-8 is read as Windows-1252, the encoding of spreadsheets in western countries; nothing in such a
file can prove it, so a note says so. The whole file is looked at, because the first "é" may come
in its last row.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path

_CHUNK = 1024 * 1024
_SAMPLE = 256 * 1024
_CONTROLS = bytes({*range(32), 127} - {9, 10, 11, 12, 13, 26, 27})
_BINARY_SHARE = 0.02
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


@dataclass(frozen=True)
class Text:
    """How to read a text file. `sample` is its beginning, decoded, without a byte-order mark."""

    path: Path
    encoding: str
    notes: tuple[str, ...]
    sample: str
    has_nul: bool
    is_binary: bool


def examine(path: Path) -> Text:
    """Read all bytes once and say how they are to be decoded."""
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
    encoding = _by_mark(head) or _by_zeros(head)
    notes: tuple[str, ...]
    if encoding in ("utf-16-le", "utf-16-be"):
        valid, controls = _scan(path, encoding)
        sample = head.decode(encoding, "replace").lstrip("\ufeff")
        odd = sum(sample.count(c) for c in ("\x00", "\ufffd", "\x01", "\x02"))
        notes = () if valid else _unreadable("some characters")
        return Text(path, encoding, notes, sample, True, odd > _BINARY_SHARE * len(sample))
    valid, controls = _scan(path, "utf-8")
    encoding, notes = _settle(encoding, valid)
    sample = head.decode(encoding, "replace")
    is_binary = controls > _BINARY_SHARE * path.stat().st_size
    return Text(path, encoding, notes, sample, controls > 0, is_binary)


def _settle(marked: str | None, valid: bool) -> tuple[str, tuple[str, ...]]:
    if valid:
        return marked or "utf-8", ()
    if marked:
        return marked, _unreadable("some bytes")
    return "cp1252", ("Read as Windows-1252, because the file is not valid UTF-8.",)


def _unreadable(what: str) -> tuple[str, ...]:
    return (f"The file says it is Unicode, but {what} are not: they show as \ufffd.",)


def _by_mark(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _by_zeros(head: bytes) -> str | None:
    """UTF-16 without a mark: in western text every second byte is zero, the others are not."""
    even, odd = head[0:4096:2], head[1:4096:2]
    zeros = even.count(0) / max(len(even), 1), odd.count(0) / max(len(odd), 1)
    if max(zeros) > 0.6 and min(zeros) < max(zeros) / 3:
        return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
    return None


def _scan(path: Path, encoding: str) -> tuple[bool, int]:
    """Whether every byte decodes, and how many bytes are control characters."""
    decoder, controls, valid = codecs.getincrementaldecoder(encoding)("strict"), 0, True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            controls += len(chunk) - len(chunk.translate(None, _CONTROLS))
            valid = valid and _decodes(decoder, chunk, final=False)
    return valid and _decodes(decoder, b"", final=True), controls


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
