"""Delimited text: finds the delimiter, streams the records, keeps a bad quote from doing harm.

A quote that is opened and never closed would swallow all rows after it. The strict reader finds
such a place; then only its first line is rejected, and reading goes on with the next line.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from services.importing.encodings import Text
from services.importing.limits import MAX_LINE, ImportRefused

Record = tuple[int, int, list[str]]  # record, first physical line, cells

DELIMITERS = (",", ";", "\t", "|")
LONG_RECORD = 10  # physical lines; a correct record of more is looked at twice
_PROBE = 100  # records that decide on the delimiter
_INNER = 50  # swallowed lines that are looked at
_SEP = re.compile(r'"?sep=([^\w "\r])"?\r?$', re.IGNORECASE)


class Broken(list[str]):
    """A record whose cells cannot be told apart: no cells, but its text and the reason."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__()
        self.text, self.reason = text, reason


@dataclass(frozen=True)
class Layout:
    encoding: str
    delimiter: str
    spaced: bool  # a space follows each delimiter: 7, "fine, thanks"
    has_nul: bool
    named: bool  # the first line is Excel's "sep=;"

    def reader(self, lines: Iterator[str], *, strict: bool) -> Iterator[list[str]]:
        return csv.reader(
            lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=strict
        )


def find_layout(text: Text) -> tuple[Layout, list[str]]:
    """The layout whose header splits best and whose records have as many cells as the header."""
    sample = text.sample.replace("\x00", "")
    named = _SEP.match(sample.split("\n", 1)[0])
    if named:
        sample = sample.partition("\n")[2]
    delimiters = (named[1],) if named else DELIMITERS
    best, columns, score = None, list[str](), -1.0
    for delimiter in delimiters:
        for spaced in (False, True):
            layout = Layout(text.encoding, delimiter, spaced, text.has_nul, named is not None)
            header, fit = _fit(layout, sample)
            if fit > score:
                best, columns, score = layout, header, fit
    if best is None or not columns:
        raise ImportRefused("There is no table in this file.")
    return best, columns


def _fit(layout: Layout, sample: str) -> tuple[list[str], float]:
    """The header and, from 0 to 1, how well this layout explains the first records."""
    records: list[list[str]] = []
    reader = layout.reader(io.StringIO(sample, newline=""), strict=False)
    with suppress(csv.Error):  # then it is judged by the records before the broken one
        records.extend(islice((cells for cells in reader if "".join(cells).strip()), _PROBE))
    if not records:
        return [], -1.0
    width = len(records[0])
    even = sum(len(cells) == width for cells in records) / len(records)
    cells = [cell for record in records for cell in record]
    odd = sum(cell.startswith(' "') for cell in cells) / len(cells)
    return records[0], even * (width - 1) / width - odd / 100


def rows(path: Path, layout: Layout, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (first physical line, cells) of every record below the header, blank ones too."""
    with path.open(encoding=layout.encoding, errors="replace", newline="") as file:
        lines: Iterator[str] = file
        if layout.has_nul:
            lines = (line.replace("\x00", "") for line in file)
        line = 1
        if layout.named:
            next(lines, None)
            line = 2
        records = _records(lines, layout, width, line)
        for _, cells in records:
            if isinstance(cells, Broken) or "".join(cells).strip():
                break  # that was the header
        yield from records


def _records(
    lines: Iterator[str], layout: Layout, width: int, line: int
) -> Iterator[tuple[int, list[str]]]:
    again: deque[str] = deque()  # lines to be read once more, after a broken record
    kept: list[str] = []  # lines of the record under way
    broken = True
    while broken:
        broken = False
        try:
            for cells in layout.reader(_feed(lines, again, kept), strict=True):
                if len(kept) > 1 and _swallows(cells, kept, layout, width):
                    broken = True
                    break
                yield line, cells
                line += len(kept)
                kept.clear()
        except csv.Error:
            broken = True
        if broken:
            cells, used = _mend(kept, layout, width)
            yield line, cells
            line += used
            again.extendleft(reversed(kept[used:]))
            kept.clear()


def _feed(lines: Iterator[str], again: deque[str], kept: list[str]) -> Iterator[str]:
    while again:
        kept.append(again[0])
        yield again.popleft()
    for line in lines:
        if len(line) > MAX_LINE:
            raise ImportRefused(f"The file has a line of more than {MAX_LINE:,} characters.")
        kept.append(line)
        yield line


def _swallows(cells: list[str], kept: list[str], layout: Layout, width: int) -> bool:
    """Whether a record of several lines, correct in itself, hides rows between two bad quotes."""
    if len(cells) != width:
        return _hidden_rows(kept, layout, width)
    return len(kept) > LONG_RECORD and _hidden_rows(kept, layout, width, share=0.8)


def _hidden_rows(kept: list[str], layout: Layout, width: int, share: float = 0.5) -> bool:
    """Whether this share of the lines below the first are rows by themselves."""
    if width < 2 or len(kept) < 2:
        return False
    inner = kept[1 : _INNER + 1]
    return sum(len(_split(line, layout) or ()) == width for line in inner) >= share * len(inner)


def _mend(kept: list[str], layout: Layout, width: int) -> tuple[list[str], int]:
    """The cells of a record with a bad quote, and how many of its lines they take up."""
    whole = _split("".join(kept), layout)
    if whole is not None and len(whole) == width and not _hidden_rows(kept, layout, width):
        return whole, len(kept)
    first = _split(kept[0], layout)
    if first is not None:
        return first, 1
    return Broken(kept[0].strip(), "a quote is opened and not closed"), 1


@cache
def _quoted(sign: str) -> re.Pattern[str]:
    sign = re.escape(sign)
    return re.compile(rf'"((?:[^"]++|"(?!{sign}|$))*+)"(?={sign}|$)')


def _split(text: str, layout: Layout) -> list[str] | None:
    """Split where a quote closes only before a delimiter or the end; None if one stays open.

    This reads `7,"she said "hi" and left",x` as it was meant.
    """
    text, cells, at = text.rstrip("\r\n"), [], 0
    pattern = _quoted(layout.delimiter)
    while True:
        start = at
        while layout.spaced and text[start : start + 1] == " ":
            start += 1
        end = text.find(layout.delimiter, at)
        if text[start : start + 1] == '"':
            match = pattern.match(text, start)
            if match is None:
                return None
            cells.append(match[1].replace('""', '"'))
            end = match.end() if match.end() < len(text) else -1
        else:
            cells.append(text[at:end] if end >= 0 else text[at:])
        if end < 0:
            return cells
        at = end + 1
