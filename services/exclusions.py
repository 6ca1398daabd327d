"""Taking a response out of the figures, with a reason that stays readable, and putting it back."""

from datetime import datetime

from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Response, ResponseEdit
from services import audit
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb

LONGEST = 500  # characters of a reason


@permitted(Verb.EXCLUDE)
def exclude(
    session: Session, actor: Actor, response_id: int, reason: str, *, now: datetime
) -> None:
    """Take the response out of every figure; it stays readable, with who, when and why."""
    why = reason.strip()
    if not why:
        raise Refused("Say why: a response is never taken out without a reason. Nothing changed.")
    if len(why) > LONGEST:
        raise Refused(f"The reason is longer than {LONGEST} characters. Nothing changed.")
    row = _own(session, actor, response_id)
    if row.excluded_at is not None:
        raise Refused("This response is already excluded. Nothing changed.")
    row.excluded_at, row.excluded_by, row.excluded_reason = now, actor.id, why
    _keep(session, actor, row, now, verb="response.exclude", before=None, after=why)


@permitted(Verb.EXCLUDE)
def restore(session: Session, actor: Actor, response_id: int, *, now: datetime) -> None:
    """Count an excluded response again."""
    row = _own(session, actor, response_id)
    if row.excluded_at is None:
        raise Refused("This response is not excluded. Nothing changed.")
    why = row.excluded_reason
    row.excluded_at = row.excluded_by = row.excluded_reason = None
    _keep(session, actor, row, now, verb="response.restore", before=why, after=None)


def _own(session: Session, actor: Actor, response_id: int) -> Response:
    """The response, locked; one of another unit is as unknown as one that never was.

    The data version is taken before the row, as every writer takes it: none waits in a circle.
    """
    seq = bump(session)
    query = select(Response).where(col(Response.id) == response_id).with_for_update()
    row = session.exec(query).one_or_none()
    if row is None or (actor.units is not None and row.unit_id not in actor.units):
        raise Refused("There is no such response here. Nothing changed.")
    row.change_seq = seq
    return row


def _keep(
    session: Session,
    actor: Actor,
    row: Response,
    now: datetime,
    *,
    verb: str,
    before: str | None,
    after: str | None,
) -> None:
    edit = ResponseEdit(
        response_id=row.id or 0,
        actor_id=actor.id,
        at=now,
        field="excluded_reason",
        before=before,
        after=after,
    )
    session.add(edit)
    audit.record(session, actor.id, verb, now=now, entity="response", entity_id=row.id)
    session.add(row)
    session.flush()
