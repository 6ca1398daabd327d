"""Taking a merge or a split back, and putting it in again: both cases, their answers and tags.

It is done on the case that stays: the one that tells which other case came in, or left.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from db.models import Case, CaseEvent
from services.access import Actor
from services.cases import carrying
from services.cases.journal import held, journal, keep
from services.domain import taking_back
from services.domain.lifecycle import UNRESOLVED, Move, State, Status

PAIR = (Move.ABSORBED, Move.SPLIT)
_BY_ITSELF = (Move.BREACHED, Move.ESCALATED)  # what the desk notes is nobody's work


def why_not(session: Session, case: Case, source: CaseEvent, turns: int) -> str | None:
    """Why a merge or a split (turned round `turns` times since) cannot be turned round; None: it
    can, or `source` is neither."""
    if source.kind == Move.MERGED:
        return f"it is taken back on case {source.data['case']}"
    if source.kind not in PAIR:
        return None
    if case.status not in UNRESOLVED:
        return f"case {case.number} is done since"
    other = session.get_one(Case, source.data["other"])
    where = other if comes(source, turns) else case
    if not set(source.data["responses"]) <= {*carrying.responses_of(session, where)}:
        return f"answers have left case {where.number} since"
    if comes(source, turns):
        if carrying.tags_of(session, case) & {*source.data["tags"]}:  # put on by hand since
            return "its tags changed since"
        return _why_not_away(session, other)
    return _why_not_alive(session, case, other, source)


def turn(
    session: Session, actor: Actor, case: Case, after: State, source: CaseEvent, turns: int,
    now: datetime,
) -> None:  # fmt: skip
    """Turn it round: `case` will be as `after` says, which the caller keeps."""
    if source.kind not in PAIR:
        return
    number = session.get_one(Case, source.data["other"]).number
    other, moving = held(session, actor, number, None), source.data["responses"]
    if comes(source, turns):
        carrying.put_away(session, actor, other, case, now)
        carrying.carry(session, other.case, case, moving)
    else:
        last = next(e for e in reversed(journal(session, other.case.id or 0)) if _went(e))
        alive = taking_back.undone(other.state, last.data["changes"])
        carrying.carry(session, case, other.case, moving)
        carrying.rank_anew(session, other.case, alive, now)
        keep(session, actor, other, alive, Move.UNDONE, now=now, undo_of=last.id, undone=last.kind)
    carrying.tag(session, case, source.data["tags"], on=comes(source, turns))
    carrying.rank_anew(session, case, after, now)


def comes(source: CaseEvent, turns: int) -> bool:
    """Whether turning it round brings the other case in."""
    return (source.kind == Move.ABSORBED) == bool(turns % 2)


def _went(event: CaseEvent) -> bool:
    return event.kind == Move.MERGED


def _why_not_away(session: Session, other: Case) -> str | None:
    """The other one goes where nobody has worked on it since it came to life."""
    if other.status not in UNRESOLVED:
        return f"case {other.number} is done since"
    for event in reversed(journal(session, other.id or 0)):
        if event.kind == Move.SPLIT_OFF or event.data.get("undone") == Move.MERGED:
            return None
        if event.kind not in _BY_ITSELF:
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
