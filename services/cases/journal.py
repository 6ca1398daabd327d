"""One case in hand: locked, its version checked, its state changed together with its journal."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from db.engine import bump
from db.models import Ask, Case, CaseEvent, CaseResponse, CaseTag, Message
from services.access import Actor, Refused, Stale
from services.cases import two_sides, words
from services.cases.following import follow
from services.domain import priority
from services.domain.lifecycle import (
    FIELDS,
    Changes,
    Illegal,
    Move,
    Outcome,
    State,
    Status,
    changes,
    written,
)

NOTHING = "Nothing was changed."
LONGEST = 10_000  # characters of a note
# What begins an owner's time to do something anew, also where no person of the desk did it.
_OURS_ANEW = frozenset({Move.ASSIGNED, Move.CONTACTED, Move.ANSWERED, Move.JOINED, Move.BOUNCED})


@dataclass
class Held:
    """A case locked until the transaction ends, its state, and the data version of the change."""

    case: Case
    state: State
    seq: int


@dataclass(frozen=True)
class Done:
    """What a verb did: the case's version now, and the event that can be undone.

    `told`: of an undo, what it took back, in words.
    """

    number: int
    version: int
    event_id: int
    told: str = ""


@contextmanager
def legal() -> Iterator[None]:
    """What the rules of a case forbid is refused in their words: nothing was changed."""
    try:
        yield
    except Illegal as error:
        raise Refused(f"{error}. {NOTHING}") from None


def state_of(case: Case) -> State:
    """The case's state as the rules see it."""
    values = {name: getattr(case, name) for name in FIELDS}
    outcome = Outcome(case.outcome) if case.outcome else None
    steps = tuple(case.steps or ())
    return State(**values | {"status": Status(case.status), "outcome": outcome, "steps": steps})


def seen(session: Session, actor: Actor, number: int) -> Case:
    """The case of this number; one of another unit is as unknown as one that never was."""
    case = session.exec(select(Case).where(Case.number == number)).one_or_none()
    if case is None or not actor.sees(case.unit_id):
        raise Refused(f"There is no case {number} here. {NOTHING}")
    return case


def held(session: Session, actor: Actor, number: int, version: int | None) -> Held:
    """The case, locked, if it still has `version` (None: whatever it has).

    The data version is taken before the row, as every writer takes it: none waits in a circle.
    `key_share`: who only refers to the case (a notice of the worker, say) does not wait for it.
    """
    seq = bump(session)
    query = select(Case).where(Case.number == number).with_for_update(key_share=True)
    case = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if case is None or not actor.sees(case.unit_id):
        raise Refused(f"There is no case {number} here. {NOTHING}")
    if version is not None and case.version != version:
        raise Stale(_meanwhile(session, actor, case, version), case.version)
    return Held(case, state_of(case), seq)


def keep(
    session: Session,
    actor: Actor,
    held: Held,
    after: State,
    move: Move,
    *,
    now: datetime,
    undo_of: int | None = None,
    **data: Any,
) -> Done:
    """Write the new state and its event. `data` holds ids and states, never texts."""
    event = append(actor, held, after, move, now=now, undo_of=undo_of, **data)
    session.add_all((held.case, event))
    session.flush()
    ask_anew(session, held.case, event)
    follow(session, held.case, event, now)
    return Done(held.case.number, held.case.version, event.id or 0)


def append(
    actor: Actor,
    held: Held,
    after: State,
    move: Move,
    *,
    now: datetime,
    undo_of: int | None = None,
    **data: Any,
) -> CaseEvent:
    """As `keep`, but the caller adds case and event to a session: many of them at once."""
    case, moved = held.case, changes(held.state, after)
    case.version += 1
    if actor.id is not None or move in _OURS_ANEW:
        case.idle_since = now
    event = CaseEvent(
        case_id=case.id or 0,
        actor_id=actor.id,
        at=now,
        kind=move.value,
        data=told(case.version, moved, actor, **data),
        undo_of=undo_of,
        batch_id=actor.batch_id,
    )
    put(case, after, held.seq)
    held.state = after
    return event


def ask_anew(session: Session, case: Case, event: CaseEvent) -> None:
    """Say on the row what waits for a person because a vendor has the case, too."""
    if two_sides.may_turn(event, case.two_sides):
        waits = two_sides.spelt(journal(session, event.case_id), Status(case.status))
        if case.two_sides != waits:
            case.two_sides = waits
            session.flush()


def told(version: int, moved: Changes, actor: Actor | None, **data: Any) -> dict[str, Any]:
    """The data of an event: the version that it made, what it changed, and what else it names."""
    by: dict[str, Any] = {"key_id": actor.key_id} if actor and actor.key_id else {}
    if actor and actor.rule:
        by["rule"] = dict(actor.rule)
    return {"version": version, "changes": moved} | by | data


def put(case: Case, state: State, seq: int) -> None:
    """Give the row the state, and its place in the queue."""
    for name in FIELDS:
        value = list(state.steps) if name == "steps" else getattr(state, name)
        if getattr(case, name) != value:  # to set one costs far more
            setattr(case, name, value)
    case.status, case.outcome = state.status.value, state.outcome and state.outcome.value
    case.rank_at = rank_of(state, case.priority_reasons)
    case.change_seq = seq


def rank_of(state: State, reasons: list[priority.Reason]) -> datetime:
    """The place in the queue of a case that runs, waits or is done."""
    promised = state.close_due if state.contacted_at else state.first_due
    return priority.rank(promised or state.opened_at, reasons)


def journal(session: Session, case_id: int) -> list[CaseEvent]:
    """All events of a case, the first one first."""
    query = select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(col(CaseEvent.id))
    return list(session.exec(query))


def state_hash(session: Session, case: Case) -> str:
    """SHA-256 over the case's fields, tags and links, without its version and times of change."""
    links = {
        "responses": select(CaseResponse.response_id).where(CaseResponse.case_id == case.id),
        "tags": select(CaseTag.tag_id).where(CaseTag.case_id == case.id),
        "messages": select(Message.id).where(
            Message.case_id == case.id, col(Message.undone_at).is_(None)
        ),
        "asks": select(col(Ask.kind) + "." + func.coalesce(Ask.result, "")).where(
            Ask.case_id == case.id, col(Ask.undone_at).is_(None)
        ),
    }
    found: dict[str, Any] = {name: sorted(session.exec(query)) for name, query in links.items()}
    whole = json.dumps(written(state_of(case)) | found, sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()


def _meanwhile(session: Session, actor: Actor, case: Case, version: int) -> str:
    """What happened to the case since `version`, in a sentence."""
    later = [e for e in journal(session, case.id or 0) if e.data.get("version", 0) > version]
    said = words.sentences(session, later[-3:], words.zone_of(session, actor))
    what = "; ".join(said) or "somebody changed it"
    return f"Case {case.number} changed while you looked at it: {what}. {NOTHING}"
