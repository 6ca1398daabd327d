"""Taking a merge or a split back, and putting it in again: both cases, their answers and tags.

It is done on the case that stays: the one that tells which other case came in, or left. Answers
that joined since go along where it is plain whose they are (`joined_since`): the event names them
as `late`, and putting the case in again brings them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.models import Case, CaseEvent
from services.access import Actor
from services.cases import carrying, joined_since, tagging
from services.cases.journal import Held, held, journal, keep
from services.domain import lifecycle, merging, taking_back
from services.domain.lifecycle import UNRESOLVED, Move, State, Status

PAIR = (Move.ABSORBED, Move.SPLIT)
_BY_ITSELF = (Move.BREACHED, Move.ESCALATED)  # what the desk notes is nobody's work


@dataclass(frozen=True)
class Turned:
    """What turning it round leaves of the case that stays, what its event names besides, and what
    else is said of it."""

    after: State
    data: dict[str, Any] = field(default_factory=dict)
    told: str = ""


def last_turn(events: Sequence[CaseEvent], source: CaseEvent) -> CaseEvent:
    """The last event (of a whole journal) that did `source`, took it back or put it in again."""
    last, chain = source, {source.id}
    for event in events:
        if event.undo_of in chain:
            last, chain = event, chain | {event.id}
    return last


def why_not(
    session: Session, case: Case, source: CaseEvent, turns: int, last: CaseEvent
) -> str | None:  # fmt: skip
    """Why a merge or a split (turned round `turns` times since, `last` by that event) cannot be
    turned round; None: it can, or `source` is neither."""
    if source.kind == Move.MERGED:
        return f"it is taken back on case {source.data['case']}"
    if source.kind not in PAIR:
        return None
    if case.status not in UNRESOLVED:
        return f"case {case.number} is done since"
    other = session.get_one(Case, source.data["other"])
    where = other if comes(source, turns) else case
    if not {*_moving(source, last)} <= {*carrying.responses_of(session, where)}:
        return f"answers have left case {where.number} since"
    if comes(source, turns):
        tags = {*source.data["tags"]}
        if carrying.tags_of(session, case) & tags or tagging.retired(session, tags):
            return "its tags changed since"  # put on by hand, or no tag any more
        return _why_not_away(session, other)
    return _why_not_alive(session, case, other, source)


def turn(
    session: Session, actor: Actor, case: Case, after: State, source: CaseEvent, turns: int,
    last: CaseEvent, now: datetime,
) -> Turned:  # fmt: skip
    """Turn it round: `case` will be as `after` says but for what is returned, and the caller keeps
    that."""
    if source.kind not in PAIR:
        return Turned(after)
    number = session.get_one(Case, source.data["other"]).number
    other, late = held(session, actor, number, None), list(last.data.get("late", ()))
    if comes(source, turns):
        was = _before_they_came(session, other.case) if late else None
        carrying.put_away(session, actor, other, case, now, was)
        carrying.carry(session, other.case, case, _moving(source, last))
        turned = Turned(after, {"late": late} if late else {})
    else:
        turned = _parted(session, actor, case, other, after, source, last, now)
    carrying.tag(session, case, source.data["tags"], on=comes(source, turns))
    carrying.rank_anew(session, case, turned.after, now)
    return turned


def _parted(
    session: Session, actor: Actor, case: Case, other: Held, after: State, source: CaseEvent,
    last: CaseEvent, now: datetime,
) -> Turned:  # fmt: skip
    """The other one comes to life with its answers, and those of its person that came since."""
    since = joined_since.since(session, case, other.case, last.id or 0)
    gone = next(e for e in reversed(journal(session, other.case.id or 0)) if _went(e))
    alive = taking_back.undone(other.state, gone.data["changes"])
    carrying.carry(session, case, other.case, [*_moving(source, last), *since.go])
    carrying.rank_anew(session, other.case, alive, now)
    keep(session, actor, other, alive, Move.UNDONE, now=now, undo_of=gone.id, undone=gone.kind)
    if since.go:
        joined_since.rejoin(session, actor, other, since.go, case, now)
        asked = any(one.asked for one in carrying.answers_of(session, case))
        after = merging.left(after, response_id=after.response_id, asked=asked)
    late = [*last.data.get("late", ()), *since.go]
    return Turned(after, {"late": late} if late else {}, joined_since.told(other.case, since))


def _moving(source: CaseEvent, last: CaseEvent) -> list[int]:
    """The answers that move whenever it is turned round."""
    return [*source.data["responses"], *last.data.get("late", ())]


def _before_they_came(session: Session, other: Case) -> State:
    """The case as it lay in the other one, before it came to life and its answers joined it."""
    events = journal(session, other.id or 0)
    alive = next(k for k, e in enumerate(reversed(events), 1) if _came(e))
    return lifecycle.fold(event.data["changes"] for event in events[:-alive])


def comes(source: CaseEvent, turns: int) -> bool:
    """Whether turning it round brings the other case in."""
    return (source.kind == Move.ABSORBED) == bool(turns % 2)


def _went(event: CaseEvent) -> bool:
    return event.kind == Move.MERGED


def _came(event: CaseEvent) -> bool:
    return event.data.get("undone") == Move.MERGED


def _why_not_away(session: Session, other: Case) -> str | None:
    """The other one goes where nobody has worked on it since it came to life."""
    if other.status not in UNRESOLVED:
        return f"case {other.number} is done since"
    for event in reversed(journal(session, other.id or 0)):
        if event.kind == Move.SPLIT_OFF or _came(event):
            return None
        if event.kind not in _BY_ITSELF and "back" not in event.data:
            return f"case {other.number} was worked on since"
    return None


def _why_not_alive(session: Session, case: Case, other: Case, source: CaseEvent) -> str | None:
    """The other one comes to life where its person has no open case for its reason meanwhile."""
    if other.status != Status.MERGED or other.merged_into != case.id:
        return f"case {other.number} is not merged into it any more"
    if not set(source.data["tags"]) <= carrying.tags_of(session, case):
        return "its tags changed since"
    if other.contact_id is None:
        return None
    query = select(Case.number).where(
        Case.contact_id == other.contact_id, Case.reason_key == other.reason_key,
        col(Case.status).in_(UNRESOLVED),
    )  # fmt: skip
    second = session.exec(query).first()
    return None if second is None else f"case {second} is open for the same person and reason"
