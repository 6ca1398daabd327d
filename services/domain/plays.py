"""Plays: what to do about an answer of each band, step by step, and how it can end. Pure.

A detractor whom we want to keep is won back, one whom we cannot serve is pointed elsewhere; a
passive tells us why; a promoter is thanked and asked for one favour, as is who found it very easy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from services.domain.bands import Band, Direction, Metric, Scale
from services.domain.case_state import State
from services.domain.lifecycle import Illegal, Move, check


class Play(StrEnum):
    """A play by its key."""

    WIN_BACK = "win_back"
    POINT_ELSEWHERE = "point_elsewhere"
    LEARN_WHY = "learn_why"
    PROMOTER = "promoter"
    ADVOCACY = "advocacy"

    @property
    def label(self) -> str:
        """As people read it."""
        return SHEETS[self].label


class Favour(StrEnum):
    """What somebody who is happy with us may be asked for; also the key of the step that asks."""

    REVIEW = "review"
    REFERRAL = "referral"
    CASE_STUDY = "case_study"
    ADVOCACY = "advocacy"

    @property
    def label(self) -> str:
        """As people read it."""
        return {"case_study": "case study", "advocacy": "recommendation"}.get(self, self.value)


class Reply(StrEnum):
    """What came of asking for a favour."""

    GIVEN = "given"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"

    @property
    def label(self) -> str:
        """As people read it."""
        return {"given": "Said yes", "declined": "Said no", "no_answer": "No answer"}[self]


@dataclass(frozen=True)
class Sheet:
    """What a play is made of: steps and results by their keys; the first result is the good one."""

    label: str
    steps: Mapping[str, str]
    results: Mapping[str, str]


_SILENT = {"no_answer": "No answer"}
_YES_OR_NO = {"helped": "Helps us", "declined": "Would rather not"} | _SILENT
SHEETS: Mapping[Play, Sheet] = {
    Play.WIN_BACK: Sheet(
        "Win back",
        {
            "listen": "Call or write: hear the whole story",
            "own": "Say what we got wrong, and what we do by when",
            "fix": "Get it done, or say honestly that we cannot",
            "tell": "Tell them that it is done",
            "check": "Ask a month later whether it holds",
        },
        {"won": "Won back", "unsure": "Stays, not happy yet", "lost": "Lost"} | _SILENT,
    ),
    Play.POINT_ELSEWHERE: Sheet(
        "Point elsewhere",
        {
            "listen": "Call or write: hear the whole story",
            "honest": "Say honestly what we do not do and will not do",
            "point": "Name what would suit them better",
            "leave": "Make leaving easy: data, dates, the last bill",
        },
        {"pointed": "Found something better", "stays": "Stays all the same"} | _SILENT,
    ),
    Play.LEARN_WHY: Sheet(
        "Learn why",
        {
            "ask": "Ask for the one thing that would have made it a better score",
            "note": "Keep the answer as a note, in their words",
            "pass_on": "Pass it on to who can change it",
            "tell": "Tell them what becomes of it",
        },
        {"learnt": "We know why", "nothing": "Nothing in particular"} | _SILENT,
    ),
    Play.PROMOTER: Sheet(
        "Thank and ask",
        {
            "thank": "Thank them by name for what they said",
            Favour.REVIEW: "Ask for a review",
            Favour.REFERRAL: "Ask for a referral",
            Favour.CASE_STUDY: "Ask for a case study",
            "share": "Tell the team what was said",
        },
        {"helped": "Helps us", "thanked": "Thanked, not asked", "declined": "Would rather not"}
        | _SILENT,
    ),
    Play.ADVOCACY: Sheet(
        "Ask for a recommendation",
        {
            "thank": "Thank them for saying so",
            Favour.ADVOCACY: "Ask whether they would recommend us",
            "note": "Note what made it easy",
        },
        _YES_OR_NO,
    ),
}  # fmt: skip
OF_DETRACTORS = (Play.WIN_BACK, Play.POINT_ELSEWHERE)
RESULTS: Mapping[str, str] = {
    key: words for sheet in SHEETS.values() for key, words in sheet.results.items()
}
_VERY_EASY = {Scale(1, 7): 6, Scale(1, 5): 5}  # from this CES score on, high as good


def fitting(
    metric: Metric, band: Band, score: int, scale: Scale, direction: Direction,
    ideal: bool | None = None,
) -> Play:  # fmt: skip
    """The play for an answer; `ideal`: whether we want the customer (None: nobody has said no)."""
    if band is Band.DETRACTOR:
        return Play.POINT_ELSEWHERE if ideal is False else Play.WIN_BACK
    if metric is Metric.CES:
        high = direction is Direction.HIGH_IS_GOOD
        easy = score if high else scale.low + scale.high - score
        return Play.ADVOCACY if easy >= _VERY_EASY[scale] else Play.LEARN_WHY
    return Play.PROMOTER if band is Band.PROMOTER else Play.LEARN_WHY


def started(state: State, play: Play, ideal: bool | None = None) -> State:
    """The play begins; another one that has not begun to be worked gives way to it."""
    check(state, Move.PLAYED)
    if state.play_result is not None:
        raise Illegal("Its play has ended: a case has one")
    if state.play == play:
        raise Illegal("That play is running already")
    if state.steps:
        raise Illegal("Steps of its play are done already: end that one")
    judged = state.ideal_customer if ideal is None else ideal
    return replace(state, play=play.value, ideal_customer=judged)


def ticked(state: State, step: str, done: bool) -> State:
    """A step is done, or was not after all."""
    sheet = _running(state)
    if step not in sheet.steps:
        raise Illegal("The play has no such step")
    if (step in state.steps) is done:
        raise Illegal("It is ticked already" if done else "It is not ticked")
    left = {*state.steps, step} if done else {*state.steps} - {step}
    return replace(state, steps=tuple(sorted(left)))


def judged(state: State, ideal: bool) -> State:
    """Whether we want this customer; a detractor's play that runs becomes the other one."""
    check(state, Move.PLAYED)
    if state.ideal_customer is ideal:
        raise Illegal("It says so already")
    play, steps = state.play, state.steps
    if play in OF_DETRACTORS and state.play_result is None:
        play = OF_DETRACTORS[not ideal].value
        steps = tuple(step for step in steps if step in SHEETS[Play(play)].steps)
    return replace(state, ideal_customer=ideal, play=play, steps=steps)


