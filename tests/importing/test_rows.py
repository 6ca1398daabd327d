"""Each row becomes one answer or one reject with a reason; nothing else is lost."""

import json
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.bands import Direction, Metric
from services.importing.files import ImportRefused, open_table
from services.importing.limits import ImportRefused as Refused
from services.importing.mapping import MappingIncomplete
from services.importing.planning import Choices
from services.importing.rows import CHUNK
from tests.importing.conftest import FIXTURES, Tables
from tests.importing.reading import BERLIN, Reading, read_all

HEADER = "score,comment,date,email,name,account,channel,touchpoint,followup,anonymous,Plan\n"


def reading(table: Tables, *lines: str, header: str = HEADER) -> Reading:
    return read_all(table(header + "\n".join(lines) + "\n"))


def test_a_full_row_becomes_an_answer(table: Tables):
    start = ' 9 , Fine! ,2025-01-31 10:00,Eva@Example.COM ," Eva   Klein", ACME  Inc ,'
    (row,) = reading(table, start + "web,renewal,yes,no,pro").rows
    assert row == (
        1, 2, row.external_id, "eva@example.com", "Eva@Example.COM", "Eva Klein", "ACME Inc", "9",
        9, 1, "Fine!", "web", "renewal", "2025-01-31 10:00:00.000000", "requested", False,
        '{"plan":"pro"}',
    )  # fmt: skip


def test_empty_cells_are_none(table: Tables):
    (row,) = reading(table, "9,,2025-01-31,,,,,,,,").rows
    assert row[3:7] == (None,) * 4
    assert (row.comment, row.channel, row.touchpoint, row.props) == (None,) * 4
    assert (row.followup, row.anonymous) == ("not_asked", False)


@pytest.mark.parametrize(
    ("score", "reason"),
    [
        ("", "the score is empty"),
        ("N/A", "this is not a number"),
        ("7.5", "this is not a whole number, and scores are not rounded"),
        ("-1", "the score lies outside the scale 0-10"),
        ("11", "the score lies outside the scale 0-10"),
    ],
)
def test_a_bad_score_is_rejected_with_a_reason(table: Tables, score: str, reason: str):
    found = reading(table, "9,a,2025-01-01,,,,,,,,", f"{score},b,2025-01-02,,,,,,,,x")
    assert [reject[:5] for reject in found.rejects] == [(2, 3, "score", score, reason)]
    assert found.bands == (1, 0, 0)


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        ("", "the date is empty"),
        ("soon", "this is not a date in a known form"),
        ("2025-11-24", "the date lies in the future"),
        ("1960-01-01", "the date lies before 1970"),
    ],
)
def test_a_bad_date_is_rejected_with_a_reason(table: Tables, day: str, reason: str):
    found = reading(table, "9,a,2025-01-01,,,,,,,,", f"9,b,{day},,,,,,,,x")
    assert [reject[:5] for reject in found.rejects] == [(2, 3, "date", day, reason)]


def test_a_clock_that_is_a_day_ahead_is_forgiven(table: Tables):
    assert len(reading(table, "9,a,2025-11-23 11:59,,,,,,,,x").rows) == 1


def test_a_date_before_1990_is_kept_and_told(table: Tables):
    found = read_all(table(HEADER + "9,a,1970-01-01,,,,,,,,x\n"), zone=BERLIN)
    assert found.rows[0].answered_at == "1969-12-31 23:00:00.000000"
    assert "before 1990" in found.warnings[0]


def test_a_row_with_missing_optional_cells_is_padded(table: Tables):
    found = reading(table, "9,a,2025-01-01", "9,a", "9,a,2025-01-01,,,,,,,,x,, ")
    assert [row.record for row in found.rows] == [1, 3]
    assert [reject[:5] for reject in found.rejects] == [
        (2, 3, None, "9, a", "the row has 2 cells, the header has 11")
    ]


