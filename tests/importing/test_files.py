"""Any delimited text is opened as the table it was written as."""

import csv
import io
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.importing import files
from services.importing.files import Broken, ImportRefused, open_table, unique_names
from tests.importing.conftest import FIXTURES, Tables

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]
texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n,;\t|\"'"), max_size=20
)


def written(rows: list[list[str]], delimiter: str, quoting: int, end: str) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return buffer.getvalue()


def recognisable(encoding: str, text: str) -> str:
    """The encoding if the bytes can prove it, else one that can be told."""
    if encoding == "cp1252":
        content = text.encode("cp1252", "ignore")
        if content.decode("cp1252") != text or content.decode("utf-8", "ignore") == text:
            return "utf-8"
        with suppress(UnicodeDecodeError):
            content.decode("utf-8")
            return "utf-8"
    if encoding in ("utf-16-le", "utf-16-be") and sum(ord(c) > 255 for c in text) * 5 > len(text):
        return "utf-16"  # without a mark, only western text can be told from binary
    return encoding


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables") / "file.csv"


def opened(path: Path, content: bytes) -> files.Table:
    path.write_bytes(content)
    return open_table(path)


@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(2, 6),
    data=st.data(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from([*ENCODINGS, "cp1252"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_a_written_table_is_read_back(scratch, width, data, delimiter, encoding, quoting, end):
    header = [f"column_{name}" for name in "abcdef"[:width]]
    row = st.lists(texts, min_size=width - 1, max_size=width - 1).map(lambda cells: ["7", *cells])
    rows = data.draw(st.lists(row, min_size=1, max_size=8))
    text = written([header, *rows], delimiter, quoting, end)
    table = opened(scratch, text.encode(recognisable(encoding, text)))
    assert (table.columns, table.delimiter) == (header, delimiter)
    assert [cells for _, _, cells in table.records()] == rows


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
@example(b'a,b\n"')
@example(b'"\n"')
@example(b"\xff\xfea")
@example(b"PK\x03\x04 not really a zip")
@example(b'sep=;\n"a;b\n"')
@example(b'sep=h\nscore;"day\n7;x"y\n')
def test_no_bytes_crash_the_reader(scratch, content):
    try:
        table = opened(scratch, content)
    except ImportRefused:
        return
    assert len(set(table.columns)) == len(table.columns)
    assert list(table.records()) == list(table.records()), "reading again gives the same"


@pytest.mark.parametrize("encoding", [*ENCODINGS, "cp1252"])
def test_umlauts_survive_every_encoding(table: Tables, encoding: str):
    found = table("score,comment\n7,größer – naïve\n", encoding)
    assert [cells for _, _, cells in found.records()] == [["7", "größer – naïve"]]


def test_windows_1252_is_noticed_in_the_last_row_of_a_large_file(table: Tables):
    body = "".join(f"{n % 11},fine\n" for n in range(200_000))
    found = table(f"score,comment\n{body}7,caf\xe9\n".encode("cp1252"))
    assert found.encoding == "cp1252"
    assert "Windows-1252" in found.notes[0]
    assert [c for _, _, c in islice(found.records(), 200_000, None)] == [["7", "café"]]


def test_commas_in_quoted_comments_do_not_make_a_comma_file(table: Tables):
    found = table('score;comment\n7;"a, b, c"\n8;"d, e"\n9;"f, g, h, i"\n')
    assert (found.delimiter, found.columns) == (";", ["score", "comment"])


def test_the_excel_hint_names_the_delimiter_and_is_no_header(table: Tables):
    found = table("sep=|\nscore|when\n7|2025-01-01\n")
    assert found.columns == ["score", "when"]
    assert list(found.records()) == [(1, 3, ["7", "2025-01-01"])]


def test_a_space_after_each_comma_does_not_spoil_the_quotes(table: Tables):
    found = table('score, comment, day\n7, "good, but slow", 2025-01-01\n')
    assert [cells for _, _, cells in found.records()] == [["7", "good, but slow", "2025-01-01"]]


def test_records_are_counted_and_lines_are_physical(table: Tables):
    found = table('score,comment\n7,"one\ntwo\nthree"\n\n,\n8,four\n')
    assert list(found.records()) == [(1, 2, ["7", "one\ntwo\nthree"]), (2, 7, ["8", "four"])]


def test_a_table_can_be_read_twice(table: Tables):
    found = table("score,day\n7,2025-01-01\n8,2025-01-02\n")
    first = found.records()
    next(first)
    assert len(list(found.records())) == 2
    assert len(list(first)) == 1


def test_old_mac_line_ends_and_a_missing_last_line_end_are_fine(table: Tables):
    assert [c for _, _, c in table("a,b\r1,2\r3,4").records()] == [["1", "2"], ["3", "4"]]


def test_zero_bytes_are_dropped(table: Tables):
    found = table(
        b"score,comment\n7,a\x00b and much more text so that this is no binary file\n" * 1
    )
    assert next(found.records())[2][1].startswith("ab and")


@pytest.mark.parametrize(
    ("given_names", "unique"),
    [
        (["a", "", " "], ["a", "column 2", "column 3"]),
        (["comment", "Comment", "comment (2)"], ["comment", "Comment (2)", "comment (2) (2)"]),
        (["  a \n b "], ["a b"]),
    ],
)
def test_column_names_are_made_unique(given_names: list[str], unique: list[str]):
    assert unique_names(given_names) == unique


def test_a_tab_file_in_utf_16_is_a_tsv():
    found = open_table(FIXTURES / "reviews.tsv")
    assert (found.kind, found.encoding, found.delimiter) == ("tsv", "utf-16-le", "\t")
    assert [cells[0] for _, _, cells in found.records()] == ["9", "3", "10"]


def test_an_open_quote_costs_one_record_and_not_the_rest_of_the_file(table: Tables):
    rest = "".join(f"{n % 11},fine {n},2025-01-01\n" for n in range(5_000))
    found = table(f'score,comment,day\n7,ok,2025-01-01\n3,"open,2025-01-01\n{rest}')
    records = list(found.records())
    assert len(records) == 5_002
    assert isinstance(records[1][2], Broken)
    assert records[1][:2] == (2, 3)
    assert "not closed" in records[1][2].reason
    assert records[-1][:2] == (5_002, 5_003)


def test_rows_between_two_bad_quotes_are_not_swallowed(table: Tables):
    inner = "".join(f"{n % 11},fine {n},2025-01-01\n" for n in range(50))
    text = f'score,comment,day\n3,"open,2025-01-01\n{inner}4,open",2025-01-01\n5,ok,2025-01-01\n'
    records = list(table(text).records())
    assert len(records) == 53
    assert [isinstance(cells, Broken) for _, _, cells in records].count(True) == 1


def test_quotes_inside_a_quoted_comment_are_kept(table: Tables):
    found = table('score,comment\n7,"she said "hi" and left"\n8,"x"\n')
    assert [c for _, _, c in found.records()] == [["7", 'she said "hi" and left'], ["8", "x"]]


def test_a_bad_quote_in_the_second_line_of_a_comment_is_mended(table: Tables):
    found = table('score,comment,day\n7,"one\nhe "shouted" twice",2025-01-01\n8,x,2025-01-02\n')
    assert [(line, len(c)) for _, line, c in found.records()] == [(2, 3), (4, 3)]


def test_many_broken_rows_do_not_exhaust_the_stack(table: Tables):
    found = table("score,comment\n" + '7,"open\n' * 20_000)
    assert sum(1 for _ in found.records()) == 20_000


def test_a_very_long_cell_is_still_one_cell(table: Tables):
    long = "x" * 300_000
    found = table(f'score,comment\n7,"{long}"\n8,ok\n')
    assert [(cells[0], len(cells[1])) for _, _, cells in found.records()] == [
        ("7", 300_000),
        ("8", 2),
    ]


def test_more_rows_than_the_limit_are_refused_in_one_sentence(
    table: Tables, monkeypatch: pytest.MonkeyPatch
):
    found = table("a,b\n" + "1,2\n" * 20)
    monkeypatch.setattr(files, "MAX_ROWS", 10)
    with pytest.raises(ImportRefused, match="more than 10 rows of 2 columns"):
        list(found.records())
