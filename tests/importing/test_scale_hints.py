"""The scale is suggested from all scores, and nothing is rescaled."""

import pytest

from services.domain.bands import Metric
from services.importing.scale_hints import detect_scale
from services.importing.scores_text import BadScore, whole_number

ONE_TO_TEN = [str(n % 10 + 1) for n in range(300)]


def test_many_scores_without_a_zero_suggest_1_to_10_with_the_warning():
    hint = detect_scale(ONE_TO_TEN)
    assert hint.scale == "1-10"
    assert hint.warning is not None
    assert "0-10" in hint.warning


def test_one_zero_among_thousands_settles_0_to_10():
    hint = detect_scale([*ONE_TO_TEN, "0"])
    assert (hint.scale, hint.warning) == ("0-10", None)


def test_a_few_scores_prove_nothing():
    assert detect_scale(["9", "10", "7"]).scale == "0-10"


def test_ratings_to_five_are_doubted_as_nps():
    hint = detect_scale(["1", "5", "4"] * 20)
    assert hint.warning is not None
    assert "CSAT" in hint.warning


@pytest.mark.parametrize(("scores", "scale"), [("12345", "1-5"), ("1234567", "1-7")])
def test_csat_and_ces_take_the_smallest_scale_that_holds_all(scores: str, scale: str):
    assert detect_scale(list(scores) * 20, Metric.CSAT).scale == scale
    assert detect_scale(list(scores) * 20, Metric.CES).scale == scale


def test_scores_off_every_scale_are_told():
    hint = detect_scale([str(n) for n in range(100)])
    assert hint.scale == "0-10"
    assert hint.warning is not None
    assert "from 0 to 99" in hint.warning


def test_no_scores_at_all_are_told():
    assert detect_scale(["", "n/a"]).reason == "there are no scores"


@pytest.mark.parametrize("text", ["7", "7.0", "7,0", " 7 ", "7.00", "+7", "07"])
def test_seven_is_seven_however_it_is_written(text: str):
    assert whole_number(text) == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("7.5", "not rounded"),
        ("7,5", "not rounded"),
        ("N/A", "not a number"),
        ("seven", "not a number"),
        ("7/10", "not a number"),
        ("٧", "not a number"),
        ("1e1", "not a number"),
    ],
)
def test_what_is_no_whole_number_is_said_in_words(text: str, reason: str):
    with pytest.raises(BadScore, match=reason):
        whole_number(text)