def test_a_row_with_too_many_cells_is_rejected_whole(table: Tables):
    found = reading(table, "9,a,2025-01-01,,,,,,,,x,y", "8,b,2025-01-02,,,,,,,,x")
    assert found.reasons == ["the row has 12 cells, the header has 11"]
    assert [row.record for row in found.rows] == [2]


def test_blank_rows_are_no_records(table: Tables):
    found = reading(table, "9,a,2025-01-01,,,,,,,,x", "", " , ,,,,,,,,,", "8,b,2025-01-02,,,,,,,,")
    assert (found.read, [row.record for row in found.rows]) == (2, [1, 2])


def test_comments_lose_control_characters_and_keep_line_breaks(table: Tables):
    (row,) = reading(table, '9,"one\r\ntwo\x07\x1b[31m\tthree ",2025-01-01,,,,,,,,x').rows
    assert row.comment == "one\ntwo[31m\tthree"


def test_a_very_long_comment_is_cut_and_told(table: Tables):
    found = reading(table, f"9,{'x' * 25_000},2025-01-01,,,,,,,,")
    assert len(found.rows[0].comment or "") == 20_000
    assert found.warnings == [
        "1 row (first: record 1): the comment is longer than 20,000 characters: "
        "the rest is cut off."
    ]


def test_an_impossible_address_costs_the_contact_and_not_the_answer(table: Tables):
    found = reading(table, "9,a,2025-01-01,eva at example,,,,,,,", "8,b,2025-01-01,n/a,,,,,,,")
    assert [(row.email_norm, row.email_given) for row in found.rows] == [(None, None)] * 2
    assert found.warnings[0].startswith("2 rows (first: record 1): the e-mail address")


@pytest.mark.parametrize(
    ("written", "norm"),
    [
        ("Eva <Eva@Example.com>", "eva@example.com"),
        ("mailto:eva@example.com", "eva@example.com"),
        ("STRASSE@EXAMPLE.COM", "strasse@example.com"),
        ("e\u0301va@example.com", "\u00e9va@example.com"),
        ("eva@example", None),
        ("eva@@example.com", None),
        ("eva@example..com", None),
        ("a b@example.com", None),
        ("x" * 250 + "@example.com", None),
    ],
)
def test_addresses_are_normalised_or_dropped(table: Tables, written: str, norm: str | None):
    assert reading(table, f"9,a,2025-01-01,{written},,,,,,,").rows[0].email_norm == norm


def test_an_anonymous_answer_counts_and_its_person_stays_unknown(table: Tables):
    found = reading(table, "2,a,2025-01-01,eva@example.com,Eva,ACME,,,yes,TRUE,pro")
    (row,) = found.rows
    assert row.anonymous
    assert (row.email_norm, row.email_given, row.name) == (None, None, None)
    assert "Eva" not in (row.props or "")
    assert found.bands == (0, 0, 1)


def test_doubtful_wishes_are_read_in_favour_of_privacy(table: Tables):
    found = reading(table, "2,a,2025-01-01,eva@example.com,Eva,,,,perhaps,maybe,")
    assert (found.rows[0].anonymous, found.rows[0].followup) == (True, "not_asked")
    assert len(found.warnings) == 2


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Yes", "requested"), ("ja", "requested"), ("no", "declined"), ("0", "declined"),
     ("declined", "declined"), ("", "not_asked"), ("Not asked", "not_asked")],
)  # fmt: skip
def test_the_wish_for_a_follow_up_is_understood(table: Tables, written: str, meant: str):
    assert reading(table, f"2,a,2025-01-01,,,,,,{written},,").rows[0].followup == meant


def test_a_name_without_an_address_becomes_a_property(table: Tables):
    first, second = reading(
        table, '2,a,2025-01-01,,"Eva ""E"" Klein",,,,,,pro', "2,a,2025-01-01,,Jan,,,,,,"
    ).rows
    assert first.name is None
    assert json.loads(first.props or "") == {"name": 'Eva "E" Klein', "plan": "pro"}
    assert json.loads(second.props or "") == {"name": "Jan"}


