"""Rows that are not as wide as the header, and rows that are rejected: kept as they stood."""

from services.importing.answers import Reject
from services.importing.cells import BadCell
from services.importing.files import Broken

SHOWN = 200  # characters of a rejected value


def rejected(record: int, line: int, bad: BadCell, cells: list[str], width: int) -> Reject:
    """The record with its reason; its cells as they stood in the file."""
    kept = [cells.text] if isinstance(cells, Broken) else cells
    if len(kept) == width + 1 and not kept[-1]:
        kept = kept[:-1]  # the empty cell that every row gets at its end
    return Reject(record, line, bad.column, bad.value[:SHOWN], bad.reason, kept)


def fitted(cells: list[str], columns: list[str], last_needed: int) -> list[str]:
    """The cells of a ragged row, padded or trimmed; BadCell where that would lose something."""
    if isinstance(cells, Broken):
        raise BadCell(None, cells.text, cells.reason)
    width = len(columns)
    if len(cells) > width and any(map(str.strip, cells[width:])) or len(cells) <= last_needed:
        many = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
        raise BadCell(None, ", ".join(cells), f"the row has {many}, the header has {width}")
    return cells[:width] + [""] * (width - len(cells))
