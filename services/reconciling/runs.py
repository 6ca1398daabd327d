"""Comparisons with vendors: begun by somebody or by the night, done in lots by the worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import turn
from db.models import Case, Delivery, Integration, Reconciliation
from services import audit, config, integrations, settings
from services.access import Actor, Refused, permitted
from services.cases.following import OPENING
from services.domain.lifecycle import UNRESOLVED
from services.domain.retrying import State
from services.domain.roles import Grant, Verb, grant
from services.outbox.owing import ERASED, public_key, still_open, thread_of
from services.vendors import title
from services.vendors.base import Message

LOT = 20  # deliveries that are asked about between two commits
NOTHING = "Nothing was changed."


@dataclass(frozen=True)
class Item:
    """A delivery to be looked for. `ours`: whether the case has ended here, where the vendor is
    to say the same."""

    id: int
    case_id: int | None
    state: State
    message: Message
    ours: bool | None


def leads(actor: Actor) -> None:
    """Refused unless this is for the actor to do: they compare for everybody."""
    if grant(actor.role, Verb.BULK) is not Grant.YES:
        raise Refused(f"Comparing with vendors is for managers and admins. {NOTHING}")


@permitted(Verb.BULK)
def ask(session: Session, actor: Actor, *, now: datetime, vendor: str | None = None) -> list[int]:
    """Begin to compare with every connected vendor, or this one; those under way go on."""
    leads(actor)
    if config.load().loopdesk_demo:
        raise Refused(f"A demo asks nobody. {NOTHING}")
    there = sorted(integrations.connected(session))
    if vendor is not None and vendor not in there:
        raise Refused(f"{title(vendor)} is not connected. {NOTHING}")
    asked = [name for name in there if vendor in (None, name)]
    if not asked:
        raise Refused(f"No vendor is connected: there is nobody to compare with. {NOTHING}")
    ids = begin(session, asked, now)
    audit.record(session, actor.id, "reconciliation.ask", now=now, vendors=len(asked))
    return ids


def begin(session: Session, vendors: list[str], now: datetime) -> list[int]:
    """A run for each of these, or the one that it has; their ids."""
    turn(session)
    running = {row.vendor: row.id for row in under_way(session)}
    new = [Reconciliation(vendor=name, started_at=now) for name in vendors if name not in running]
    session.add_all(new)
    session.flush()
    known = running | {row.vendor: row.id for row in new}
    return [known[name] or 0 for name in vendors]


def under_way(session: Session) -> list[Reconciliation]:
    """The runs that have not ended."""
    query = select(Reconciliation).where(col(Reconciliation.ended_at).is_(None))
    return list(session.exec(query.order_by(col(Reconciliation.id))))


def rest(session: Session, vendor: str, now: datetime) -> float | None:
    """Seconds that the vendor wants to be left alone for; None: nothing may be asked of it until
    somebody resumes or connects it."""
    row = session.get(Integration, vendor)
    if row is None or row.paused_at or row.broken_at:
        return None
    return max(0.0, (row.closed_until - now).total_seconds()) if row.closed_until else 0.0


def lot(session: Session, run: Reconciliation) -> list[Item]:
    """The next deliveries of this run: sent in the last days, or nobody knows whether."""
    since = run.started_at - timedelta(days=int(settings.get(session, "reconcile_days")))
    query = (
        select(Delivery, Case).outerjoin(Case, col(Case.id) == Delivery.case_id)
        .where(
            Delivery.vendor == run.vendor, col(Delivery.id) > run.behind, _settled(since),
            col(Delivery.user_id).is_(None), col(Delivery.created_at) <= run.started_at,
        )
        .order_by(col(Delivery.id)).limit(LOT)
    )  # fmt: skip
    follows = _follows(session, run.vendor)
    return [_item(session, delivery, case, follows) for delivery, case in session.exec(query)]


def messages(items: Sequence[Item]) -> list[Message]:
    """What the vendor is asked about: not of persons who were erased, nothing tells it apart."""
    return [item.message for item in items if item.message.body != ERASED]


def _settled(since: datetime) -> sa.ColumnElement[bool]:
    state = col(Delivery.state)
    sent = sa.and_(state == State.SENT, col(Delivery.ended_at) >= since)
    asks = sa.and_(state == State.UNKNOWN, col(Delivery.look_at).is_(None))
    return sa.or_(sent, asks)


def _item(session: Session, delivery: Delivery, case: Case | None, follows: bool) -> Item:
    message = Message(
        public_key(delivery.idem_key), delivery.action, delivery.payload,
        thread_of(session, delivery.vendor, delivery.case_id), delivery.created_at,
    )  # fmt: skip
    opens = OPENING.get(delivery.vendor) == delivery.action
    compared = follows and opens and case is not None and case.status != "merged"
    ours = None
    if compared and case is not None and not _moving(session, delivery):
        ours = case.status not in UNRESOLVED
    return Item(delivery.id or 0, delivery.case_id, State(delivery.state), message, ours)


def _moving(session: Session, delivery: Delivery) -> bool:
    """Whether something is still on its way there: the two may differ until it has arrived."""
    query = select(Delivery.id).where(Delivery.lane == delivery.lane, still_open(Delivery.state))
    return session.exec(query).first() is not None


def _follows(session: Session, vendor: str) -> bool:
    """Whether the case over there is to end with ours."""
    row = session.get(Integration, vendor)
    return row is not None and row.config.get("follow_status", "yes") == "yes"
