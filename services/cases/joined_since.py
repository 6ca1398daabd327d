"""What joined a case since another was merged into it, and whose it is when that one leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from db.models import Case, CaseEvent, CaseResponse, Response
from services import calendars
from services.access import Actor
from services.cases import carrying
from services.cases.journal import Held, keep
from services.cases.lineage import held_in
from services.domain import lifecycle
from services.domain.lifecycle import Move


@dataclass(frozen=True)
class Since:
    """Answers that joined since: those that `go`, and how many `stay` though they might go."""

    go: Sequence[int] = ()
    stay: int = 0


def since(session: Session, case: Case, other: Case, event_id: int) -> Since:
    """Of what joined `case` after the event that brought `other` in: what leaves with `other`.

    An answer goes where only the one that leaves is about its person. Where both are, it stays.
    """
    leaving = {other.id or 0, *held_in(session, other.id or 0)}
    theirs = _people(session, leaving)
    ours = _people(session, {case.id or 0, *held_in(session, case.id or 0)} - leaving)
    whose = _joined(session, case, event_id)
    go = sorted(id_ for id_, person in whose.items() if person in theirs - ours)
    return Since(go, sum(person in theirs & ours for person in whose.values()))


def told(leaving: Case, found: Since) -> str:
    """What became of the answers, in words to stand behind others; empty where there are none."""
    words = ""
    if found.go:
        words += f"; {_answers(len(found.go))} that came since went back with case {leaving.number}"
    if found.stay:
        one = found.stay == 1
        words += (
            f"; {_answers(found.stay)} that came since stay{'s' if one else ''}, as both cases are "
            f"of the same person"
        )
    return words


def rejoin(
    session: Session, actor: Actor, held: Held, go: Sequence[int], source: Case, now: datetime
) -> None:
    """Answers that have come back to a case join it as if they had just come: who waits wakes."""
    found = carrying.answers_of(session, held.case)
    about = carrying.about(held.case, found) or 0
    calendar = calendars.calendar_of(session, held.state.team_id)
    for one in (answer for answer in found if answer.id in go):
        after = lifecycle.joined(held.state, now, calendar, response_id=about, asked=one.asked)
        carrying.rank_anew(session, held.case, after, now)
        keep(
            session, actor, held, after, Move.JOINED, now=now, response_id=one.id,
            back=source.number, of=None if one.contact_id == held.case.contact_id else "another",
        )  # fmt: skip


def _people(session: Session, cases: set[int]) -> set[int]:
    query = select(Case.contact_id).where(col(Case.id).in_(cases))
    return {one for one in session.exec(query) if one is not None}


def _joined(session: Session, case: Case, event_id: int) -> dict[int, int | None]:
    """The answers of the case that joined it after the event, and whose they are."""
    query = select(CaseEvent).where(
        CaseEvent.case_id == case.id, CaseEvent.kind == Move.JOINED, col(CaseEvent.id) > event_id
    )
    ids = {event.data["response_id"] for event in session.exec(query)}
    own = select(Response.id, Response.contact_id).join(CaseResponse)
    whose = own.where(CaseResponse.case_id == case.id, col(Response.id).in_(ids))
    return {id_ or 0: person for id_, person in session.exec(whose)}


def _answers(n: int) -> str:
    return f"{n} answer{'' if n == 1 else 's'}"
