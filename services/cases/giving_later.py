"""A case for which nobody of its team had room is given once somebody has some.

Only what the desk itself could not give waits for that. What somebody put back by hand, or took
from whom the desk had given it to, stays with the team until somebody takes it. Passed over is who
let the case lie before, and who took it and put it back by undoing that.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Case, CaseEvent
from services.access import SHELL
from services.cases.breaches import MOST, OPEN
from services.cases.giving import Giver
from services.cases.journal import Held, keep, state_of
from services.cases.returning import Condition, awake
from services.cases.standing import taken_back
from services.domain import lifecycle
from services.domain.escalating import Why
from services.domain.lifecycle import Move

_FINDS = (Move.OPENED, Move.RETURNED)  # where the desk looks whose turn it is
_OWNERSHIP = (*_FINDS, Move.ASSIGNED, Move.SPLIT_OFF)
_BY_DESK = ("turn", "room")
Row = tuple[int, int | None, int | None]  # id, team, unit
_ORDER = (col(Case.rank_at), col(Case.id))


def room_now(session: Session, now: datetime) -> bool:
    """Whether a case that found nobody with room can be given to somebody."""
    return any(True for _ in _fitting(session, Giver(session, now), now))


def give_later(session: Session, now: datetime) -> int:
    """Give such cases in the order of the queue; how many. Safe in many processes.

    They are looked for before others are kept out, and then looked at once more.
    """
    seen = [case.id or 0 for case, _ in islice(_fitting(session, Giver(session, now), now), MOST)]
    if not seen:
        return 0
    seq, giver = bump(session), Giver(session, now)
    found = list(_fitting(session, giver, now, col(Case.id).in_(seen)))
    for case, to in found:
        held = Held(case, state_of(case), seq)
        after = lifecycle.assigned(held.state, to, case.team_id)
        keep(session, SHELL, held, after, Move.ASSIGNED, now=now, by="room")
    giver.done()
    return len(found)


def _fitting(
    session: Session, giver: Giver, now: datetime, *which: Condition
) -> Iterator[tuple[Case, int]]:
    """The cases that wait for room, and whose each is now: the first of the queue first."""
    rows = _unowned(session, giver.with_room(), now, *which)
    for at in range(0, len(rows), MOST):
        some = [id_ for id_, *of in rows[at : at + MOST] if giver.has_room(*of)]
        if not some:  # hundreds may wait where one person has room: those are not read
            continue
        told = _journals(session, some)
        query = select(Case).where(col(Case.id).in_(some)).order_by(*_ORDER)
        for case in session.exec(query.execution_options(populate_existing=True)).all():
            events = told[case.id or 0]
            to = _waits(events) and giver.turn(case.team_id, case.unit_id, _passed_over(events))
            if to:
                yield case, to


def _unowned(session: Session, teams: Sequence[int], now: datetime, *which: Condition) -> list[Row]:
    """What nobody owns in these teams and once found nobody with room, in the queue's order."""
    if not teams:
        return []
    no_room = sa.exists().where(
        col(CaseEvent.case_id) == Case.id, col(CaseEvent.kind).in_(_FINDS),
        col(CaseEvent.data)["no_room"].as_boolean(),
    )  # fmt: skip
    query = select(Case.id, Case.team_id, Case.unit_id).where(
        OPEN, col(Case.assignee_id).is_(None), col(Case.team_id).in_(teams), *awake(now), no_room,
        *which,
    )  # fmt: skip
    return [(row[0] or 0, *row[1:]) for row in session.exec(query.order_by(*_ORDER))]


def _journals(session: Session, ids: Sequence[int]) -> dict[int, list[CaseEvent]]:
    """What the journals of these cases say of who owned them."""
    query = select(CaseEvent).where(
        col(CaseEvent.case_id).in_(ids), col(CaseEvent.kind).in_((*_OWNERSHIP, Move.UNDONE))
    )
    found = defaultdict[int, list[CaseEvent]](list)
    for event in session.exec(query.order_by(col(CaseEvent.id))):
        found[event.case_id].append(event)
    return found


def _waits(events: Sequence[CaseEvent]) -> bool:
    """Whether the last word on its owner is that nobody had room.

    What was taken back is no word, unless the desk gave it: that is somebody's no.
    """
    gone = taken_back(events)
    words = [
        event for event in events
        if event.kind in _OWNERSHIP and (event.id not in gone or event.data.get("by") in _BY_DESK)
    ]  # fmt: skip
    return bool(words and words[-1].data.get("no_room"))


def _passed_over(events: Sequence[CaseEvent]) -> set[int]:
    """Who let the case lie, and who took it and put it back."""
    lay = [e.data["owner"] for e in events if e.data.get("why") == Why.IDLE]
    back = [
        e.actor_id for e in events
        if e.kind == Move.UNDONE and e.data["changes"].get("assignee_id", [None])[0] == e.actor_id
    ]  # fmt: skip
    return {one for one in (*lay, *back) if one is not None}
