"""Opens a CSV, TSV or XLSX file as one kind of table, whatever its encoding or delimiter.

The kind is told from the bytes, never from the file's name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.importing import delimited, sheets
from services.importing.delimited import Broken, Layout, Record
from services.importing.encodings import examine
from services.importing.limits import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    ImportRefused,
    megabytes,
)

__all__ = ["Broken", "ImportRefused", "Record", "Table", "open_table"]

_BINARY = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"RIFF": "a picture or a sound",
    b"\x1f\x8b": "a gzip archive: unpack it first",
    b"Rar!": "an archive: unpack it first",
    b"7z\xbc\xaf": "an archive: unpack it first",
    b"PAR1": "a Parquet file",
    b"SQLite format 3": "a database",
    b"\x7fELF": "a program",
    b"{\\rtf": "a word-processor document",
}
_LONGEST_NAME = 200
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(r"\s*<(!doctype|html|head|body|table|div|\?xml)", re.IGNORECASE)
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*[\[{])")


@dataclass(frozen=True)
class Table:
    """One table of text cells. `columns` are unique; `notes` say what had to be assumed."""

    path: Path
    kind: str  # csv, tsv or xlsx
    encoding: str
    delimiter: str
    columns: list[str]
    notes: tuple[str, ...]
    layout: Layout | str  # how to read the text, or the name of the sheet

    def records(self) -> Iterator[Record]:
        """Yield (record, line, cells) for every row that is not blank; may be called again.

        `record` counts data rows from 1. `line` is the first physical line of the record in the
        file (the row of the sheet), the header's usually being 1. A row that cannot be told apart
        from its neighbours comes as a `Broken`, an empty list with its text and the reason.
        ImportRefused: the file holds more rows or cells than an import takes.
        """
        width, record = max(len(self.columns), 1), 0
        most = min(MAX_ROWS, MAX_CELLS // width)
        for line, cells in self._rows():
            looks_blank = not cells or not cells[0] or cells[0].isspace()
            if looks_blank and not isinstance(cells, Broken) and not "".join(cells).strip():
                continue
            record += 1
            if record > most:
                raise ImportRefused(
                    f"The file holds more than {most:,} rows of {width} columns: split it in parts."
                )
            yield record, line, cells

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        if isinstance(self.layout, str):
            return sheets.rows(self.path, self.layout)
        return delimited.rows(self.path, self.layout, len(self.columns))


def open_table(path: Path, sheet: str | None = None) -> Table:
    """Look at the file and return its table; `sheet` names a sheet of a workbook.

    ImportRefused: no such file, too large, empty, no table in it, or a header without rows.
    """
    head = _head(path)
    _refuse_binary(path, head)
    table = _workbook(path, sheet) if head.startswith(b"PK\x03\x04") else _text(path)
    if len(table.columns) > MAX_COLUMNS:
        raise ImportRefused(
            f"The file has {len(table.columns):,} columns; {MAX_COLUMNS:,} at most."
        )
    if next(table.records(), None) is None:
        raise ImportRefused("The file has a header but no rows below it.")
    return table


def _head(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImportRefused(
                f"The file is too large: {megabytes(size)}, {megabytes(MAX_BYTES)} at most."
            )
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise ImportRefused(f"The file {path.name} cannot be read: {error.strerror}.") from error
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ImportRefused("The file is empty.")
    return head


def _refuse_binary(path: Path, head: bytes) -> None:
    if head.startswith(_OLE):
        with path.open("rb") as file:
            locked = "EncryptedPackage".encode("utf-16-le") in file.read()
        raise ImportRefused(
            "The workbook is protected by a password: save it without one."
            if locked
            else "This is an old Excel file (.xls): save it as .xlsx or .csv."
        )
    for magic, what in _BINARY.items():
        if head.startswith(magic):
            raise ImportRefused(f"This is no table but {what}.")


def _workbook(path: Path, sheet: str | None) -> Table:
    name, columns = sheets.header(path, sheet)
    return Table(path, "xlsx", "", "", unique_names(columns), (), name)


def _text(path: Path) -> Table:
    text = examine(path)
    if _HTML.match(text.sample):
        raise ImportRefused("This is a web page (HTML or XML), not a table: export it as CSV.")
    if _JSON.match(text.sample):
        raise ImportRefused("This is JSON, not a table: export it as CSV.")
    if text.is_binary:
        raise ImportRefused("There is no table in this file: its bytes are not text.")
    layout, columns = delimited.find_layout(text)
    kind = "tsv" if layout.delimiter == "\t" else "csv"
    names = unique_names(columns)
    return Table(path, kind, layout.encoding, layout.delimiter, names, text.notes, layout)


def unique_names(names: list[str]) -> list[str]:
    """Trim the header; a blank name becomes "column 3", a second "comment" "comment (2)"."""
    taken: set[str] = set()
    result = []
    for position, raw in enumerate(names, 1):
        base = " ".join(raw.split())[:_LONGEST_NAME] or f"column {position}"
        name, copy = base, 1
        while name.casefold() in taken:
            copy += 1
            name = f"{base} ({copy})"
        taken.add(name.casefold())
        result.append(name)
    return result
