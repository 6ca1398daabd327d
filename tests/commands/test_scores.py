"""`score` and `compare` in the shell."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from db.engine import transaction
from services import settings
from tests import builders as make

Told = Callable[..., dict[str, Any]]
JUNE, JULY = datetime(2026, 6, 10, 12, tzinfo=UTC), datetime(2026, 7, 10, 12, tzinfo=UTC)


def answers(*scores: int, at: datetime = JUNE, **values: Any) -> None:
    with transaction() as session:
        for score in scores:
            make.response(session, score, answered_at=at, **values)


@pytest.mark.parametrize(
    ("counts", "score"), [("215,85,75", 37.3333), ("1,0,0", 100), ("0,0,7", -100)]
)
def test_a_score_of_counts_has_every_promised_field(told: Told, counts: str, score: float) -> None:
    found = told("score", "--counts", counts)
    assert list(found) == [
        "metric", "n", "promoters", "passives", "detractors", "score", "low", "high",
        "definition", "range",
    ]  # fmt: skip
    assert found["score"] == pytest.approx(score, abs=1e-4)
    assert found["low"] < found["high"]
    assert (found["metric"], found["range"]) == ("nps", None)


def test_a_score_of_nothing_says_so(told: Told, cli: Any) -> None:
    found = told("score")
    assert (found["n"], found["score"], found["low"]) == (0, None, None)
    assert "no answers" in cli("score").stdout


def test_a_score_counts_whole_days_of_the_reporting_zone(told: Told) -> None:
    with transaction() as session:
        settings.put(session, "reporting_zone", "Asia/Tokyo", actor_id=None, now=JUNE)
    answers(9, at=datetime(2026, 6, 9, 15, 0, tzinfo=UTC))  # midnight in Tokyo: the 10th
    answers(3, at=datetime(2026, 6, 9, 14, 59, tzinfo=UTC))
    answers(3, at=datetime(2026, 6, 10, 15, 0, tzinfo=UTC))
    found = told("score", "--start", "2026-06-10", "--end", "2026-06-10")
    assert (found["n"], found["score"]) == (1, 100)
    assert found["range"] == {"start": "2026-06-10", "end": "2026-06-10", "zone": "Asia/Tokyo"}
    assert told("score", "--start", "2026-06-10")["n"] == 2
    assert told("score", "--end", "2026-06-10")["n"] == 2
    assert told("score")["n"] == 3


def test_where_narrows_by_column_property_survey_and_unit(told: Told) -> None:
    with transaction() as session:
        unit = make.unit(session).id
        relation = make.survey(session, name="Relationship")
    answers(9, 9, channel="email", props={"plan": "Pro"}, unit_id=unit)
    answers(3, channel="sms", props={"plan": "Free", "props": "x=y"}, survey=relation)
    for where, n in (
        ("channel=email", 2), ("channel=fax", 0), ("plan=Pro", 2), ("props.plan=Free", 1),
        ("unit=EMEA", 2), ("survey=Relationship", 1), (f"unit={unit}", 2), ("props=x=y", 1),
    ):  # fmt: skip
        assert told("score", "--where", where)["n"] == n, where
    assert told("score", "--where", "plan=Pro", "--where", "plan=Free")["n"] == 3
    assert told("score", "--where", "plan=Pro", "--where", "channel=sms")["n"] == 0


@pytest.mark.parametrize("where", ["chanel=email", "unit=Moon", "survey=None"])
def test_a_name_that_no_answer_has_is_refused(cli: Any, where: str) -> None:
    answers(9, channel="email")
    result = cli("score", "--where", where, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert where.partition("=")[0] in result.stderr


def test_a_range_that_ends_before_it_begins_is_refused(cli: Any) -> None:
    result = cli("score", "--start", "2026-06-10", "--end", "2026-06-09")
    assert (result.exit_code, result.stdout) == (1, "")


def test_other_metrics_have_their_own_definition(told: Told) -> None:
    answers(5, 4, 2, metric="csat")
    found = told("score", "--metric", "csat")
    assert (found["metric"], found["n"], found["promoters"]) == ("csat", 3, 2)
    assert found["definition"].startswith("CSAT")


def test_what_a_survey_warns_of_is_said_beside_the_figure(cli: Any) -> None:
    with transaction() as session:
        odd = make.survey(session, name="Odd", scale="1-10", warning="asked on 1-10")
    answers(9, survey=odd)
    result = cli("score", "--json")
    assert "Odd: asked on 1-10" in result.stderr
    assert result.stdout.startswith("{")


def test_a_comparison_of_counts_has_every_promised_field(told: Told) -> None:
    found = told("compare", "--counts", "40,27,20", "--counts", "38,28,28")
    assert list(found) == ["delta", "low", "high", "z", "p", "verdict", "needed_n"]
    assert found["delta"] == pytest.approx(-12.35, abs=0.01)
    assert found["verdict"].startswith("No evidence of change")


def test_the_difference_is_the_second_minus_the_first(told: Told) -> None:
    answers(*[3] * 30, at=JUNE)
    answers(*[9] * 30, at=JULY)
    months = ("2026-06-01..2026-06-30", "2026-07-01..2026-07-31")
    found = told("compare", "--a", months[0], "--b", months[1])
    assert found["delta"] == 200
    assert found["verdict"].startswith("Up 200 points")
    assert told("compare", "--a", months[1], "--b", months[0])["delta"] == -200


def test_ranges_that_share_days_are_not_compared(cli: Any) -> None:
    result = cli("compare", "--a", "2026-06-01..2026-06-30", "--b", "2026-06-30..2026-07-31")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "share days" in result.stderr


def test_people_are_told_how_many_answers_would_do(cli: Any) -> None:
    result = cli("compare", "--counts", "50,20,30", "--counts", "60,20,20")
    assert "each side needs 274 answers" in result.stdout
