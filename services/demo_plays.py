"""The plays of the demo company, by the same verbs: low answers won back, promoters thanked.

They come after everything else of the demo, so what they do to older cases was done just now.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.models import Case, RootCause, User
from services.access import SHELL, Actor, Refused, actor_for
from services.cases import playing, verbs
from services.demo_odds import Dice
from services.domain.lifecycle import UNRESOLVED, Outcome
from services.domain.plays import SHEETS, Favour, Play, Reply
from services.insights.good_news import GoodNews, good_news
from services.insights.good_news_selects import NewsFilter, Now

LOW, DONE, HAPPY = 14, 40, 16  # cases that are worked, cases that ended, promoters
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
GOOD = 0.55  # of the plays that end, end well


def play(session: Session, now: datetime, seed: int = 7) -> dict[str, int]:
    """Start, work and end them; how many."""
    dice = Dice(f"{seed}:plays")
    for case, who in _cases(session, col(Case.status).in_(UNRESOLVED), LOW):
        _work(session, who, case, dice, now - 3 * MINUTE, ends=False)
    for case, who in _cases(session, Case.status == "resolved", DONE):
        _work(session, who, case, dice, now - 2 * MINUTE, ends=dice.happens(0.9))
    news = good_news(session, SHELL, NewsFilter(now=(Now.PROMOTER,)), size=HAPPY).rows
    for one in reversed(news):
        if one.answer.case_number is None:
            _thank(session, one, dice, now)
    return {"plays": len(session.exec(select(Case.id).where(col(Case.play).is_not(None))).all())}


def _cases(session: Session, standing: Any, most: int) -> Sequence[tuple[Case, Actor]]:
    """The newest of these that somebody owns, with who does."""
    query = (
        select(Case, User).join(User, col(User.id) == Case.assignee_id)
        .where(standing, col(Case.play).is_(None), col(Case.contacted_at).is_not(None))
        .order_by(col(Case.number).desc()).limit(most)
    )  # fmt: skip
    return [(case, actor_for(session, user)) for case, user in session.exec(query)]


def _work(
    session: Session, who: Actor, case: Case, dice: Dice, at: datetime, *, ends: bool
) -> None:
    """A play with the first of its steps done, and perhaps an end."""
    begun: dict[str, Any] = {"version": case.version, "now": at}
    ideal = dice.happens(0.8)
    playing.start(session, who, case.number, ideal=ideal, **begun)
    steps = list(SHEETS[Play(str(case.play))].steps)
    for step in steps if ends else steps[: dice.randrange(1, len(steps))]:
        _try(playing.tick, session, who, case, at, step=step)
    if ends:
        good, *others = SHEETS[Play(str(case.play))].results
        result = good if dice.happens(GOOD) else dice.choice(others)
        playing.end(session, who, case.number, result=result, version=case.version, now=at)


def _thank(session: Session, news: GoodNews, dice: Dice, now: datetime) -> None:
    """Soon after a promoter's answer somebody opens a case, calls, asks for one favour, closes."""
    at = min(news.answer.answered_at + dice.randrange(2, 40) * HOUR, now - MINUTE)
    user = session.exec(select(User).where(User.role == "csm").order_by(col(User.id))).all()
    who = actor_for(session, dice.choice(user))
    number = playing.open_and_start(session, who, news.answer.id, now=at)
    case = session.exec(select(Case).where(Case.number == number)).one()
    verbs.log_contact(
        session, who, number, way="call", body="Thanked them, they were glad to hear from us.",
        at=at, now=at,
    )  # fmt: skip
    favours = [step for step in SHEETS[Play(str(case.play))].steps if step in tuple(Favour)]
    for step in ["thank", *([dice.choice(favours)] if favours else [])]:
        _try(playing.tick, session, who, case, at, step=step)
    asked = [step for step in case.steps if step in tuple(Favour)]
    if not asked or not dice.happens(0.75):
        return
    reply = dice.choice([Reply.GIVEN, Reply.GIVEN, Reply.DECLINED, Reply.NO_ANSWER])
    _try(playing.favoured, session, who, case, at, favour=asked[0], reply=reply.value)
    result = {Reply.GIVEN: "helped", Reply.DECLINED: "declined"}.get(reply, "no_answer")
    _try(playing.end, session, who, case, at, result=result)
    cause = session.exec(select(RootCause.id).where(RootCause.name == "Other")).one()
    done = {"outcome": Outcome.SOLVED.value, "root_cause_id": cause}
    _try(verbs.resolve, session, who, case, at, **done)


def _try(
    verb: Callable[..., Any], session: Session, who: Actor, case: Case, at: datetime, **given: Any
) -> None:
    """Do it where the person may be asked."""
    try:
        verb(session, who, case.number, version=case.version, now=at, **given)
    except Refused:
        return
