"""What follows from a step of a case: colleagues hear of it, and vendors that have it keep up."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import slices
from db.models import Case, CaseEvent, Delivery, ExternalRef, Integration, Message, Team
from services import notices
from services.cases.card import answer_of, card, link
from services.domain.lifecycle import Move
from services.domain.retrying import State
from services.ledger.noting import changed
from services.outbox.owing import lane, owe, still_open

# What a vendor calls having a case at all.
OPENING = {
    "zendesk": "ticket", "intercom": "conversation", "salesforce": "case", "slack": "post",
}  # fmt: skip
# A message in Slack does not show these.
_SHOWN = frozenset(Move) - {
    Move.NOTED, Move.PUSHED, Move.PLAYED, Move.DONE_THERE, Move.CONFLICTED, Move.SETTLED,
}  # fmt: skip

# What the owner hears of.
_FOR_OWNER = {
    Move.ANSWERED: "answered", Move.BOUNCED: "answered", Move.DONE_THERE: "synced",
    Move.CONFLICTED: "synced",
}  # fmt: skip


def follow(session: Session, case: Case, event: CaseEvent, now: datetime) -> None:
    """Owe what follows from this step of the case's journal."""
    _tell(session, case, event, now)
    for vendor in having(session, [case.id or 0]).get(case.id or 0, ()):
        _keep_up(session, vendor, case, event, now)


def follow_joins(session: Session, joined: Sequence[tuple[Case, CaseEvent]], now: datetime) -> None:
    """The same for further answers, of which colleagues are not told: many of them at once."""
    there = having(session, [case.id or 0 for case, _ in joined])
    for case, event in joined:
        for vendor in there.get(case.id or 0, ()):
            _keep_up(session, vendor, case, event, now)


def having(session: Session, case_ids: Sequence[int]) -> dict[int, list[str]]:
    """The vendors that have these cases, or to which they are on their way, by case."""
    refs = select(ExternalRef.entity_id, ExternalRef.vendor).where(
        ExternalRef.entity == "case", col(ExternalRef.vendor).in_(OPENING)
    )
    coming = select(Delivery.case_id, Delivery.vendor).where(
        still_open(Delivery.state),
        sa.tuple_(Delivery.vendor, Delivery.action).in_(OPENING.items()),
    )
    found: set[tuple[int, str]] = set()
    for ids in slices(case_ids):
        found |= set(session.exec(refs.where(col(ExternalRef.entity_id).in_(ids))))
        on_their_way = session.exec(coming.where(col(Delivery.case_id).in_(ids)))
        found |= {(id_ or 0, vendor) for id_, vendor in on_their_way}
    there: dict[int, list[str]] = {}
    for case_id, vendor in sorted(found):
        there.setdefault(case_id, []).append(vendor)
    return there


def _tell(session: Session, case: Case, event: CaseEvent, now: datetime) -> None:
    moved: dict[str, Any] = event.data.get("changes", {})
    told: list[tuple[int | None, str]] = []
    if event.kind == Move.ASSIGNED and "assignee_id" in moved:
        told = [(case.assignee_id, "assigned")]
    elif event.kind == Move.BREACHED:
        told = [(case.assignee_id, "breached"), (case.escalated_to_id, "breached")]
    elif event.kind == Move.ESCALATED:
        told = [(event.data.get("to"), "escalated")]
    elif event.kind == Move.RETURNED:
        team = session.get(Team, case.team_id) if case.team_id else None
        lead = team.lead_id if team else None
        told = [(event.data.get("owner"), "returned"), (lead, "returned")]
    elif event.kind in _FOR_OWNER:
        told = [(case.assignee_id, _FOR_OWNER[Move(event.kind)])]
    for user_id, kind in dict.fromkeys(told):
        if user_id is not None and user_id != event.actor_id:
            about = f"{kind} {case.id} {case.version} {user_id}"
            notices.tell(session, user_id, kind, about=about, now=now, case_id=case.id)


def _show(session: Session, case: Case, event: CaseEvent, now: datetime) -> None:
    """One message a case: what waits to change it is changed itself."""
    if event.kind not in _SHOWN:
        return
    body = {"card": card(session, case, now.astimezone(UTC).date())}
    waiting = sa.update(Delivery).where(
        col(Delivery.lane) == lane("slack", case.id or 0), col(Delivery.action) == "update",
        col(Delivery.state) == State.PENDING,
    )  # fmt: skip
    ids = session.connection().execute(waiting.values(payload=body).returning(col(Delivery.id)))
    if there := ids.scalars().all():
        changed(session, there, body, {"event_id": event.id}, now)
        return
    _owe(session, "slack", "update", case, event, body, now)


def _keep_up(session: Session, vendor: str, case: Case, event: CaseEvent, now: datetime) -> None:
    row = session.get(Integration, vendor)
    if row is None:  # disconnected: it would wait, and be out of date once somebody reconnects
        return None
    if vendor == "slack":
        return _show(session, case, event, now)
    if event.data.get("there") == vendor:  # it would come back from where it came
        return None
    move = Move(event.kind)
    if move in (Move.RESOLVED, Move.REOPENED) and row.config.get("follow_status", "yes") == "yes":
        _status(session, vendor, case, event, now)
    elif text := _note(session, case, event, notes=row.config.get("copy_notes") == "yes"):
        _owe(session, vendor, "note", case, event, {"text": text}, now)


def _note(session: Session, case: Case, event: CaseEvent, *, notes: bool) -> str | None:
    """What a ticket or a conversation is told in an internal note; `notes`: also those here."""
    if event.kind == Move.MERGED:
        return f"Merged into case {event.data['case']}: {link(event.data['case'])}"
    if event.data.get("undone") == Move.MERGED:
        return "Not merged any more: it is a case of its own again."
    if event.kind == Move.JOINED:
        told = answer_of(session, event.data.get("response_id"), case.unit_id)
        who = "another person" if event.data.get("of") else "the same person"
        return f"A further answer of {who}: {told['score']}\n\n{told['comment'] or ''}".strip()
    if event.kind == Move.NOTED and notes:
        message = session.get(Message, event.data.get("message_id"))
        return message.body if message else None
    return None


def _status(session: Session, vendor: str, case: Case, event: CaseEvent, now: datetime) -> None:
    solved = event.kind == Move.RESOLVED
    if vendor in ("zendesk", "salesforce"):
        body = {"status": "solved" if solved else "open"}
        _owe(session, vendor, "status", case, event, body, now)
    elif solved:
        _owe(session, vendor, "close", case, event, {}, now)


def _owe(
    session: Session, vendor: str, action: str, case: Case, event: CaseEvent,
    body: dict[str, Any], now: datetime,
) -> None:  # fmt: skip
    owe(
        session, key=f"{vendor}:{action}:{case.id}:v{case.version}", vendor=vendor, action=action,
        body=body, now=now, why={"event_id": event.id}, case_id=case.id,
        lane=lane(vendor, case.id or 0),
    )  # fmt: skip
