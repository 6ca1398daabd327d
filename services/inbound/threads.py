"""Which case a ticket or conversation is, and whether something of ours is on its way there."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from db.models import Case, Delivery, ExternalRef, User
from services.access import Actor, actor_for
from services.cases.following import OPENING
from services.domain.lifecycle import UNRESOLVED
from services.domain.retrying import State
from services.domain.roles import Role
from services.outbox.owing import lane, still_open
from services.person_fields import norm
from services.vendors import title

LOOKED_AT = timedelta(days=30)  # for which a resolved case is watched for what its vendor does
MOST = 2000  # threads that are asked about at a time


def case_of(session: Session, vendor: str, thread: str | None) -> Case | None:
    """The case that the vendor calls so; it may have been merged since."""
    query = (
        select(Case).join(ExternalRef, col(ExternalRef.entity_id) == Case.id)
        .where(
            ExternalRef.entity == "case", ExternalRef.vendor == vendor,
            ExternalRef.remote_id == thread,
        )
    )  # fmt: skip
    return session.exec(query).first()


def coming(session: Session, vendor: str) -> bool:
    """Whether a case is just being sent there, of which we do not know yet what it is called."""
    query = select(Delivery.id).where(
        Delivery.vendor == vendor, Delivery.action == OPENING[vendor], _under_way()
    )
    return session.exec(query.limit(1)).first() is not None


def busy(session: Session, vendor: str, case_id: int) -> bool:
    """Whether something of ours is just being done there: it would look like theirs."""
    query = select(Delivery.id).where(Delivery.lane == lane(vendor, case_id), _under_way())
    return session.exec(query.limit(1)).first() is not None


def _under_way() -> sa.ColumnElement[bool]:
    looked_up = (col(Delivery.state) == State.UNKNOWN) & col(Delivery.look_at).is_not(None)
    return still_open(Delivery.state) & or_(col(Delivery.state) == State.SENDING, looked_up)


def unsent(session: Session, vendor: str, case_id: int) -> bool:
    """Whether they have not been told how the case stands here: it waits, or was given up."""
    query = (
        select(Delivery.state)
        .where(
            Delivery.case_id == case_id, Delivery.vendor == vendor,
            col(Delivery.action).in_(("status", "close")),
        )
        .order_by(col(Delivery.id).desc())
    )  # fmt: skip
    newest = session.exec(query).first()
    return newest not in (None, State.SENT, State.CANCELLED)


def watched(session: Session, vendor: str, now: datetime) -> list[str]:
    """What the vendor calls the cases that are open, or were until lately; the newest first."""
    lately = or_(
        col(Case.status).in_(UNRESOLVED), col(Case.resolved_at) > now - LOOKED_AT,
        col(Case.merged_into).is_not(None),
    )  # fmt: skip
    query = (
        select(ExternalRef.remote_id).join(Case, col(Case.id) == ExternalRef.entity_id)
        .where(ExternalRef.entity == "case", ExternalRef.vendor == vendor, lately)
        .order_by(col(ExternalRef.id).desc()).limit(MOST)
    )  # fmt: skip
    return list(session.exec(query))


def who(session: Session, vendor: str, email: str | None) -> Actor:
    """The colleague with this address, else somebody over there. What they did there they did."""
    user = colleague(session, email)
    if user is None:
        return Actor(None, title(vendor), Role.SUPPORT)
    return Actor(user.id, user.name, actor_for(session, user).role, None, user.team_id)


def colleague(session: Session, email: str | None) -> User | None:
    """Who works here under this address."""
    if not email:
        return None
    query = select(User).where(User.email_norm == norm(email), col(User.disabled_at).is_(None))
    return session.exec(query).one_or_none()
