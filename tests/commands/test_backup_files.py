"""What `restore` takes for a backup: whole ones and nothing else, and it says why."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile

import pytest

from db.models import metadata
from services.access import Refused
from services.backup import archive, form
from tests.commands import backups

TABLES = [metadata.tables[name] for name in ("tag", "unit")]
ROWS: dict[str, list[Any]] = {"tag": [[n, f"word {n * 7919}"] for n in range(500)]}
WHOLE = backups.of_rows("0006", TABLES, ROWS)
MANIFEST = json.loads(ZipFile(BytesIO(WHOLE)).read(form.MANIFEST))
FILES = {f"tables/{n}.jsonl": ZipFile(BytesIO(WHOLE)).read(f"tables/{n}.jsonl")
         for n in ("tag", "unit")}  # fmt: skip


def test_a_whole_one_is_read() -> None:
    found = archive.read(BytesIO(WHOLE))
    tags, units = found.manifest.tables
    read = form.reader(tags.columns, sqlite=True)
    assert list(found.rows(tags, read)) == [tuple(row) for row in ROWS["tag"]]
    assert (units.rows, found.key()) == (0, None)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_one_that_was_cut_short_is_refused(share: float) -> None:
    refuses(WHOLE[: int(len(WHOLE) * share)])


def test_one_in_which_any_byte_was_changed_is_refused_or_reads_the_same() -> None:
    """A zip has bytes that say nothing, such as the time of a file; all others count."""
    unharmed = 0
    for at in range(0, len(WHOLE), 7):
        spoiled = WHOLE[:at] + bytes([WHOLE[at] ^ 0x55]) + WHOLE[at + 1 :]
        try:
            found = archive.read(BytesIO(spoiled))
        except Refused:
            continue
        unharmed += 1
        read = form.reader(found.manifest.tables[0].columns, sqlite=True)
        assert list(found.rows(found.manifest.tables[0], read)) == [tuple(r) for r in ROWS["tag"]]
        assert found.manifest.model_dump(mode="json") == form.Manifest(**MANIFEST).model_dump(
            mode="json"
        )
    assert unharmed < len(WHOLE) / 7 / 20


def zipped(files: dict[str, bytes], packing: int = ZIP_DEFLATED) -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", packing) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return made.getvalue()


FOREIGN: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "a text": lambda: b"id,score\n1,2\n" * 50,
    "an empty zip": lambda: zipped({}),
    "a zip of something else": lambda: zipped({"a.txt": b"a", "b.txt": b"b"}),
    "a manifest that is none": lambda: zipped(FILES | {form.MANIFEST: b"{}"}),
    "a manifest in no JSON": lambda: zipped(FILES | {form.MANIFEST: b"\xff\xfe"}),
    "a name that leads away": lambda: backups.packed(MANIFEST, FILES | {"../../key": b"k"}),
    "a name from the root": lambda: backups.packed(MANIFEST, FILES | {"/etc/passwd": b"k"}),
    "a key nobody speaks of": lambda: backups.packed(MANIFEST, FILES | {"key": b"k"}),
    "a table that is missing": lambda: backups.packed(MANIFEST, {"tables/tag.jsonl": b""}),
    "a table with an odd name": lambda: backups.packed(
        MANIFEST | {"tables": [MANIFEST["tables"][0] | {"name": 'tag"; --'}]}, FILES
    ),
    "fewer rows than it says": lambda: backups.packed(
        MANIFEST | {"tables": [t | {"rows": 501} for t in MANIFEST["tables"]]}, FILES
    ),
    "other content": lambda: backups.packed(
        MANIFEST, FILES | {"tables/tag.jsonl": FILES["tables/tag.jsonl"].replace(b"1", b"2")}
    ),
    "packed otherwise": lambda: zipped(
        FILES | {form.MANIFEST: json.dumps(MANIFEST).encode()}, ZIP_BZIP2
    ),
}


@pytest.mark.parametrize("made", FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_backup_is_refused(made: Callable[[], bytes]) -> None:
    refuses(made())


def refuses(content: bytes) -> None:
    with pytest.raises(Refused, match=r"no whole backup of Loopdesk: .+\. Nothing was changed\."):
        archive.read(BytesIO(content))


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = b" " * 8_000_000
    sheet = MANIFEST["tables"][0] | backups.member(bomb) | {"rows": 0}
    made = backups.packed(
        MANIFEST | {"tables": [sheet, MANIFEST["tables"][1]]}, FILES | {"tables/tag.jsonl": bomb}
    )
    assert archive.read(BytesIO(made))  # eight megabytes harm nobody
    monkeypatch.setattr(archive, "SMALL", 1_000_000)
    monkeypatch.delattr(archive, "PIECE")  # so that reading it is an error
    with pytest.raises(Refused, match="packed as no backup is"):
        archive.read(BytesIO(made))


def test_a_line_without_an_end_is_not_taken_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LONGEST", 10)
    found = archive.read(BytesIO(WHOLE))
    sheet = found.manifest.tables[0]
    with pytest.raises(Refused, match="a row of tag cannot be read"):
        list(found.rows(sheet, form.reader(sheet.columns, sqlite=True)))


def test_each_value_comes_back_as_it_was_whatever_its_kind() -> None:
    sheet = form.columns(metadata.tables["account"])
    kinds = {column.name: column.kind for column in sheet}
    assert (kinds["arr"], kinds["renewal_on"], kinds["props"], kinds["created_at"]) == (
        "number", "date", "json", "time",
    )  # fmt: skip
    assert {c.kind for c in form.columns(metadata.tables["secret"])} == {"plain", "bytes", "time"}
