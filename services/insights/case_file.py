"""Everything about one case: what was said, what happened, who it is about, what else there was."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from db.models import CaseEvent, Contact, Message, Response
from services.access import Actor, permitted
from services.cases import words
from services.cases.journal import journal, seen
from services.domain.lifecycle import UNDOABLE, Move
from services.domain.roles import Grant, Verb, grant
from services.insights.case_rows import CaseRow
from services.insights.queue import cases_of, one
from services.insights.score_lines import ScoreLine, score_lines
from services.insights.verbatims import Verbatim, verbatims_of

EARLIER = 20  # cases of the same contact that are listed


@dataclass(frozen=True)
class Step:
    """One event of the journal. `said` is our own sentence; `body` what a person typed.

    `undone`: it was taken back. `mine`: the reader may try to take it back.
    """

    event_id: int
    at: datetime
    who: str
    said: str
    kind: Move
    body: str | None
    undone: bool
    mine: bool


@dataclass(frozen=True)
class CaseFile:
    """A case as its page shows it; the journal's last step first."""

    row: CaseRow
    team: str | None
    role: str | None
    do_not_contact: bool
    asked: bool
    escalated_to: str | None
    cause: str | None
    answers: tuple[Verbatim, ...]
    scores: tuple[ScoreLine, ...]
    earlier: tuple[CaseRow, ...]
    steps: tuple[Step, ...]


@permitted(Verb.SEE)
def case_file(session: Session, actor: Actor, number: int, *, now: datetime) -> CaseFile:
    """The whole case; Refused where there is none that the actor may see."""
    case = seen(session, actor, number)
    row = one(session, number, now=now)
    events = journal(session, case.id or 0)
    known = words.names(session, events, case)
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    earlier: tuple[CaseRow, ...] = ()
    if case.contact_id:
        found = cases_of(session, actor, contact_id=case.contact_id, now=now, limit=EARLIER)
        earlier = tuple(other for other in found if other.number != number)
    return CaseFile(
        row=row,
        team=known.teams.get(case.team_id or 0),
        role=contact.role if contact else None,
        do_not_contact=bool(contact and contact.do_not_contact),
        asked=case.asked,
        escalated_to=known.people.get(case.escalated_to_id or 0),
        cause=known.causes.get(case.root_cause_id or 0),
        answers=verbatims_of(session, actor, case_id=case.id),
        scores=_scores(session, actor, case.contact_id),
        earlier=earlier,
        steps=_steps(session, actor, events, known),
    )


def _scores(session: Session, actor: Actor, contact_id: int | None) -> tuple[ScoreLine, ...]:
    return score_lines(session, actor, col(Response.contact_id) == contact_id) if contact_id else ()


def _steps(
    session: Session, actor: Actor, events: list[CaseEvent], known: words.Names
) -> tuple[Step, ...]:
    ids = {e.data.get("message_id") for e in events} - {None}
    query = select(Message).where(col(Message.id).in_(ids))
    bodies = {message.id: message.body for message in session.exec(query)}
    undone = {event.undo_of for event in events}
    steps = [
        Step(
            event_id=event.id or 0, at=event.at, who=known.who(event),
            said=words.predicate(event, known), kind=Move(event.kind),
            body=bodies.get(event.data.get("message_id")),
            undone=event.id in undone, mine=_may_undo(actor, event) and event.id not in undone,
        )
        for event in events
    ]  # fmt: skip
    return tuple(reversed(steps))


def _may_undo(actor: Actor, event: CaseEvent) -> bool:
    """Whether to offer it; the verb itself decides."""
    if Move(event.kind) not in UNDOABLE or not actor.may(Verb.WORK_CASES):
        return False
    own = event.actor_id is not None and event.actor_id == actor.id
    return own or grant(actor.role, Verb.BULK) is Grant.YES