def ended(state: State, result: str) -> State:
    """How the play ended; said again, it is put right."""
    check(state, Move.PLAYED)
    if state.play is None:
        raise Illegal("No play is running")
    if result not in SHEETS[Play(state.play)].results:
        raise Illegal("That is no result of this play")
    if state.play_result == result:
        raise Illegal("It ended like this already")
    return replace(state, play_result=result)


def favoured(state: State) -> State:
    """What came of a favour changes nothing but the record of the asking."""
    check(state, Move.PLAYED)
    return state


def told(data: Mapping[str, Any]) -> str:
    """What an event of a play says, after the name of who did it."""
    did, what = str(data.get("did")), str(data.get("what"))
    if did == "started":
        return f"started the play {Play(what).label}"
    if did == "judged":
        return "said that we want this customer" if what == "yes" else "said: not our customer"
    if did == "ended":
        return f"ended the play: {RESULTS.get(what, what)}"
    if did == "favoured":
        favour, _, reply = what.partition(".")
        return f"noted what came of asking for a {Favour(favour).label}: {Reply(reply).label}"
    step = SHEETS[Play(data["play"])].steps[what]
    return f"ticked: {step}" if did == "ticked" else f"unticked: {step}"


def sound(state: State) -> bool:
    """Whether ticks and result belong to the play that the case has, if it has one."""
    if state.play is None:
        return not state.steps and state.play_result is None
    sheet = SHEETS[Play(state.play)]
    return set(state.steps) <= set(sheet.steps) and state.play_result in (None, *sheet.results)


def _running(state: State) -> Sheet:
    check(state, Move.PLAYED)
    if state.play is None:
        raise Illegal("No play is running")
    if state.play_result is not None:
        raise Illegal("The play has ended")
    return SHEETS[Play(state.play)]
