"""What an import takes at most, and the sentence with which it refuses."""

from services.refusals import Refused

MAX_BYTES = 100 * 1024 * 1024  # of the file itself
MAX_ROWS = 2_000_000
MAX_CELLS = 40_000_000
MAX_COLUMNS = 1_000
MAX_LINE = 10_000_000  # characters of one physical line
MAX_UNPACKED = 600 * 1024 * 1024  # what the parts of a workbook may claim to hold
MAX_RATIO = 200  # unpacked : packed; a sheet of repeated words reaches about 40
MAX_PARTS = 10_000


class ImportRefused(Refused):
    """The whole file is not taken; the message is one sentence for the person who brought it."""


def megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:,.0f} MB"
