"""What came in from vendors, as the page of integrations shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from db.models import Case, Inbound
from services.access import Actor, permitted
from services.domain.roles import Verb

SHOWN = 10  # the newest ones of a vendor
STATES = ("new", "done", "ignored", "failed")
_SAYS = {
    "reply": "reply", "note": "note", "answer": "the customer's answer", "status": "status",
    "owner": "owner", "claim": "claim", "snooze": "snooze", "resolve": "resolution",
}  # fmt: skip


@dataclass(frozen=True)
class Arrival:
    """One that came: `what` in our words, `why` it was ignored, failed or waits."""

    id: int
    at: datetime
    what: str
    number: int | None
    state: str
    why: str | None


@dataclass(frozen=True)
class Arrived:
    """Of one vendor: how many stand where, and the newest."""

    counts: Mapping[str, int]
    rows: tuple[Arrival, ...]


@permitted(Verb.ADMINISTER)
def arrived(session: Session, actor: Actor, vendor: str) -> Arrived:
    """What came in from there. That something is to be looked at is told until it was."""
    told = (col(Inbound.kind) != "look") | (col(Inbound.state) != "done")
    mine = (col(Inbound.vendor) == vendor) & col(Inbound.state).in_(STATES) & told
    query = select(Inbound.state, func.count()).where(mine).group_by(col(Inbound.state))
    counts = dict(session.exec(query).all())
    newest = (
        select(Inbound, Case.number).outerjoin(Case, col(Case.id) == Inbound.case_id)
        .where(mine).order_by(col(Inbound.id).desc()).limit(SHOWN)
    )  # fmt: skip
    found = [
        Arrival(row.id or 0, row.at or row.received_at, _what(row), number, row.state, row.note)
        for row, number in session.exec(newest)
    ]
    return Arrived({name: counts[name] for name in STATES if name in counts}, tuple(found))


def _what(row: Inbound) -> str:
    if row.kind == "look":
        return "something changed"
    return ", ".join(_SAYS.get(name, name) for name in row.says) or "an update"
