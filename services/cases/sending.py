"""What is sent twice is done once: a double click, or a program that got no answer and tries again.

Whoever sends gives a key; it is kept in the event as a hash, since it may be any text.
"""

from hashlib import blake2b

from sqlmodel import Session, col, select

from db.engine import turn
from db.models import CaseEvent
from services.access import Actor
from services.cases.journal import Done, seen
from services.domain.lifecycle import Move


def before(
    session: Session, actor: Actor, number: int, move: Move, once: str | None
) -> Done | None:
    """What the actor did on this case by this move with the same key; None: it is the first time.

    Two at once take turns here: the second sees what the first did, and writes nothing.
    """
    if not once:
        return None
    turn(session)
    case, key = seen(session, actor, number), told(once)["once"]
    query = select(CaseEvent).where(
        CaseEvent.case_id == case.id, CaseEvent.kind == move.value,
        CaseEvent.actor_id == actor.id,
    )  # fmt: skip
    for event in session.exec(query.order_by(col(CaseEvent.id))):
        if (event.data.get("once"), event.data.get("key_id")) == (key, actor.key_id):
            return Done(case.number, event.data["version"], event.id or 0)
    return None


def told(once: str | None) -> dict[str, str]:
    """What the event keeps of the key."""
    return {"once": blake2b(once.encode(), digest_size=16).hexdigest()} if once else {}
