"""The taxonomy of root causes: why cases arise. A CSM proposes, a manager accepts."""

from datetime import datetime

from sqlmodel import Session, col, func, select

from db.engine import bump, turn
from db.models import Case, RootCause
from services import audit
from services.access import Actor, Forbidden, Refused, permitted
from services.domain.roles import Grant, Verb, grant
from services.person_fields import give_name, one_line

LONGEST = 60  # characters


@permitted(Verb.SEE)
def in_use(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """(id, name) of the causes that a case can be resolved with, by name."""
    query = (
        select(RootCause.id, RootCause.name)
        .where(col(RootCause.retired_at).is_(None), col(RootCause.accepted_at).is_not(None))
        .order_by(func.lower(RootCause.name))
    )
    return [(key or 0, name) for key, name in session.exec(query)]


@permitted(Verb.SEE)
def named(session: Session, actor: Actor, ids: tuple[int, ...]) -> dict[int, str]:
    """The names of these causes, also of those that are retired by now."""
    query = select(RootCause.id, RootCause.name).where(col(RootCause.id).in_(ids))
    return {key or 0: name for key, name in session.exec(query)}


@permitted(Verb.SHARE)
def all_causes(session: Session, actor: Actor) -> list[tuple[RootCause, int]]:
    """Every cause by name, with the number of cases that were resolved with it."""
    uses = select(func.count()).where(Case.root_cause_id == RootCause.id)
    query = select(RootCause, uses.correlate(RootCause).scalar_subquery())
    return list(session.exec(query.order_by(func.lower(RootCause.name))).all())


@permitted(Verb.SHARE)
def add(session: Session, actor: Actor, *, name: str, now: datetime) -> RootCause:
    """A new cause; from whoever may only propose, it waits for a manager."""
    turn(session)
    leads = grant(actor.role, Verb.SHARE) is Grant.YES
    cause = RootCause(
        name="", proposed_by=actor.id, accepted_at=now if leads else None
    )  # fmt: skip
    return _named(session, actor, cause, name, "cause.add" if leads else "cause.propose", now)


@permitted(Verb.SHARE)
def rename(session: Session, actor: Actor, cause_id: int, *, name: str, now: datetime) -> RootCause:
    """Another name; the cases keep their cause."""
    return _named(session, actor, _led(session, actor, cause_id), name, "cause.rename", now)


@permitted(Verb.SHARE)
def accept(session: Session, actor: Actor, cause_id: int, *, now: datetime) -> None:
    """Take a proposed cause, or a retired one, into the list."""
    cause = _led(session, actor, cause_id)
    cause.accepted_at, cause.retired_at = cause.accepted_at or now, None
    _note(session, actor, cause, "cause.accept", now)


@permitted(Verb.SHARE)
def retire(session: Session, actor: Actor, cause_id: int, *, now: datetime) -> None:
    """Out of the list for new cases; those that have it keep it."""
    cause = _led(session, actor, cause_id)
    in_list = select(func.count()).where(
        col(RootCause.retired_at).is_(None), col(RootCause.accepted_at).is_not(None)
    )
    if cause.retired_at is None and cause.accepted_at and session.scalar(in_list) == 1:
        raise Refused("The last root cause stays: no case could be resolved. Nothing was changed.")
    cause.retired_at = cause.retired_at or now
    _note(session, actor, cause, "cause.retire", now)


def _led(session: Session, actor: Actor, cause_id: int) -> RootCause:
    """The cause, for those who lead the taxonomy."""
    if grant(actor.role, Verb.SHARE) is not Grant.YES:
        raise Forbidden(f"{actor.role.value} may propose root causes, not change them")
    turn(session)
    cause = session.get(RootCause, cause_id, with_for_update=True)
    if cause is None:
        raise Refused(f"There is no root cause {cause_id}.")
    return cause


def _named(
    session: Session, actor: Actor, cause: RootCause, name: str, verb: str, now: datetime
) -> RootCause:
    give_name(session, cause, one_line(name, LONGEST))
    _note(session, actor, cause, verb, now)
    return cause


def _note(session: Session, actor: Actor, cause: RootCause, verb: str, now: datetime) -> None:
    session.add(cause)
    session.flush()
    audit.record(session, actor.id, verb, now=now, entity="root_cause", entity_id=cause.id)
    bump(session)