def test_properties_keep_their_order_and_their_spelling(table: Tables):
    header = "score,date,Zeta,Alpha Beta,Alpha-Beta,ARR\n"
    (row,) = reading(table, '9,2025-01-01,"a ""b"" \\ ö",,x, 0012.50 ', header=header).rows
    assert row.props == '{"zeta":"a \\"b\\" \\\\ ö","alpha_beta_2":"x","arr":"0012.50"}'


def test_a_missing_score_column_is_asked_for(table: Tables):
    with pytest.raises(MappingIncomplete, match="score and answered_at.*--map score=COLUMN"):
        read_all(table("a,b\nx,y\n"))


def test_a_file_without_a_date_needs_a_day(table: Tables):
    found = table("score,comment\n9,fine\n")
    with pytest.raises(MappingIncomplete):
        read_all(found)
    result = read_all(found, Choices(answered_on=date(2025, 1, 31)), BERLIN)
    assert result.rows[0].answered_at == "2025-01-30 23:00:00.000000"
    assert "No column holds a date" in result.notes[0]


def test_a_ces_question_keeps_its_direction(table: Tables):
    text = "score,date\n1,2025-01-01\n7,2025-01-01\n"
    good = read_all(table(text), Choices(metric=Metric.CES, scale="1-7"))
    bad = Choices(metric=Metric.CES, scale="1-7", direction=Direction.HIGH_IS_BAD)
    assert [row.band for row in good.rows] == [-1, 1]
    assert [row.band for row in read_all(table(text), bad).rows] == [1, -1]


@pytest.mark.parametrize(
    "choices",
    [
        Choices(scale="0-5"),
        Choices(scale="1-7"),
        Choices(direction=Direction.HIGH_IS_BAD),
        Choices(preset="nope"),
        Choices(options=("score=nope",)),
    ],
)
def test_impossible_choices_are_refused(table: Tables, choices: Choices):
    with pytest.raises(Refused):
        read_all(table("score,date\n1,2025-01-01\n"), choices)


def test_the_messy_file_gives_what_can_be_saved():
    found = read_all(open_table(FIXTURES / "messy.csv"), zone=BERLIN)
    assert found.read == 17
    assert [row.score_given for row in found.rows] == ["9", "7,0", "6", "4", "2", "1", "10"]
    assert [(reject.record, reject.line) for reject in found.rejects] == [
        (3, 7), (4, 8), (5, 9), (6, 10), (7, 11), (8, 12), (9, 13), (10, 14), (12, 16), (14, 18),
    ]  # fmt: skip
    assert found.rows[-1].comment == 'sie sagte "oh" und blieb'
    assert found.rows[0].answered_at == "2025-01-31 13:05:00.000000"


def test_chunks_add_up(table: Tables):
    body = "".join(f"{n % 12},c{n},2025-01-01,,,,,,,,\n" for n in range(2 * CHUNK + 5))
    found = read_all(table(HEADER + body))
    assert found.read == 2 * CHUNK + 5 == len(found.rows) + len(found.rejects)
    assert len(found.rejects) == 1_667


cell = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.lists(cell, min_size=3, max_size=13), min_size=1, max_size=6))
def test_no_cells_crash_the_reader(rows, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    quoted = [",".join('"' + each.replace('"', '""') + '"' for each in row) for row in rows]
    path.write_text(HEADER + "\n".join(quoted) + "\n", encoding="utf-8", newline="")
    try:
        found = read_all(open_table(path), Choices(order="dmy"))
    except ImportRefused:
        return
    assert len(found.rows) + len(found.rejects) + found.known == found.read
    assert all(json.loads(row.props) for row in found.rows if row.props)
    assert all(reject.reason and len(reject.value) <= 200 for reject in found.rejects)
