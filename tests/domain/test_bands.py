"""Which band a score falls into, on every scale and in both directions."""

from math import nan

import pytest

from services.domain.bands import (
    Band,
    Direction,
    Metric,
    Scale,
    band,
    scale_warning,
    scales_for,
)

NPS, CSAT, CES = Metric.NPS, Metric.CSAT, Metric.CES
ELEVEN, TEN, FIVE, SEVEN = (Scale.parse(text) for text in ("0-10", "1-10", "1-5", "1-7"))
BAD = Direction.HIGH_IS_BAD


def bands(
    metric: Metric, scale: Scale, direction: Direction = Direction.HIGH_IS_GOOD
) -> dict[str, list[int]]:
    words: dict[str, list[int]] = {}
    for score in scale.values:
        words.setdefault(band(metric, score, scale, direction).label(metric), []).append(score)
    return words


@pytest.mark.parametrize("text", ["0-10", "1-10", "1-5", "1-7"])
def test_a_scale_reads_back_as_it_was_written(text: str) -> None:
    assert str(Scale.parse(text)) == text


@pytest.mark.parametrize("text", ["", "0-5", "1 to 5", "10-0", "1-100", "nps"])
def test_an_unknown_scale_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(ValueError, match="use one of 0-10, 1-10, 1-5, 1-7"):
        Scale.parse(text)


def test_a_scale_runs_upwards() -> None:
    with pytest.raises(ValueError, match="upwards"):
        Scale(5, 5)


def test_a_scale_contains_its_whole_numbers_only() -> None:
    assert list(FIVE.values) == [1, 2, 3, 4, 5]
    assert all(FIVE.contains(score) for score in FIVE.values)
    assert not any(FIVE.contains(score) for score in (0, 6, -1, 3.5, 3.0, True, nan))


def test_nps_bands_are_0_6_and_7_8_and_9_10() -> None:
    assert bands(NPS, ELEVEN) == {
        "detractor": [0, 1, 2, 3, 4, 5, 6],
        "passive": [7, 8],
        "promoter": [9, 10],
    }


def test_nps_on_1_10_keeps_the_usual_bands_and_carries_a_warning() -> None:
    assert bands(NPS, TEN) == {
        "detractor": [1, 2, 3, 4, 5, 6],
        "passive": [7, 8],
        "promoter": [9, 10],
    }
    assert "0-10" in (scale_warning(NPS, TEN) or "")
    assert scale_warning(NPS, ELEVEN) is None
    assert scale_warning(CSAT, FIVE) is None


def test_csat_bands_are_the_two_highest_and_the_two_lowest_boxes() -> None:
    assert bands(CSAT, FIVE) == {"dissatisfied": [1, 2], "neutral": [3], "satisfied": [4, 5]}
    assert bands(CSAT, SEVEN) == {
        "dissatisfied": [1, 2],
        "neutral": [3, 4, 5],
        "satisfied": [6, 7],
    }


def test_ces_bands_follow_delighted() -> None:
    assert bands(CES, SEVEN) == {"high effort": [1, 2, 3], "neutral": [4], "low effort": [5, 6, 7]}
    assert bands(CES, FIVE) == {"high effort": [1, 2], "neutral": [3], "low effort": [4, 5]}


def test_a_question_where_high_is_bad_is_mirrored() -> None:
    assert bands(CES, SEVEN, BAD) == {
        "low effort": [1, 2, 3],
        "neutral": [4],
        "high effort": [5, 6, 7],
    }
    assert bands(CSAT, FIVE, BAD) == {"satisfied": [1, 2], "neutral": [3], "dissatisfied": [4, 5]}


def test_nps_cannot_be_asked_the_wrong_way_round() -> None:
    with pytest.raises(ValueError, match="always high-is-good"):
        band(NPS, 10, ELEVEN, BAD)


@pytest.mark.parametrize("score", [-1, 11, 3.5, 10.0, True, None, "", "7"])
def test_a_score_off_the_scale_or_not_whole_is_refused(score: int) -> None:
    with pytest.raises(ValueError, match="is not a whole number on 0-10"):
        band(NPS, score, ELEVEN)


@pytest.mark.parametrize(
    ("metric", "scale", "allowed"),
    [
        (NPS, FIVE, "0-10 or 1-10"),
        (CSAT, TEN, "1-5 or 1-7"),
        (CSAT, ELEVEN, "1-5 or 1-7"),
        (CES, ELEVEN, "1-5 or 1-7"),
    ],
)
def test_a_scale_without_bands_says_which_ones_have_them(
    metric: Metric, scale: Scale, allowed: str
) -> None:
    with pytest.raises(ValueError, match=f"use {allowed}"):
        band(metric, 1, scale)
    with pytest.raises(ValueError, match=f"use {allowed}"):
        scale_warning(metric, scale)


@pytest.mark.parametrize(
    ("metric", "scale"), [(metric, scale) for metric in Metric for scale in scales_for(metric)]
)
def test_bands_rise_with_the_score_and_mirror_exactly(metric: Metric, scale: Scale) -> None:
    found = [band(metric, score, scale) for score in scale.values]
    assert found == sorted(found) and set(found) == set(Band)
    if metric is not NPS:
        assert found[::-1] == [band(metric, score, scale, BAD) for score in scale.values]


def test_words_from_a_database_do_as_well_as_members() -> None:
    metric: Metric = "ces"  # type: ignore[assignment]
    direction: Direction = "high-is-bad"  # type: ignore[assignment]
    assert band(metric, 7, SEVEN, direction) is Band.DETRACTOR
    assert scales_for(metric) == (FIVE, SEVEN)
