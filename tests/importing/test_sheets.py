"""Workbooks give the same cells as a CSV of them would."""

import time as time_
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest

from services.importing.files import ImportRefused, Table, open_table
from tests.importing.reading import read_all


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def cells(table: Table) -> list[list[str]]:
    return [found for _, _, found in table.records()]


def test_values_look_as_in_a_csv(tmp_path: Path):
    row = [7, 7.5, 8.0, True, date(2025, 1, 31), datetime(2025, 1, 31, 13, 45), time(9, 30), "ä\nö"]
    path = workbook(tmp_path / "a.xlsx", {"One": [list("abcdefgh"), row]})
    found = open_table(path)
    assert (found.kind, found.columns) == ("xlsx", list("abcdefgh"))
    assert cells(found) == [
        ["7", "7.5", "8", "true", "2025-01-31", "2025-01-31 13:45:00", "09:30:00", "ä\nö"]
    ]


def test_the_first_sheet_with_rows_is_read_or_the_named_one(tmp_path: Path):
    sheets = {"Empty": [], "Answers": [["score", "day"], [7, "x"]], "More": [["z", "q"], [1, 2]]}
    path = workbook(tmp_path / "a.xlsx", sheets)
    assert open_table(path).columns == ["score", "day"]
    assert cells(open_table(path, "More")) == [["1", "2"]]
    with pytest.raises(ImportRefused, match="no sheet 'Nope'; there are Empty, Answers, More"):
        open_table(path, "Nope")


def test_rows_are_numbered_as_in_the_sheet(tmp_path: Path):
    rows: list[list[object]] = [[], ["score", "day"], [7, "2025-01-01"], [], [8, "2025-01-02"]]
    found = open_table(workbook(tmp_path / "a.xlsx", {"S": rows}))
    assert list(found.records()) == [(1, 3, ["7", "2025-01-01"]), (2, 5, ["8", "2025-01-02"])]


def test_a_formula_is_never_evaluated(tmp_path: Path):
    rows: list[list[object]] = [["score", "comment"], ["=1+6", "=HYPERLINK(1)"], [3, "x"]]
    assert cells(open_table(workbook(tmp_path / "a.xlsx", {"S": rows}))) == [["3", "x"]]


def test_an_empty_workbook_and_a_header_alone_are_refused(tmp_path: Path):
    with pytest.raises(ImportRefused, match="all of its sheets are empty"):
        open_table(workbook(tmp_path / "a.xlsx", {"S": []}))
    with pytest.raises(ImportRefused, match="no rows"):
        open_table(workbook(tmp_path / "b.xlsx", {"S": [["score", "day"]]}))


def test_a_damaged_workbook_is_refused(tmp_path: Path):
    good = workbook(tmp_path / "good.xlsx", {"S": [["a", "b"], [1, 2]]})
    for name, spoil in [
        ("xl/workbook.xml", b"<broken"),
        ("xl/worksheets/sheet1.xml", b"<worksheet><"),
    ]:
        bad = tmp_path / "bad.xlsx"
        with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
            for part in source.namelist():
                target.writestr(part, spoil if part == name else source.read(part))
        with pytest.raises(ImportRefused, match="damaged"):
            open_table(bad)


def test_entities_are_not_expanded(tmp_path: Path):
    good = workbook(tmp_path / "good.xlsx", {"S": [["a", "b"], [1, 2]]})
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'
    bad = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bad, "w") as target:
        for part in source.namelist():
            spoilt = part == "xl/worksheets/sheet1.xml"
            target.writestr(part, bomb if spoilt else source.read(part))
    with pytest.raises(ImportRefused, match="damaged"):
        open_table(bad)


def test_answers_are_imported_from_a_workbook(tmp_path: Path):
    rows: list[list[object]] = [["Score", "Comment", "Date", "Email"]]
    rows += [[n % 11, f"comment number {n}", datetime(2025, 3, 1, 8, n), "a@example.com"]
             for n in range(33)]  # fmt: skip
    reading = read_all(open_table(workbook(tmp_path / "a.xlsx", {"S": rows})))
    assert reading.bands == (6, 6, 21)
    assert reading.rows[5].answered_at == "2025-03-01 08:05:00.000000"
    assert not reading.rejects


@pytest.mark.parametrize("blank", ["", '<row r="150000"/>'])
def test_rows_that_are_not_there_cost_nothing(tmp_path: Path, blank: str):
    good = workbook(tmp_path / "good.xlsx", {"S": [["a", "b"], [1, 2]]})
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(bomb, "w") as target:
        for part in source.namelist():
            text = source.read(part)
            if part == "xl/worksheets/sheet1.xml":
                far = f'{blank}<row r="99999999"><c r="A99999999"><v>3</v></c></row></sheetData>'
                text = text.replace(b"</sheetData>", far.encode())
            target.writestr(part, text)
    start = time_.perf_counter()
    with pytest.raises(ImportRefused, match="empty rows"):
        cells(open_table(bomb))
    assert time_.perf_counter() - start < 3


def test_a_long_gap_and_many_formatted_rows_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    book = openpyxl.Workbook()
    for number, value in ((1, "a"), (2, "1"), (12, "2")):
        book.active.cell(number, 1, value)
        book.active.cell(number, 2, "x")
    for number in range(13, 40):  # a border, and no value
        book.active.cell(number, 1).number_format = "0.00"
    book.active.cell(40, 1, "3")
    book.save(tmp_path / "gap.xlsx")
    monkeypatch.setattr("services.importing.sheets.MAX_GAP", 9)
    assert cells(open_table(tmp_path / "gap.xlsx")) == [["1", "x"], ["2", "x"], ["3"]]
    monkeypatch.setattr("services.importing.sheets.MAX_GAP", 8)
    with pytest.raises(ImportRefused, match="empty rows"):
        cells(open_table(tmp_path / "gap.xlsx"))
    monkeypatch.undo()
    monkeypatch.setattr("services.importing.sheets.MAX_ROW", 39)
    with pytest.raises(ImportRefused, match="rows after 39"):
        cells(open_table(tmp_path / "gap.xlsx"))
