"""What people do to cases, each in a transaction of its own, and the same statements by Core."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db import engine
from db.models import Case, CaseEvent, CaseResponse, Response, RootCause, User
from services.access import Actor, actor_for
from services.cases import breaches, drafts, opening, undo, verbs
from services.domain.scores import Band
from tests.bench.case_lives import SOMEBODY
from tests.bench.desks import count_on
from tests.bench.measure import Plan, Row, frozen, progress, timed
from tests.bench.replay import CORE, MOST, QUICK_MS, recorded, replay

NOTE = "each committed; the baseline on other cases in the same state, turn by turn"
SAID = "Called: the export stops at the third page. We look into it and call again on Monday."
Work = Callable[[Session, Any], Any]  # what is done in a transaction to a case, or an answer


@dataclass(frozen=True)
class At:
    """A case as somebody sees it who is about to act: its version and its last event."""

    number: int
    version: int
    event_id: int


@dataclass(frozen=True)
class Hands:
    """Who acts, when, and what they choose."""

    who: Actor
    now: datetime
    cause_id: int

    def acts(self) -> dict[str, Work]:
        """What is done to a case, in an order in which each is possible."""
        who, now = self.who, self.now

        def seen(verb: Any, **more: Any) -> Work:
            return lambda s, at: verb(s, who, at.number, version=at.version, now=now, **more)

        def added(verb: Any, **more: Any) -> Work:
            return lambda s, at: verb(s, who, at.number, now=now, **more)

        later = now + timedelta(days=1)
        return {
            "assign": seen(verbs.assign, to=who.id),
            "keep a draft": added(drafts.save, kind="note", body=SAID),
            "note": added(verbs.note, body=SAID),
            "log a call": added(verbs.log_contact, way="call", body=SAID, at=now),
            "wait": seen(verbs.wait),
            "resume": seen(verbs.resume),
            "snooze": seen(verbs.snooze, until=later),
            "wake": seen(verbs.wake),
            "resolve": seen(verbs.resolve, outcome="solved", root_cause_id=self.cause_id),
            "reopen": seen(verbs.reopen),
            "undo": lambda s, at: undo.undo(s, who, at.number, at.event_id, now=now),
        }


def measure(kind: str, now: datetime, plan: Plan) -> list[Row]:
    """A row for each verb; the database of this process must be the desk's."""
    times = max(1, plan.posts // 2)
    with engine.reading() as session:
        hands, numbers = _hands(session, now), _fresh(session, 2 * times)
        said = _unheard(session, 2 * times)

    def by_hand(session: Session, response_id: int) -> int:
        return opening.open_by_hand(session, hands.who, response_id, now=now)

    def sweep(session: Session, _: Any) -> None:
        assert not breaches.sweep(session, now)

    nothing = [(None, None)] * times
    with frozen():
        return [
            *(
                _measured(kind, f"Act: {name}", work, _pairs(numbers), plan, _at)
                for name, work in hands.acts().items()
            ),
            _measured(kind, "Act: open by hand", by_hand, _pairs(said), plan),
            _measured(kind, "Breaches: a sweep, none due", sweep, nothing, plan),
        ]


def _hands(session: Session, now: datetime) -> Hands:
    user = session.exec(select(User).where(User.email_norm == SOMEBODY)).one()
    cause = session.exec(select(RootCause.id).order_by(col(RootCause.id))).first()
    return Hands(actor_for(session, user), now, cause or 0)


def _fresh(session: Session, n: int) -> list[int]:
    """Cases that nobody has taken."""
    query = select(Case.number).where(Case.status == "new").order_by(col(Case.rank_at)).limit(n)
    return list(session.exec(query))


def _unheard(session: Session, n: int) -> list[int]:
    """Answers of promoters, each of somebody else, that belong to no case."""
    linked = select(CaseResponse.response_id).where(CaseResponse.response_id == Response.id)
    query = (
        select(sa.func.max(col(Response.id)))
        .where(Response.band == int(Band.PROMOTER), ~linked.exists())
        .group_by(col(Response.contact_id))
        .limit(n)
    )
    return [key or 0 for key in session.exec(query)]


def _pairs(found: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(found[::2], found[1::2], strict=False))


def _at(number: int) -> At:
    last = sa.func.max(CaseEvent.id)
    query = select(Case.version, last).join(CaseEvent).where(Case.number == number)
    with engine.reading() as session:
        version, event_id = session.exec(query.group_by(col(Case.version))).one()
    return At(number, version, event_id)


def _measured(
    kind: str,
    name: str,
    work: Work,
    pairs: Sequence[tuple[Any, Any]],
    plan: Plan,
    ready: Callable[[Any], Any] = lambda one: one,
) -> Row:
    """`work` on the second of each pair; on the first its statements, as told by a rehearsal."""
    progress(f"{kind}: {name}")
    ours, theirs = list[float](), list[float]()
    for other, own in pairs:
        calls, at = _rehearsed(work, ready(other)), ready(own)
        theirs.append(_took(lambda calls=calls: replay(calls, writing=True)))  # type: ignore[misc]
        ours.append(_took(lambda at=at: _done(work, at)))  # type: ignore[misc]
    row = timed(name, kind, plan.n, ours, NOTE).against(CORE, theirs)
    return row.held_to(MOST, QUICK_MS) if name.startswith("Act:") else row


def _rehearsed(work: Work, at: Any) -> Sequence[Any]:
    """The statements of `work`, rolled back: said again, they do what it would have done."""
    with Session(engine.current()) as session, recorded() as calls:
        work(session, at)
        session.rollback()
    with engine.transaction() as session:
        count_on(session)
    return calls


def _done(work: Work, at: Any) -> None:
    with engine.transaction() as session:
        work(session, at)


def _took(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000
