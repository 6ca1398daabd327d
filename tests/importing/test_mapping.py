"""Columns are proposed with a reason, chosen by the person, and never used twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.importing.limits import ImportRefused
from services.importing.mapping import FIELDS, Mapping, MappingIncomplete, property_keys
from services.importing.proposals import propose

ROWS = [
    ["9", "The new export saves us hours every week", "2025-01-31", "eva@example.com", "pro", "1"],
    ["3", "Support has not answered for nine days", "2025-02-01", "jan@example.com", "free", "0"],
    ["10", "Clean, quick and easy to explain to others", "2025-02-03", "", "pro", "1"],
]
ROWS = [[row[0], f"{row[1]} ({n})", *row[2:]] for n in range(10) for row in ROWS]


def test_names_in_three_languages_are_known():
    german = propose(["Bewertung", "Kommentar", "Datum", "E-Mail-Adresse", "Firma", "Kanal"], ROWS)
    assert dict(german.columns) == {
        "score": "Bewertung",
        "comment": "Kommentar",
        "answered_at": "Datum",
        "email": "E-Mail-Adresse",
        "account": "Firma",
        "channel": "Kanal",
    }
    spanish = propose(["Puntuación", "Comentario", "Fecha", "Correo electrónico"], ROWS)
    assert list(spanish.columns) == ["score", "comment", "answered_at", "email"]


def test_values_tell_what_names_do_not():
    mapping = propose(["overall_rating", "q17", "when_", "contact", "tier", "recommended"], ROWS)
    assert dict(mapping.columns) == {
        "score": "overall_rating",
        "comment": "q17",
        "answered_at": "when_",
        "email": "contact",
    }
    assert mapping.reasons["score"] == "the column is called 'overall_rating'"
    assert mapping.reasons["comment"] == "its values are the longest free text"
    assert mapping.reasons["answered_at"] == "its values are dates"
    assert mapping.reasons["email"] == "its values hold an @"


def test_a_name_that_its_values_contradict_is_not_believed():
    rows = [["great", "7", "2025-01-01"], ["poor", "2", "2025-01-02"]] * 5
    mapping = propose(["rating", "stars_given", "date"], rows)
    assert mapping.columns["score"] == "stars_given"


def test_a_yes_no_column_is_no_score():
    mapping = propose(["recommended", "date"], [["1", "2025-01-01"], ["0", "2025-01-02"]] * 20)
    assert "score" not in mapping.columns


def test_the_id_of_a_person_is_not_taken_for_the_id_of_an_answer():
    rows = [[str(n % 4), str(n % 11), "2025-01-01"] for n in range(40)]
    assert "external_id" not in propose(["id", "score", "date"], rows).columns
    rows = [[str(n), str(n % 11), "2025-01-01"] for n in range(40)]
    assert propose(["id", "score", "date"], rows).columns["external_id"] == "id"


def test_an_empty_column_yields_to_one_with_texts():
    rows = [["", "Reports are slow on Monday mornings", "7", "2025-01-01"]] * 5
    mapping = propose(["comment", "What could we do better?", "score", "date"], rows)
    assert mapping.columns["comment"] == "What could we do better?"


names = st.sampled_from(
    ["score", "rating", "nps", "date", "created_at", "comment", "text", "email", "id", "name", "x"]
)
cells = st.sampled_from(["7", "2025-01-01", "a@example.com", "some words in here", "", "0"])


@given(st.lists(names, min_size=1, max_size=8, unique=True), st.data())
def test_no_proposal_uses_a_column_twice(columns, data):
    rows = data.draw(st.lists(st.lists(cells, min_size=len(columns), max_size=len(columns))))
    chosen = propose(columns, rows).columns
    assert len(set(chosen.values())) == len(chosen)
    assert set(chosen) <= set(FIELDS)
    assert set(chosen.values()) <= set(columns)


COLUMNS = ["overall_rating", "Comment Text", "date", "plan"]


def test_options_choose_columns_however_they_are_spelt():
    mapping = Mapping.from_options(["score=Overall Rating", "comment = comment text"], COLUMNS)
    assert dict(mapping.columns) == {"score": "overall_rating", "comment": "Comment Text"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["score"], "not of the form field=column"),
        (["scor=date"], "no field 'scor'; did you mean 'score'"),
        (["score=overal_ratin"], "no column 'overal_ratin'; did you mean 'overall_rating'"),
        (["score=zzz"], "no column 'zzz'. The file has the columns overall_rating, Comment Text"),
        (["score=date", "score=plan"], "'score' is mapped twice"),
        (["score=date", "comment=date"], "'date' is mapped to two fields"),
    ],
)
def test_a_wrong_option_is_answered_helpfully(options: list[str], message: str):
    with pytest.raises(ImportRefused) as refused:
        Mapping.from_options(options, COLUMNS)
    assert message in str(refused.value)


def test_options_go_before_a_proposal():
    base = Mapping({"score": "overall_rating", "comment": "Comment Text", "account": "plan"})
    mapping = Mapping.from_options(["name=plan", "comment="], COLUMNS, base)
    assert dict(mapping.columns) == {"score": "overall_rating", "name": "plan"}
    assert mapping.reasons["name"] == "as you chose"


def test_an_ignored_column_is_not_even_a_property():
    mapping = Mapping.from_options(["score=overall_rating", "ignore=plan"], COLUMNS)
    assert mapping.properties(COLUMNS) == [(1, "comment_text"), (2, "date")]


def test_missing_fields_are_named_with_the_columns_at_hand():
    with pytest.raises(MappingIncomplete) as incomplete:
        Mapping({"comment": "date"}).require(["score", "answered_at"], COLUMNS)
    assert incomplete.value.missing == ["score", "answered_at"]
    assert "--map score=COLUMN" in str(incomplete.value)
    assert "overall_rating, Comment Text, date, plan" in str(incomplete.value)


def test_property_keys_are_plain_and_unique():
    names = ["Plan (new)", "plan-new", "Größe", "  ", "ARR €", "日本"]
    assert property_keys(names) == ["plan_new", "plan_new_2", "grosse", "property", "arr", "日本"]
    assert property_keys(["Name"], ["name"]) == ["name_2"]
