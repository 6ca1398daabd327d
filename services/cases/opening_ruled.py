"""Opening a case about any answer without a colleague who asks for it: because a rule says so, or
since the customer replied to what a rule wrote."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Case, CaseResponse, Response
from services.access import Actor, Refused, permitted
from services.cases.journal import NOTHING
from services.cases.opening import Opening
from services.cases.ranking import answers
from services.domain.opening import DETRACTOR, FOLLOW_UP
from services.domain.roles import Verb
from services.domain.scores import Band


@permitted(Verb.WORK_CASES)
def open_about(
    session: Session, actor: Actor, response_id: int, *, at: datetime, gives: bool = True
) -> int:
    """Open a case about the answer, its clock starting `at`, or join it to the open one of its
    person for the same reason; the number of the case that it belongs to then.

    `gives`: a team that shares its cases out gives it in turn; else whoever asks says whose it is.
    """
    seq = bump(session)
    link = select(Case.number).join(CaseResponse).where(CaseResponse.response_id == response_id)
    if (number := session.exec(link).first()) is not None:
        return number
    found = answers(session, col(Response.id) == response_id)
    if not found:
        raise Refused(f"There is no such answer here. {NOTHING}")
    reason = DETRACTOR if found[0].band == Band.DETRACTOR else FOLLOW_UP
    opening = Opening(session, seq, at, reason, actor, by="rules", gives=gives)
    opening.take(found)
    return opening.numbers[0]
