"""Exports of other survey tools are recognised and keep their totals and ids."""

import csv

import pytest

from services.domain.bands import Metric
from services.importing.files import ImportRefused, open_table
from services.importing.planning import Choices
from services.importing.presets import find
from tests.importing.conftest import FIXTURES, Tables
from tests.importing.reading import read_all


def raw(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "score", "id_column", "preset"),
    [
        ("delighted.csv", "Score", "Response ID", "delighted"),
        ("wootric.csv", "score", "id", "wootric"),
    ],
)
def test_totals_and_ids_are_those_of_the_export(name: str, score: str, id_column: str, preset: str):
    reading, expected = read_all(open_table(FIXTURES / name)), raw(name)
    assert reading.plan.preset.name == reading.plan.source == preset
    assert [row.external_id for row in reading.rows] == [row[id_column] for row in expected]
    scores = [int(row[score]) for row in expected]
    promoters, detractors = sum(s >= 9 for s in scores), sum(s <= 6 for s in scores)
    assert reading.bands == (promoters, len(scores) - promoters - detractors, detractors)
    assert (reading.rejects, reading.known) == ([], 0)


def test_a_delighted_export_is_mapped_without_a_question():
    reading = read_all(open_table(FIXTURES / "delighted.csv"))
    assert dict(reading.plan.mapping.columns) == {
        "external_id": "Response ID",
        "score": "Score",
        "comment": "Comment",
        "answered_at": "Created At",
        "email": "Email",
        "name": "Name",
        "account": "Company",
        "channel": "Delighted Source",
    }
    first = reading.rows[0]
    assert (first.email_norm, first.account) == ("liam.garcia@xylomusic.example.com", "Xylo Music")
    assert first.answered_at == "2024-09-03 22:36:29.000000"
    assert first.props is not None
    assert '"tags":"onboarding"' in first.props
    assert '"plan":"Team"' in first.props
    assert '"person_id":"10000148"' in first.props


def test_answers_without_an_address_are_kept():
    rows = read_all(open_table(FIXTURES / "delighted.csv")).rows
    assert sum(row.email_norm is None for row in rows) == 14
    assert all(row.name is None for row in rows if row.email_norm is None)


def test_comments_keep_quotes_line_breaks_and_formulas_as_text():
    comments = {row.comment for row in read_all(open_table(FIXTURES / "delighted.csv")).rows}
    assert 'He said "just restart it", which did not help, at all.' in comments
    assert "Line one: login fails.\nLine two: so does the reset mail." in comments
    assert "=SUM(1+1) is what my export shows instead of the comment." in comments


def test_a_response_that_wootric_leaves_out_is_told():
    reading = read_all(open_table(FIXTURES / "wootric.csv"))
    assert len(reading.warnings) == 1
    assert reading.warnings[0].startswith("1 row (first: record 12): excluded from the score")


MIXED = (
    "Response ID,Person ID,Survey Type,Score,Comment,Created At\n"
    "1,9,nps,9,a,2025-01-01\n2,9,csat,4,b,2025-01-02\n3,9,NPS,2,c,2025-01-03\n"
    "4,9,smileys,4,d,2025-01-04\n5,9,,8,e,2025-01-05\n"
)


def test_survey_types_are_not_mixed_into_one_score(table: Tables):
    reading = read_all(table(MIXED))
    assert reading.plan.metric is Metric.NPS
    assert reading.bands == (1, 1, 1)
    assert [(r.column, r.value) for r in reading.rejects] == [
        ("Survey Type", "csat"),
        ("Survey Type", "smileys"),
    ]
    assert reading.notes == ["Taken as nps; the file also holds 1 csat: import those on their own."]


def test_the_other_survey_type_can_be_imported_on_its_own(table: Tables):
    reading = read_all(table(MIXED), Choices(metric=Metric.CSAT))
    assert [(row.external_id, row.band) for row in reading.rows] == [("2", 1)]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Score,Comment,Permalink,Created At", "delighted"),
        ("score,day,Delighted Browser", "delighted"),
        ("id,score,text,created_at,end_user_id", "wootric"),
        ("score,comment,date", "generic"),
    ],
)
def test_a_tool_is_recognised_by_its_columns(header: str, name: str):
    assert find("auto", header.split(",")).name == name


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ImportRefused, match="auto or delighted, wootric, generic"):
        find("surveyzilla", ["score"])
