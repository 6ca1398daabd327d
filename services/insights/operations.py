"""How the desk itself is doing, for who watches it from outside: counts and times, no names.

Each figure comes from an index or from few rows, since it is asked for again and again. What only
grows is told by the highest number given out, which PostgreSQL may leave gaps below.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import product

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from db.engine import is_sqlite, version
from db.migrate import standing
from db.models import Case, Delivery, DeliveryAttempt, Integration, Job, Response
from services import integrations, sessions
from services.domain.retrying import State
from services.insights.case_selects import CASE, UNRESOLVED, active, unowned
from services.insights.queue import counted

STATUSES = ("new", "open", "waiting")
# What has arrived or was cancelled only grows, and would be counted longer every day.
UNDONE = (State.PENDING, State.SENDING, State.UNKNOWN, State.FAILED)
_PENDING: sa.ColumnElement[bool] = sa.literal_column("state = 'pending'")  # as its index says it


@dataclass(frozen=True)
class Operations:
    """One look at the desk. `waited` holds the seconds since the first delivery was due."""

    revision: str | None
    database: str
    data_version: int
    sessions: int
    cases: Mapping[str, int]
    opened: int
    answers: int
    answered_at: datetime | None
    vendors: Mapping[str, Integration]
    deliveries: Mapping[tuple[str, str], int]
    waited: Mapping[str, float]
    attempts: int
    jobs: Mapping[str, Job]


def operations(session: Session, *, now: datetime) -> Operations:
    """The desk at `now`, all units together: the door asks for a key that may see this."""
    vendors = integrations.connected(session)
    newest = select(Response.id, Response.received_at).order_by(col(Response.id).desc()).limit(1)
    answers, answered_at = session.exec(newest).first() or (0, None)
    return Operations(
        revision=standing(session),
        database="sqlite" if is_sqlite(session) else "postgresql",
        data_version=version(session),
        sessions=sessions.live(session, now=now),
        cases=_cases(session, now),
        opened=session.exec(select(func.max(Case.number))).one() or 0,
        answers=answers or 0,
        answered_at=answered_at,
        vendors=vendors,
        deliveries=dict.fromkeys(product(vendors, map(str, UNDONE)), 0) | _deliveries(session),
        waited={vendor: _waited(session, vendor, now) for vendor in vendors},
        attempts=session.exec(select(func.max(DeliveryAttempt.id))).one() or 0,
        jobs={job.name: job for job in session.exec(select(Job))},
    )


def _cases(session: Session, now: datetime) -> dict[str, int]:
    """Unresolved cases by status, and three kinds of them, in one walk through the index."""
    kinds = {status: [CASE.c.status == status] for status in STATUSES}
    kinds["overdue"] = [CASE.c.due_at <= now]
    kinds["unassigned"] = [one for one in active(now) if one is not UNRESOLVED] + [unowned()]
    kinds["snoozed"] = [CASE.c.snoozed_until > now]
    counts = counted(session, CASE, list(kinds.values()), [UNRESOLVED])
    return dict(zip(kinds, counts, strict=True))


def _deliveries(session: Session) -> dict[tuple[str, str], int]:
    by = (col(Delivery.vendor), col(Delivery.state))
    query = sa.select(*by, sa.func.count()).where(by[1].in_(UNDONE)).group_by(*by)
    return {(vendor, state): n for vendor, state, n in session.connection().execute(query)}


def _waited(session: Session, vendor: str, now: datetime) -> float:
    first = select(func.min(Delivery.not_before)).where(_PENDING, Delivery.vendor == vendor)
    due = session.exec(first).one()
    return max(0.0, (now - due).total_seconds()) if due else 0.0
