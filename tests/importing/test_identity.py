"""The same file gives the same ids; exact doubles are separate answers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.importing.files import open_table
from services.importing.planning import Choices
from tests.importing.conftest import Tables
from tests.importing.reading import read_all

HEADER = "score,comment,date\n"


def ids(table: Tables, text: str, **choices: str) -> list[str]:
    return [row.external_id for row in read_all(table(text), Choices(**choices)).rows]


rows = st.tuples(st.integers(0, 10), st.sampled_from(["a", "b", "ab", ""])).map(
    lambda row: f"{row[0]},{row[1]},2025-01-01\n"
)


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(rows, min_size=1, max_size=30))
def test_ids_are_stable_and_all_different(tmp_path_factory, lines):
    def table(text: str):
        path = tmp_path_factory.getbasetemp() / "identity.csv"
        path.write_text(text, encoding="utf-8")
        return open_table(path)

    first, again = ids(table, HEADER + "".join(lines)), ids(table, HEADER + "".join(lines))
    assert first == again
    assert len(set(first)) == len(first) == len(lines)
    assert set(ids(table, HEADER + "".join(sorted(lines)))) == set(first), "order does not matter"
    longer = ids(table, HEADER + "".join([*lines, "7,new,2025-01-02\n"]))
    assert longer[:-1] == first, "a later export of the same survey keeps the ids"


def test_a_made_up_id_names_its_kind(table: Tables):
    (found,) = ids(table, HEADER + "7,a,2025-01-01\n")
    assert found.startswith("row:")
    assert len(found) == len("row:") + 32


def test_another_source_gives_other_ids(table: Tables):
    text = HEADER + "7,a,2025-01-01\n"
    assert ids(table, text) == ids(table, text, source="import")
    assert ids(table, text) != ids(table, text, source="shop")


def test_neighbouring_cells_do_not_run_together(table: Tables):
    header = "score,date,x,y\n"
    first, second = ids(table, header + "7,2025-01-01,ab,c\n7,2025-01-01,a,bc\n")
    assert first != second


def test_encoding_and_delimiter_do_not_change_an_id(table: Tables):
    comma = ids(table, HEADER + "7,ä,2025-01-01\n")
    assert ids(table, (HEADER + "7,ä,2025-01-01\n").replace(",", ";")) == comma
    semicolon = read_all(table(HEADER + "7,ä,2025-01-01\n", "cp1252"))
    assert [row.external_id for row in semicolon.rows] == comma


GIVEN = "id,score,comment,date\n"


def test_a_given_id_is_kept(table: Tables):
    assert ids(table, GIVEN + " r1 ,7,a,2025-01-01\nr2,7,a,2025-01-01\n") == ["r1", "r2"]


def test_the_same_id_with_other_content_is_rejected(table: Tables):
    body = "r1,7,a,2025-01-01\nr2,7,a,2025-01-01\nr1,8,a,2025-01-01\n"
    found = read_all(table(GIVEN + body), Choices(options=("external_id=id",)))
    assert [row.external_id for row in found.rows] == ["r1", "r2"]
    assert [reject[:5] for reject in found.rejects] == [
        (3, 4, "id", "r1", "the same id as record 1, other content")
    ]


def test_an_exact_double_with_an_id_is_known(table: Tables):
    body = "r1,7,a,2025-01-01\nr1,7,a,2025-01-01\n"
    found = read_all(table(GIVEN + body), Choices(options=("external_id=id",)))
    assert (len(found.rows), found.known, found.rejects, found.read) == (1, 1, [], 2)


def test_a_rejected_row_does_not_use_up_its_id(table: Tables):
    body = "r1,oops,a,2025-01-01\nr1,7,a,2025-01-01\n"
    found = read_all(table(GIVEN + body), Choices(options=("external_id=id",)))
    assert [(row.record, row.external_id) for row in found.rows] == [(2, "r1")]


def test_a_row_without_its_id_gets_one(table: Tables):
    first, second = ids(table, GIVEN + "r1,7,a,2025-01-01\n,7,a,2025-01-01\n")
    assert first == "r1"
    assert second.startswith("row:")
