"""Tables made on the spot for the importer's tests."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.importing.files import Table, open_table

FIXTURES = Path(__file__).parent.parent / "fixtures"
Tables = Callable[..., Table]


@pytest.fixture
def table(tmp_path: Path) -> Tables:
    """Write text or bytes into a file and open it as a table."""

    def make(content: str | bytes, encoding: str = "utf-8") -> Table:
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return open_table(path)

    return make
