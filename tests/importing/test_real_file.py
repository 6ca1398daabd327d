"""The real sample file, where it lies beside the repository: as messy as a first import is."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from services.importing.files import Table, open_table
from tests.importing.reading import read_all

REPOSITORY = Path(__file__).parents[2]
FILE = REPOSITORY / "../shared/data/real/seat_reviews.csv"

pytestmark = pytest.mark.skipif(
    not FILE.exists(), reason="seat_reviews.csv is not there; it may not be copied into the tree"
)


@pytest.fixture(scope="module")
def reviews() -> Table:
    return open_table(FILE)


def test_every_review_but_one_becomes_an_answer(reviews: Table):
    found = read_all(reviews)
    assert (len(found.rows), found.bands, found.known) == (1257, (151, 241, 865), 0)
    assert (found.read, str(found.plan.scale)) == (1258, "1-10")
    assert any("NPS is asked on 0-10" in note for note in found.notes)


def test_the_rejected_review_is_named_by_record_and_first_line(reviews: Table):
    (reject,) = read_all(reviews).rejects
    assert (reject.column, reject.value) == ("overall_rating", "")
    assert reject.reason == "the score is empty"
    with FILE.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        line = reader.reader.line_num + 1
        for record, row in enumerate(reader, 1):
            if not row["overall_rating"]:
                assert (reject.record, reject.line) == (record, line)
            line = reader.reader.line_num + 1


def test_six_exact_doubles_are_answers_of_their_own(reviews: Table):
    cells = Counter(tuple(row) for _, _, row in reviews.records())
    assert sum(times - 1 for times in cells.values()) == 6
    found = [row.external_id for row in read_all(reviews).rows]
    assert len(set(found)) == 1257
    assert found == [row.external_id for row in read_all(reviews).rows]


def test_the_proposal_needs_no_help(reviews: Table):
    columns = read_all(reviews).plan.mapping.columns
    assert dict(columns) == {
        "score": "overall_rating",
        "comment": "content",
        "answered_at": "date",
    }
