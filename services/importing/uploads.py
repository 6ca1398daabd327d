"""Files that people bring through the page: kept for a day, readable by the desk only."""

import re
import time
import uuid
from contextlib import suppress
from pathlib import Path

from services import config

LIFE = 24 * 3600  # seconds
_ODD = re.compile(r"[^\w.-]+")


def keep(content: bytes, name: str, *, clock: float | None = None) -> Path:
    """Write an upload to a file of its own; old uploads are removed on the way."""
    sweep(clock=clock)
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{uuid.uuid4().hex}-{_ODD.sub('_', Path(name).name)[-80:]}"
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


def sweep(*, clock: float | None = None) -> None:
    """Remove the uploads that are older than a day."""
    at = time.time() if clock is None else clock
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):  # another process was faster
            if path.stat().st_mtime < at - LIFE:
                path.unlink()


def _folder() -> Path:
    return config.load().loopdesk_var / "uploads"
