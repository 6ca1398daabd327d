"""Reading a backup that may be damaged, cut short, or no backup at all: nothing in it is trusted.

No file of it is ever written under a name that it gives itself.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BufferedReader
from typing import IO, Any, NoReturn
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from services.backup import form
from services.refusals import Refused

PIECE = 1 << 20  # bytes read at a time
LONGEST = 64 << 20  # bytes of one line
MOST_OF_MANIFEST = 4 << 20  # bytes
SMALL, RATIO = 64 << 20, 200  # what unpacks to more than that, and by more than that, is a bomb
# What the standard library says of a file that is none: RuntimeError where it is locked, or packed
# in a way that we do not read.
BROKEN = (
    BadZipFile, zlib.error, EOFError, ValueError, TypeError, RuntimeError, OSError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class Archive:
    """A backup that is whole: every file of it is what the manifest says."""

    zipped: ZipFile
    manifest: form.Manifest

    def rows(
        self, sheet: form.Sheet, read: Callable[[bytes], tuple[Any, ...]]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, one after the other."""
        with self.zipped.open(sheet.member) as file, BufferedReader(file, PIECE) as lines:  # type: ignore[type-var]
            while line := lines.readline(LONGEST):
                try:
                    row = read(line)
                except BROKEN:
                    damaged(f"a row of {sheet.name} cannot be read")
                yield row

    def key(self) -> bytes | None:
        """The key of the desk that it is of, where it was taken along."""
        return self.zipped.read(form.KEY) if self.manifest.key else None


def read(file: IO[bytes]) -> Archive:
    """Read all of it once. Refused says what is wrong with it."""
    try:
        zipped = ZipFile(file)
        found = Archive(zipped, _manifest(zipped))
        _look_through(found)
    except Refused:
        raise
    except BROKEN:
        damaged("it cannot be read to its end")
    return found


def damaged(why: str) -> NoReturn:
    """Refuse the file."""
    raise Refused(f"This is no whole backup of Loopdesk: {why}. Nothing was changed.")


def _manifest(zipped: ZipFile) -> form.Manifest:
    infos = {info.filename: info for info in zipped.infolist()}
    if form.MANIFEST not in infos or infos[form.MANIFEST].file_size > MOST_OF_MANIFEST:
        damaged("it has no manifest")
    try:
        manifest = form.Manifest.model_validate_json(zipped.read(form.MANIFEST))
    except ValueError:
        damaged("its manifest cannot be read")
    if manifest.format != form.FORMAT:
        raise Refused(
            f"This backup has format {manifest.format}, and this version of Loopdesk reads "
            f"{form.FORMAT}: use the one that made it. Nothing was changed."
        )
    named = [form.MANIFEST, *(sheet.member for sheet in manifest.tables)]
    named += [form.KEY] if manifest.key else []
    if sorted(named) != sorted(info.filename for info in zipped.infolist()):
        damaged("its files are not those that its manifest names")
    return manifest


def _look_through(found: Archive) -> None:
    manifest = found.manifest
    for sheet in manifest.tables:
        if _looked_at(found.zipped, sheet.member, sheet) != sheet.rows:
            damaged(f"{sheet.member} has another number of rows")
    if manifest.key:
        _looked_at(found.zipped, form.KEY, manifest.key)


def _looked_at(zipped: ZipFile, name: str, wanted: form.Member) -> int:
    """Hold a file against the manifest; how many lines it has."""
    info = zipped.getinfo(name)
    if _bomb(info):
        damaged(f"{name} is packed as no backup is")
    if info.file_size != wanted.bytes:
        damaged(f"{name} has another size")
    hashed, lines = sha256(), 0
    with zipped.open(info) as file:
        while piece := file.read(PIECE):
            hashed.update(piece)
            lines += piece.count(b"\n")
    if hashed.hexdigest() != wanted.sha256:
        damaged(f"{name} was changed")
    return lines


def _bomb(info: ZipInfo) -> bool:
    odd = info.compress_type not in (ZIP_DEFLATED, ZIP_STORED)
    return odd or (info.file_size > SMALL and info.file_size > RATIO * info.compress_size)
