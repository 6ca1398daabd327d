"""Merge fields: what is filled in, what is left, and that values are never read again."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.merge import FIELDS, Merged, fields, first_name, merged, unknown

NAMES = st.sampled_from(sorted(FIELDS))
PLAIN = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]))


VALUES = {"contact.first_name": "Ana", "case.number": "1042", "comment": "{{score}} {{nope}}"}


def test_a_field_becomes_its_value() -> None:
    got = merged("Hi {{contact.first_name}}, about {{ case.number }}", VALUES)
    assert got == Merged("Hi Ana, about 1042", [])


def test_a_fallback_stands_in_for_a_value_that_is_missing_or_blank() -> None:
    for values in ({}, {"contact.first_name": None}, {"contact.first_name": "  "}):
        assert merged("Hi {{contact.first_name|there}}", values) == Merged("Hi there", [])


def test_an_empty_fallback_is_a_fallback() -> None:
    assert merged("Hi{{contact.first_name|}}!", {}) == Merged("Hi!", [])


def test_what_is_not_known_stays_visible_and_is_named_once() -> None:
    text = "{{account.name}} {{nope|x}} {{account.name}}"
    assert merged(text, VALUES) == Merged(text, ["account.name", "nope"])


def test_a_value_that_holds_braces_stays_as_it_was_said() -> None:
    assert merged("You said: {{comment}}", {**VALUES, "score": "2"}).text == (
        "You said: {{score}} {{nope}}"
    )


def test_a_value_under_a_name_that_is_no_field_is_not_used() -> None:
    assert merged("{{password}}", {"password": "x"}).missing == ["password"]


def test_fields_and_unknown_ones_are_listed_in_the_order_of_the_text() -> None:
    text = "{{score}} {{nope}} {{contact.name|x}} {{score}} {{}} { {score} } {{a{b}}"
    assert fields(text) == ["score", "nope", "contact.name", ""]
    assert unknown(text) == ["nope", ""]


@given(PLAIN)
def test_a_text_without_fields_stays_as_it_is(text: str) -> None:
    assert merged(text, VALUES) == Merged(text, [])


@given(PLAIN, NAMES, st.text(min_size=1), PLAIN)
def test_values_go_in_whole_whatever_they_hold(
    before: str, name: str, value: str, after: str
) -> None:
    got = merged(f"{before}{{{{{name}}}}}{after}", {name: value})
    if value.strip():
        assert got == Merged(before + value.strip() + after, [])
    else:
        assert got.missing == [name]


@given(st.text("{}|ab score.", max_size=60), st.dictionaries(NAMES, st.text("{}|ab score.")))
def test_what_is_missing_is_among_the_fields_of_the_text(text: str, values: dict[str, str]) -> None:
    got = merged(text, values)
    assert set(got.missing) <= set(fields(text))
    assert set(unknown(text)) <= set(got.missing)


@pytest.mark.parametrize("part", ["{{", "{{a", "{{a|", "{", "|", "{{score|b"])
def test_a_long_text_of_braces_takes_no_longer_than_it_is_long(part: str) -> None:
    start = time.perf_counter()
    merged(part * 50_000, {})
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ana Kim", "Ana"),
        ("Kim, Ana", "Ana"),
        ("Dr. Ana Kim", "Ana"),
        ("Frau Prof. Dr. Ana Kim", "Ana"),
        ("Ana", "Ana"),
        ("Jean-Luc Picard", "Jean-Luc"),
        ("D'Arcy Wu", "D'Arcy"),
        ("प्रिया शर्मा", "प्रिया"),
        ("李 小龙", None),  # one sign: more likely the family
        ("Mr. Kim", None),
        ("A. Kim", None),
        ("ana.kim@example.com", None),
        ("4711", None),
        ("Kim,", None),
        ("", None),
        (None, None),
    ],
)
def test_a_first_name_is_told_only_where_it_can_be(name: str | None, first: str | None) -> None:
    assert first_name(name) == first
