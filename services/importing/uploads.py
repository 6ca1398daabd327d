"""Files that people bring through the page: kept for a day, readable by the desk only."""

import re
import time
import uuid
from pathlib import Path

from services import config

LIFE = 24 * 3600  # seconds
_ODD = re.compile(r"[^\w.-]+")


def keep(content: bytes, name: str, *, clock: float | None = None) -> Path:
    """Write an upload to a file of its own; old uploads are removed on the way."""
    folder = config.load().loopdesk_var / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(folder, time.time() if clock is None else clock)
    path = folder / f"{uuid.uuid4().hex}-{_ODD.sub('_', Path(name).name)[-80:]}"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


def forget(path: Path) -> None:
    """Remove an upload once nobody needs it."""
    path.unlink(missing_ok=True)


def _sweep(folder: Path, at: float) -> None:
    for path in folder.iterdir():
        if path.stat().st_mtime < at - LIFE:
            path.unlink(missing_ok=True)
