"""Taking back what was done to a case: a compensating event, never a change of the journal."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.models import CaseEvent, Message, User
from services import calendars
from services.access import Actor, Refused, permitted
from services.cases import words
from services.cases.journal import NOTHING, Done, Held, held, journal, keep
from services.cases.verbs import refuse_a_second
from services.domain import lifecycle
from services.domain.lifecycle import UNDOABLE, Illegal, Move, State
from services.domain.roles import Grant, Verb, grant


@permitted(Verb.WORK_CASES)
def undo(session: Session, actor: Actor, number: int, event_id: int, *, now: datetime) -> Done:
    """Take back one event; refused, with the reason, when somebody else changed the case since.

    One's own events, and others' for those who may (contracts: managers, a CSM in their team).
    """
    case = held(session, actor, number, None)
    events = journal(session, case.case.id or 0)
    event = next((each for each in events if each.id == event_id), None)
    if event is None or Move(event.kind) not in UNDOABLE:
        raise Refused(f"There is nothing to take back. {NOTHING}")
    if any(each.undo_of == event_id for each in events):
        raise Refused(f"It was taken back already. {NOTHING}")
    _refuse_strangers(session, actor, event)
    _refuse_later(session, actor, event, events)
    try:
        after = lifecycle.undone(case.state, event.data.get("changes", {}))
    except Illegal as error:
        raise Refused(f"This cannot be taken back: {error}. {NOTHING}") from None
    if Move(event.kind) is Move.CONTACTED:
        after = _still_contacted(session, after, event, events)
    if after.status in lifecycle.UNRESOLVED and case.state.status not in lifecycle.UNRESOLVED:
        refuse_a_second(session, case.case)
    _mark(session, event, case, now)
    return keep(
        session, actor, case, after, Move.UNDONE, now=now, undo_of=event_id, undone=event.kind
    )


def _still_contacted(
    session: Session, after: State, gone: CaseEvent, events: list[CaseEvent]
) -> State:
    """Another contact that was logged is the first one now."""
    undone = {each.undo_of for each in events}
    others = [
        datetime.fromisoformat(each.data["reached"])
        for each in events
        if Move(each.kind) is Move.CONTACTED and each.id not in undone | {gone.id}
    ]
    if not others:
        return after
    return lifecycle.contacted(after, min(others), calendars.calendar_of(session, after.team_id))


def _refuse_strangers(session: Session, actor: Actor, event: CaseEvent) -> None:
    if event.actor_id is not None and event.actor_id == actor.id:
        return
    reach = grant(actor.role, Verb.BULK)
    if reach is Grant.YES:
        return
    author = session.get(User, event.actor_id) if event.actor_id else None
    same_team = author is not None and author.team_id is not None
    if reach is Grant.OWN_TEAM and same_team and author and author.team_id == actor.team_id:
        return
    raise Refused(f"That was somebody else's doing: ask them, or a manager. {NOTHING}")


def _refuse_later(
    session: Session, actor: Actor, event: CaseEvent, events: list[CaseEvent]
) -> None:
    def stranger(later: CaseEvent) -> bool:
        if later.actor_id is None:  # the desk's own events are nobody's, a program's are
            return "key_id" in later.data
        return later.actor_id not in (actor.id, event.actor_id)

    others = [e for e in events if (e.id or 0) > (event.id or 0) and stranger(e)]
    if others:
        said = words.sentences(session, others[-1:])[0]
        raise Refused(f"It cannot be taken back any more: {said} since. {NOTHING}")


def _mark(session: Session, event: CaseEvent, case: Held, now: datetime) -> None:
    """A note that is taken back is no longer shown; taking that back shows it again."""
    source, turns = event, 0
    while Move(source.kind) is Move.UNDONE and source.undo_of is not None:
        source = session.exec(select(CaseEvent).where(CaseEvent.id == source.undo_of)).one()
        turns += 1
    message_id = source.data.get("message_id")
    query = select(Message).where(col(Message.id) == message_id, Message.case_id == case.case.id)
    message = session.exec(query).one_or_none()
    if message is not None:
        message.undone_at = None if turns % 2 else now
        session.add(message)
