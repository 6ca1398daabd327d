"""CSV that a spreadsheet shows and does not run."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

RISKY = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet take a text for a formula


def rows(header: Sequence[str], lines: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The CSV text of a header and lines, one record (RFC 4180, CRLF) at a time."""
    yield _record(header)
    for line in lines:
        yield _record(line)


def cell(value: Any) -> Any:
    """The value as a cell: a text that a spreadsheet might run gets a leading apostrophe."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(RISKY) else value
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, datetime) else value


def _record(values: Sequence[Any]) -> str:
    text = StringIO()
    csv.writer(text).writerow([cell(value) for value in values])
    return text.getvalue()
