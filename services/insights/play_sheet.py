"""The play of one case as it is worked: its steps, whom one may ask, and how it can end."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from db.models import Case
from services import asks
from services.access import Actor, permitted
from services.cases.journal import seen
from services.cases.playing import suggested
from services.domain.plays import OF_DETRACTORS, SHEETS, Favour, Play, Reply
from services.domain.roles import Verb


@dataclass(frozen=True)
class PlayStep:
    """A step; one that asks for a favour has what came of it, or `why_not` one may not ask now."""

    key: str
    words: str
    done: bool
    favour: Favour | None
    reply: Reply | None
    why_not: str | None


@dataclass(frozen=True)
class CasePlay:
    """What is done about a case; `play` is None until one is started.

    `suggested` fits its answer; `low`: it is about a detractor, so whether we want the customer
    decides.
    """

    number: int
    version: int
    play: Play | None
    steps: tuple[PlayStep, ...]
    ideal: bool | None
    result: str | None
    suggested: Play
    low: bool

    @property
    def done(self) -> int:
        """How many steps are ticked."""
        return sum(step.done for step in self.steps)


@permitted(Verb.SEE)
def case_play(session: Session, actor: Actor, number: int, *, now: datetime) -> CasePlay:
    """The play of a case; Refused where there is no case that the actor may see."""
    case = seen(session, actor, number)
    play = Play(case.play) if case.play else None
    fits = suggested(session, case.response_id, case.ideal_customer)
    steps = () if play is None else _steps(session, actor, case, play, now)
    return CasePlay(
        number, case.version, play, steps, case.ideal_customer, case.play_result, fits,
        fits in OF_DETRACTORS,
    )  # fmt: skip


def _steps(
    session: Session, actor: Actor, case: Case, play: Play, now: datetime
) -> tuple[PlayStep, ...]:
    found = []
    for key, words in SHEETS[play].steps.items():
        favour, done, ask, why = None, key in case.steps, None, None
        if key in tuple(Favour):
            favour = Favour(key)
            ask = asks.standing(session, case.id, favour)
            why = asks.why_not(session, case.contact_id, favour, now, seen=actor)
        reply = Reply(ask.result) if ask and ask.result else None
        found.append(PlayStep(key, words, done, favour, reply, None if done else why))
    return tuple(found)
