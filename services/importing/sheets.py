"""Workbooks (.xlsx): values only, never a formula; checked for bombs before they are unpacked."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from services.importing.limits import MAX_PARTS, MAX_RATIO, MAX_UNPACKED, ImportRefused

MAX_ROW = 1_048_576  # Excel's last
MAX_GAP = 100_000  # rows without any cell, one after the other

_SURROGATES = re.compile("[\x00\ud800-\udfff]")
_DAMAGED = (  # what a spoilt byte makes of zip, XML and their readers
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    EOFError,
    OSError,
    RuntimeError,
    OverflowError,
)


def header(path: Path, sheet: str | None) -> tuple[str, list[str]]:
    """The name of the sheet to read (named, else the first with a row) and its header."""
    _check_parts(path)
    with _workbook(path) as book:
        names = [each.title for each in book.worksheets]
        if sheet is not None and sheet not in names:
            raise ImportRefused(f"There is no sheet {sheet!r}; there are {', '.join(names)}.")
        for name in [sheet] if sheet is not None else names:
            for _, cells in _filled(book[name]):
                return name, cells
    raise ImportRefused("The workbook holds no table: all of its sheets are empty.")


def rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of every filled row below the header."""
    with _workbook(path) as book:
        filled = _filled(book[sheet])
        next(filled, None)
        yield from filled


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    if openpyxl.LXML or not openpyxl.DEFUSEDXML:
        raise ImportRefused("Workbooks cannot be read safely here: defusedxml is not installed.")
    try:
        with path.open("rb") as file:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield book
            finally:
                book.close()
    except _DAMAGED as error:
        raise ImportRefused("The workbook is damaged: open it and save it again.") from error


def _check_parts(path: Path) -> None:
    """Refuse a zip that is no workbook, or that unpacks to far more than its size."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except _DAMAGED as error:
        raise ImportRefused("The workbook is damaged: open it and save it again.") from error
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise ImportRefused("This is a zip archive and no Excel workbook: unpack it first.")
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    small = 10 * 1024 * 1024  # an empty sheet with much formatting packs very well, harmlessly
    too_dense = unpacked > small and unpacked > MAX_RATIO * packed
    if too_dense or unpacked > MAX_UNPACKED or len(parts) > MAX_PARTS:
        raise ImportRefused("The workbook unpacks to far more than its size: it is not opened.")


def _filled(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Rows with a value, numbered as in the sheet, trailing empty cells cut off."""
    sheet.reset_dimensions()  # what the file says about its own size is often wrong
    gap = 0  # openpyxl makes up every row that is missing before one that is there
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        gap = 0 if values else gap + 1
        if number > MAX_ROW or gap > MAX_GAP:
            raise ImportRefused(
                f"The workbook has more than {MAX_GAP:,} empty rows in a row, or rows after "
                f"{MAX_ROW:,}: delete the empty ones and save it again."
            )
        cells = [_text(value) for value in values]
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield number, cells


def _text(value: object) -> str:
    """A cell as it would stand in a CSV: ISO dates, whole numbers without ".0"."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _SURROGATES.sub("", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)
