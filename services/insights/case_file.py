"""Everything about one case: what was said, what happened, who it is about, what else there was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlmodel import Session, col, func, select

from db.models import Case, CaseEvent, CaseResponse, Contact, Message, Response
from services.access import Actor, permitted
from services.cases import words
from services.cases.journal import journal, seen
from services.cases.lineage import held_in, root_of
from services.cases.standing import taken_back
from services.cases.undo import possible
from services.domain.lifecycle import Move
from services.domain.roles import Verb
from services.insights.case_rows import CaseRow
from services.insights.queue import cases_of, one
from services.insights.score_lines import ScoreLine, score_lines
from services.insights.verbatims import Verbatim, verbatims_of

EARLIER = 20  # cases of the same contact that are listed


@dataclass(frozen=True)
class Step:
    """One event of the journal. `said` is our own sentence; `body` what a person typed.

    `undone`: it was taken back, and then `body` is not told. `mine`: the reader can take it back:
    as things stand, `undo` would not refuse.
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
    """A case as its page shows it; the journal's last step first.

    `answers_elsewhere` counts those of units that the reader does not see; `merged_into` is the
    number of the case that this one lives on in.
    """

    row: CaseRow
    team: str | None
    role: str | None
    do_not_contact: bool
    asked: bool
    escalated_to: str | None
    cause: str | None
    answers: tuple[Verbatim, ...]
    answers_elsewhere: int
    scores: tuple[ScoreLine, ...]
    earlier: tuple[CaseRow, ...]
    steps: tuple[Step, ...]
    merged_into: int | None


@permitted(Verb.SEE)
def case_file(
    session: Session, actor: Actor, number: int, *, now: datetime, zone: tzinfo | None = None
) -> CaseFile:
    """The whole case; Refused where there is none that the actor may see.

    Sentences tell times in `zone`, else in the actor's own zone or the desk's.
    """
    case = seen(session, actor, number)
    row = one(session, actor, number, now=now)
    merged = held_in(session, case.id or 0)
    events = journal(session, case.id or 0)
    events += [event for one in merged for event in journal(session, one) if not _went(event)]
    events.sort(key=lambda event: event.id or 0)
    known = words.names(session, events, zone or words.zone_of(session, actor), case)
    answers = verbatims_of(session, actor, case_id=case.id)
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
        answers=answers,
        answers_elsewhere=_hidden(session, actor, case.id),
        scores=_scores(session, actor, case.contact_id),
        earlier=earlier,
        steps=_steps(session, actor, case, events, known, merged),
        merged_into=root_of(session, case).number if case.merged_into else None,
    )


def _went(event: CaseEvent) -> bool:
    """That a case went into another one, or came out again, is told on that one anyway."""
    return Move.MERGED in (event.kind, event.data.get("undone"))


def _hidden(session: Session, actor: Actor, case_id: int | None) -> int:
    if actor.units is None:
        return 0
    query = select(func.count()).select_from(CaseResponse).join(Response)
    own = col(Response.unit_id).in_(actor.units)
    return session.exec(
        query.where(CaseResponse.case_id == case_id, ~func.coalesce(own, False))
    ).one()


def _scores(session: Session, actor: Actor, contact_id: int | None) -> tuple[ScoreLine, ...]:
    return score_lines(session, actor, col(Response.contact_id) == contact_id) if contact_id else ()


def _steps(
    session: Session, actor: Actor, case: Case, events: list[CaseEvent], known: words.Names,
    merged: Mapping[int, int],
) -> tuple[Step, ...]:  # fmt: skip
    """All steps, those of the cases `merged` into this one (their numbers by id) among them."""
    ids = {_message(event) for event in events} - {None}
    query = select(Message).where(col(Message.id).in_(ids))
    bodies = {message.id: message.body for message in session.exec(query)}
    own = [event for event in events if event.case_id == case.id]
    where = {key: f", on case {number}" for key, number in merged.items()}
    undone, can = taken_back(events), possible(session, actor, case, own)
    steps = [
        Step(
            event_id=event.id or 0, at=event.at, who=known.who(event),
            said=words.predicate(event, known) + where.get(event.case_id, ""),
            kind=Move(event.kind),
            body=None if event.id in undone or _left(event) else bodies.get(_message(event)),
            undone=event.id in undone, mine=event.id in can,
        )
        for event in events
    ]  # fmt: skip
    return tuple(reversed(steps))


def _message(event: CaseEvent) -> int | None:
    found: int | None = event.data.get("message_id")
    return found


def _left(event: CaseEvent) -> bool:
    """What reached the customer was told where it was written."""
    return event.kind == Move.CONTACTED and "delivery_id" in event.data
