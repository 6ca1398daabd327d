"""Working a play on a case: start it, tick its steps, say how it ended; each is one event.

A step that asks for a favour also keeps that the person was asked, where they may be.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from db.models import Response, Survey
from services import asks, templates
from services.access import Actor, Refused, permitted
from services.cases import drafts, verbs
from services.cases.journal import NOTHING, Done, Held, held, keep, legal, seen
from services.cases.opening import open_by_hand
from services.domain import plays
from services.domain.bands import Band, Direction, Metric, Scale
from services.domain.lifecycle import Move, State
from services.domain.plays import Favour, Play, Reply
from services.domain.roles import Verb


@permitted(Verb.WORK_CASES)
def start(
    session: Session, actor: Actor, number: int, *, version: int, now: datetime,
    play: str | None = None, ideal: bool | None = None,
) -> Done:  # fmt: skip
    """Begin a play: the one named, else the one that fits the answer (and what `ideal` says)."""
    case = held(session, actor, number, version)
    judged = case.state.ideal_customer if ideal is None else ideal
    chosen = _named(play) if play else suggested(session, case.case.response_id, judged)
    return _play(
        session, actor, case, lambda state: plays.started(state, chosen, ideal), now,
        did="started", what=chosen.value,
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def tick(
    session: Session, actor: Actor, number: int, *, step: str, version: int, now: datetime
) -> Done:
    """A step is done. One that asks is refused where the person may not be asked now."""
    case = held(session, actor, number, version)
    after = _moved(lambda state: plays.ticked(state, step, True), case)
    told: dict[str, Any] = {}
    if step in tuple(Favour):
        why = asks.why_not(session, case.case.contact_id, Favour(step), now, seen=actor)
        if why is not None:
            raise Refused(f"{why} {NOTHING}")
        ask = asks.record(session, case.case, Favour(step), actor.id, now)
        told = {"ask": {"id": ask.id, "stands": [False, True]}}
    return keep(
        session, actor, case, after, Move.PLAYED, now=now, did="ticked", what=step,
        play=case.state.play, **told,
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def untick(
    session: Session, actor: Actor, number: int, *, step: str, version: int, now: datetime
) -> Done:
    """A step was not done after all; nobody was asked then."""
    case = held(session, actor, number, version)
    after = _moved(lambda state: plays.ticked(state, step, False), case)
    ask = asks.standing(session, case.case.id, Favour(step)) if step in tuple(Favour) else None
    told: dict[str, Any] = {}
    if ask is not None:
        told = {"ask": {"id": ask.id, "stands": [True, False]}}
        ask.undone_at = now
        session.add(ask)
    return keep(
        session, actor, case, after, Move.PLAYED, now=now, did="unticked", what=step,
        play=case.state.play, **told,
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def judge(
    session: Session, actor: Actor, number: int, *, ideal: bool, version: int, now: datetime
) -> Done:
    """Say whether we want this customer: who is not ours is pointed elsewhere, not won back."""
    case = held(session, actor, number, version)
    return _play(
        session, actor, case, lambda state: plays.judged(state, ideal), now, did="judged",
        what="yes" if ideal else "no",
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def end(
    session: Session, actor: Actor, number: int, *, result: str, version: int, now: datetime
) -> Done:
    """Say how the play ended (a key of its results)."""
    case = held(session, actor, number, version)
    return _play(
        session, actor, case, lambda state: plays.ended(state, result), now, did="ended",
        what=result,
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def favoured(
    session: Session, actor: Actor, number: int, *, favour: str, reply: str, version: int,
    now: datetime,
) -> Done:  # fmt: skip
    """Note what came of asking for a favour on this case."""
    case = held(session, actor, number, version)
    after = _moved(plays.favoured, case)
    ask = asks.standing(session, case.case.id, Favour(favour)) if favour in tuple(Favour) else None
    if ask is None or reply not in tuple(Reply):
        raise Refused(f"Nobody was asked for that here. {NOTHING}")
    if ask.result == reply:
        raise Refused(f"It says so already. {NOTHING}")
    told = {"id": ask.id, "result": [ask.result, reply]}
    ask.result, ask.result_at = reply, now
    session.add(ask)
    return keep(
        session, actor, case, after, Move.PLAYED, now=now, did="favoured",
        what=f"{favour}.{reply}", ask=told,
    )  # fmt: skip


@permitted(Verb.WORK_CASES)
def open_and_start(session: Session, actor: Actor, response_id: int, *, now: datetime) -> int:
    """Open a case about an answer, take it where nobody owns it, and start its play; its number.

    What the actor's `batch_id` names is what can be taken back: not that it is open.

    Where the answer joins an open case whose play is chosen already, that one goes on.
    """
    number = open_by_hand(session, replace(actor, batch_id=None), response_id, now=now)
    case = seen(session, actor, number)
    if case.assignee_id is None and actor.id is not None:
        verbs.assign(session, actor, number, to=actor.id, version=case.version, now=now)
    if case.play is None:
        start(session, actor, number, version=case.version, now=now)
    return number


@permitted(Verb.WORK_CASES)
def begin_reply(
    session: Session, actor: Actor, number: int, *, template_id: int, now: datetime
) -> None:
    """Begin the reply of a step from a template; one that is begun already stays as it is."""
    if "reply" in drafts.mine(session, actor, number):
        raise Refused(f"A reply is begun already: send it or empty it first. {NOTHING}")
    text = templates.filled(session, actor, number, template_id)
    drafts.save(session, actor, number, kind="reply", body=text.body, subject=text.subject, now=now)


def suggested(session: Session, response_id: int | None, ideal: bool | None) -> Play:
    """The play that fits an answer; to learn why, where none is known."""
    query = select(Response, Survey).join(Survey).where(Response.id == response_id)
    found = session.exec(query).first()
    if found is None:
        return Play.LEARN_WHY
    answer, asked = found
    scale, direction = Scale.parse(answer.scale), Direction(asked.direction)
    return plays.fitting(
        Metric(asked.metric), Band(answer.band), answer.score, scale, direction, ideal
    )


def _named(play: str) -> Play:
    if play not in tuple(Play):
        raise Refused(f"There is no such play. {NOTHING}")
    return Play(play)


def _play(
    session: Session, actor: Actor, case: Held, change: Callable[[State], State], now: datetime,
    **data: Any,
) -> Done:  # fmt: skip
    return keep(session, actor, case, _moved(change, case), Move.PLAYED, now=now, **data)


def _moved(change: Callable[[State], State], case: Held) -> State:
    with legal():
        return change(case.state)
