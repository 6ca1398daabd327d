"""Plays: which one fits an answer, and what can be done to it."""

from datetime import UTC, datetime

import pytest

from services.domain import plays
from services.domain.bands import Direction, Metric, Scale, band
from services.domain.lifecycle import Illegal, State, Status
from services.domain.plays import SHEETS, Favour, Play

AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
GOOD, BAD = Direction.HIGH_IS_GOOD, Direction.HIGH_IS_BAD
CASE = State(opened_at=AT)


@pytest.mark.parametrize(
    ("metric", "scale", "score", "ideal", "play"),
    [
        ("nps", "0-10", 3, None, Play.WIN_BACK),
        ("nps", "0-10", 3, True, Play.WIN_BACK),
        ("nps", "0-10", 3, False, Play.POINT_ELSEWHERE),
        ("nps", "0-10", 7, None, Play.LEARN_WHY),
        ("nps", "0-10", 9, False, Play.PROMOTER),
        ("csat", "1-5", 5, None, Play.PROMOTER),
        ("csat", "1-5", 3, None, Play.LEARN_WHY),
        ("ces", "1-7", 6, None, Play.ADVOCACY),
        ("ces", "1-7", 5, None, Play.LEARN_WHY),
        ("ces", "1-7", 2, None, Play.WIN_BACK),
        ("ces", "1-5", 5, None, Play.ADVOCACY),
        ("ces", "1-5", 4, None, Play.LEARN_WHY),
    ],
)
def test_each_band_has_its_play(
    metric: str, scale: str, score: int, ideal: bool | None, play: Play
) -> None:
    asked, on = Metric(metric), Scale.parse(scale)
    found = plays.fitting(asked, band(asked, score, on, GOOD), score, on, GOOD, ideal)
    assert found is play


def test_low_effort_is_read_the_right_way_round() -> None:
    on = Scale(1, 7)
    for score, play in ((2, Play.ADVOCACY), (3, Play.LEARN_WHY), (6, Play.WIN_BACK)):
        at = band(Metric.CES, score, on, BAD)
        assert plays.fitting(Metric.CES, at, score, on, BAD) is play


def test_every_play_is_a_short_checklist_with_a_good_result_first() -> None:
    for play, sheet in SHEETS.items():
        assert 3 <= len(sheet.steps) <= 5, play
        assert list(sheet.results)[-1] == "no_answer"
    asking = {step for sheet in SHEETS.values() for step in sheet.steps} & set(Favour)
    assert asking == set(Favour)


def test_a_result_reads_the_same_in_every_play() -> None:
    for sheet in SHEETS.values():
        for key, words in sheet.results.items():
            assert plays.RESULTS[key] == words


def test_a_play_is_started_ticked_and_ended() -> None:
    case = plays.started(CASE, Play.WIN_BACK, True)
    assert (case.play, case.ideal_customer) == ("win_back", True)
    case = plays.ticked(plays.ticked(case, "own", True), "listen", True)
    assert case.steps == ("listen", "own")
    assert plays.ticked(case, "own", False).steps == ("listen",)
    assert plays.ended(case, "won").play_result == "won"


def test_a_play_that_is_not_begun_gives_way_and_one_that_is_does_not() -> None:
    case = plays.started(CASE, Play.WIN_BACK)
    assert plays.started(case, Play.LEARN_WHY).play == "learn_why"
    worked = plays.ticked(case, "listen", True)
    for again in (lambda: plays.started(case, Play.WIN_BACK),
                  lambda: plays.started(worked, Play.LEARN_WHY),
                  lambda: plays.started(plays.ended(case, "won"), Play.LEARN_WHY)):  # fmt: skip
        with pytest.raises(Illegal):
            again()


def test_who_is_not_our_customer_is_pointed_elsewhere_with_what_was_done_for_both() -> None:
    case = plays.started(CASE, Play.WIN_BACK)
    case = plays.ticked(plays.ticked(case, "listen", True), "own", True)
    other = plays.judged(case, False)
    assert (other.play, other.steps) == ("point_elsewhere", ("listen",))
    assert plays.judged(other, True).play == "win_back"
    assert plays.judged(plays.started(CASE, Play.PROMOTER), False).play == "promoter"
    ended = plays.judged(plays.ended(case, "lost"), False)
    assert (ended.play, ended.steps) == ("win_back", ("listen", "own"))
    assert plays.judged(CASE, False).play is None


def test_what_makes_no_sense_is_illegal() -> None:
    running = plays.started(CASE, Play.WIN_BACK)
    over = plays.ended(running, "won")
    merged = State(opened_at=AT, status=Status.MERGED, play="win_back")
    for wrong in (
        lambda: plays.ticked(CASE, "listen", True),
        lambda: plays.ticked(running, "thank", True),
        lambda: plays.ticked(running, "listen", False),
        lambda: plays.ticked(plays.ticked(running, "listen", True), "listen", True),
        lambda: plays.ticked(over, "listen", True),
        lambda: plays.ended(CASE, "won"),
        lambda: plays.ended(running, "helped"),
        lambda: plays.ended(over, "won"),
        lambda: plays.judged(plays.judged(CASE, True), True),
        lambda: plays.started(merged, Play.PROMOTER),
    ):
        with pytest.raises(Illegal):
            wrong()
    assert plays.ended(over, "lost").play_result == "lost"  # put right


def test_a_play_is_sound_while_ticks_and_result_are_its_own() -> None:
    running = plays.ticked(plays.started(CASE, Play.WIN_BACK), "own", True)
    assert plays.sound(CASE)
    assert plays.sound(running)
    assert plays.sound(plays.ended(running, "won"))
    for odd in ({"play": None}, {"play": "promoter"}):
        assert not plays.sound(State(opened_at=AT, steps=("own",), **odd))
    assert not plays.sound(State(opened_at=AT, play="promoter", play_result="won"))
    assert not plays.sound(State(opened_at=AT, play_result="won"))


def test_every_event_of_a_play_reads_as_a_sentence() -> None:
    told = [
        plays.told({"did": "started", "what": "win_back"}),
        plays.told({"did": "judged", "what": "no"}),
        plays.told({"did": "ticked", "what": "listen", "play": "win_back"}),
        plays.told({"did": "unticked", "what": "review", "play": "promoter"}),
        plays.told({"did": "favoured", "what": "case_study.no_answer"}),
        plays.told({"did": "ended", "what": "won"}),
    ]
    assert told == [
        "started the play Win back", "said: not our customer",
        "ticked: Call or write: hear the whole story", "unticked: Ask for a review",
        "noted what came of asking for a case study: No answer", "ended the play: Won back",
    ]  # fmt: skip
