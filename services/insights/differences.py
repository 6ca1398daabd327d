"""What vendors have otherwise than the ledger says, and the last comparison with each."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, Delivery, Difference, Reconciliation
from services.access import Actor, permitted
from services.domain.differences import Gap
from services.domain.many import many
from services.domain.roles import Verb
from services.insights.delivery_words import what
from services.insights.queue import within_units
from services.vendors import title

MOST = 200  # differences that are listed
COUNTED = {"email": "e-mail", "webhook": "event"}
STANDS = {True: "ended", False: "open"}


@dataclass(frozen=True)
class Row:
    """A difference that nobody has seen to: what we say, and what they have."""

    id: int
    found_at: datetime
    case: int | None
    vendor: str
    what: str
    ours: str
    theirs: str
    link: str | None
    again: bool


@dataclass(frozen=True)
class Run:
    """The last comparison with a vendor, in a sentence; `going`: it has not ended."""

    vendor: str
    at: datetime
    said: str
    going: bool
    failed: bool


@permitted(Verb.READ_AUDIT)
def listed(session: Session, actor: Actor) -> list[Row]:
    """The differences, the newest first, in the units that the actor sees."""
    query = (
        select(Difference, Delivery, Case.number)
        .join(Delivery, col(Delivery.id) == Difference.delivery_id)
        .outerjoin(Case, col(Case.id) == Difference.case_id)
        .where(col(Difference.settled_at).is_(None), *within_units(actor))
        .order_by(col(Difference.id).desc()).limit(MOST)
    )  # fmt: skip
    return [_row(row, delivery, number) for row, delivery, number in session.exec(query)]


def _row(row: Difference, delivery: Delivery, number: int | None) -> Row:
    return Row(
        id=row.id or 0, found_at=row.found_at, case=number, vendor=title(row.vendor),
        what=what(delivery.action), ours=_ours(row), theirs=_theirs(row), link=delivery.link,
        again=row.kind == Gap.MISSING,
    )  # fmt: skip


def _ours(row: Difference) -> str:
    if row.kind == Gap.STATE:
        return f"the case is {STANDS[row.data['ours']]}"
    return "sent once"


def _theirs(row: Difference) -> str:
    if row.kind == Gap.MISSING:
        return "not there"
    if row.kind == Gap.TWICE:
        return f"there {row.data['copies']} times"
    return STANDS[row.data["ended"]]


@permitted(Verb.READ_AUDIT)
def runs(session: Session, actor: Actor) -> list[Run]:
    """The last comparison with each vendor that there was one with."""
    last = select(sa.func.max(col(Reconciliation.id))).group_by(col(Reconciliation.vendor))
    query = select(Reconciliation).where(col(Reconciliation.id).in_(last))
    found = session.exec(query.order_by(Reconciliation.vendor)).all()
    return [
        Run(title(run.vendor), run.ended_at or run.started_at, told(run), run.ended_at is None,
            bool(run.error))
        for run in found
    ]  # fmt: skip


def told(run: Reconciliation) -> str:
    """What came of it, in words."""
    parts = [f"{run.looked:,} looked up", many(run.differences, "difference")]
    if run.cannot:
        cannot = many(run.cannot, COUNTED.get(run.vendor, "other"))
        parts.append(f"{cannot} cannot be looked up")
    said = ", ".join(parts)
    if run.error:
        return f"Not finished: {run.error}. Until then {said}."
    return f"{'Under way' if run.ended_at is None else 'Done'}: {said}."


def facts(run: Reconciliation) -> dict[str, Any]:
    """The same for programs."""
    return {
        "vendor": run.vendor, "started_at": run.started_at, "ended_at": run.ended_at,
        "looked": run.looked, "differences": run.differences, "cannot": run.cannot,
        "error": run.error,
    }  # fmt: skip
