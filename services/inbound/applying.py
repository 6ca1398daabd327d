"""A change that was read at a vendor, applied to its case: all in one transaction, once."""

from datetime import datetime, timedelta

from sqlmodel import Session

from db.engine import turn
from db.models import Case, Contact, Inbound, Integration
from services.access import Refused
from services.inbound import facts, rows, threads
from services.retention import running
from services.vendors.two_way import Fact, facts_of

BACK = timedelta(days=1)  # what is older than this, when the desk first listens, is history


def take(session: Session, row_id: int, now: datetime) -> None:
    """Apply the row, or say on it why not. A kill at any time leaves it done, or to be done."""
    turn(session)
    row = rows.in_hand(session, row_id)
    if row is None:
        return
    case = session.get(Case, row.case_id) if row.case_id else None
    vendor = session.get(Integration, row.vendor)
    if case is None or vendor is None:
        rows.end(row, "ignored", now, "the vendor was disconnected, or the case is unknown")
    elif not rows.wanted(session, row.vendor):
        rows.end(row, "ignored", now, rows.UNWANTED)
    elif not row.payload:
        rows.end(row, "ignored", now, "the person was erased")
    elif row.at and row.at < _since(session, row, now):
        rows.end(row, "ignored", now, "it was done before the desk listened, or very long ago")
    else:
        _apply(session, row, case, vendor, now)
    session.add(row)
    session.flush()


def _since(session: Session, row: Inbound, now: datetime) -> datetime:
    """What is older is history. It may have been applied, and removed since as too old."""
    began = (rows.began(session, row.vendor) or now) - BACK
    return max(began, running.reached(session, "inbound", now) or began)


def _apply(session: Session, row: Inbound, case: Case, vendor: Integration, now: datetime) -> None:
    """Each fact by itself: what is refused of one does not undo another."""
    actor = threads.who(session, row.vendor, row.payload.get("author"))
    came = facts.Came(
        session=session, vendor=row.vendor, actor=actor, settings=vendor.config, now=now,
        row=row, case=case,
    )  # fmt: skip
    told = facts_of(row.payload["facts"])
    person = session.get(Contact, case.contact_id) if case.contact_id else None
    if person is not None and person.erased_at:  # erased while this was being read
        told = tuple(fact for fact in told if not fact.text)
    notes = [_one(came, fact) for fact in told]
    left = [note for note in notes if note]
    ignored = len(left) == len(notes)
    rows.end(row, "ignored" if ignored else "done", now, "; ".join(left) or None)


def _one(came: facts.Came, fact: Fact) -> str | None:
    try:
        with came.session.begin_nested():
            return facts.apply(came, fact)
    except Refused as refused:
        came.session.expire(came.case)
        return str(refused)
