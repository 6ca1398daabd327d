"""What is no table is refused with one clear sentence."""

import zipfile
from pathlib import Path

import pytest

from services.importing import delimited, files, sheets
from services.importing.files import ImportRefused, open_table
from tests.importing.conftest import Tables

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"%PDF-1.7 whatever", "PDF"),
        (b"\x89PNG\r\n\x1a\n0000", "picture"),
        (b"\xff\xd8\xff\xe0 jfif", "picture"),
        (b"\x1f\x8b\x08 packed", "unpack"),
        (b"PK\x03\x04 half a zip", "damaged"),
        (OLE + b"\x00" * 100, "old Excel file"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML"),
        (b"  <html lang='en'>\n<table>", "HTML"),
        (b'[{"score": 7}]', "JSON"),
        (b'{"data": [1, 2]}', "JSON"),
        (bytes(range(256)) * 40, "not text"),
        (b"score,comment,day\n", "no rows"),
        (b"score,comment,day\n,,\n\n", "no rows"),
    ],
)
def test_what_is_no_table_is_refused(table: Tables, content: bytes, words: str):
    with pytest.raises(ImportRefused, match=words) as refused:
        table(content)
    message = str(refused.value)
    assert message.endswith(".")
    assert "\n" not in message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path):
    with pytest.raises(ImportRefused, match=r"gone.csv cannot be read: No such file"):
        open_table(tmp_path / "gone.csv")
    with pytest.raises(ImportRefused, match="cannot be read"):
        open_table(tmp_path)


def test_too_large_a_file_is_refused_before_it_is_read(
    table: Tables, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(files, "MAX_BYTES", 1024 * 1024)
    with pytest.raises(ImportRefused, match="too large: 2 MB, 1 MB at most"):
        table(b"a,b\n" + b"1,2\n" * 524_288)


def test_one_endless_line_is_refused(table: Tables, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(delimited, "MAX_LINE", 1_000)
    with pytest.raises(ImportRefused, match="a line of more than 1,000 characters"):
        table("score,day\n7" + "," * 2_000)


def test_too_many_columns_are_refused(table: Tables):
    with pytest.raises(ImportRefused, match="1,001 columns"):
        table(",".join(f"c{n}" for n in range(1_001)) + "\n" + ",".join("1" * 1_001))


def test_a_zip_of_something_else_is_refused(tmp_path: Path):
    path = tmp_path / "photos.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(ImportRefused, match="no Excel workbook"):
        open_table(path)


def test_a_zip_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 20_000_000)
    monkeypatch.setattr(sheets.openpyxl, "load_workbook", lambda *_, **__: pytest.fail("opened"))
    with pytest.raises(ImportRefused, match="unpacks to far more"):
        open_table(path)
