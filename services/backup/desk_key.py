"""The desk's own key on its way from one desk to another."""

from collections.abc import Iterator
from contextlib import contextmanager

from services import config
from services.refusals import Refused


def here() -> bytes | None:
    """The key that this desk has; none is made."""
    settings = config.load()
    kept = settings.loopdesk_key or settings.key_file.exists()
    return settings.key() if kept else None


@contextmanager
def put(key: bytes | None) -> Iterator[bool]:
    """Keep `key` as the desk's, and take it away again if the block fails; whether it is new here.

    Refused where the desk has another one: it may be that of what lies beside it.
    """
    known = here()
    if key is None or key == known:
        yield False
        return
    file = config.load().key_file
    if known is not None:
        named = "LOOPDESK_KEY" if config.load().loopdesk_key else str(file)
        raise Refused(
            f"The backup brings its key, and {named} is another one. Take that away, or leave the "
            "key in the backup with --keep-key. Nothing was changed."
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    try:
        file.write_bytes(key)
        yield True
    except BaseException:
        file.unlink()
        raise
