"""A case as a vendor is told of it: plain values, the same for each of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from db.models import Account, Case, Contact, Response, RootCause, Survey, User
from services import config
from services.domain import priority
from services.domain.lifecycle import Outcome
from services.domain.scores import Band


def card(session: Session, case: Case, today: date) -> dict[str, Any]:
    """What is told: the case, the answer that it is about, the person and their company."""
    owner = session.get(User, case.assignee_id) if case.assignee_id else None
    cause = session.get(RootCause, case.root_cause_id) if case.root_cause_id else None
    return {
        "number": case.number,
        "link": link(case.number),
        "status": case.status,
        "owner": owner and owner.name,
        "due": _plain(case.due_at),
        "reasons": [priority.words(one, today) for one in priority.ahead(case.priority_reasons)],
        "outcome": Outcome(case.outcome).label if case.outcome else None,
        "cause": cause and cause.name,
        **answer_of(session, case.response_id, case.unit_id),
        "contact": _contact(session, case.contact_id),
        "account": _account(session, case.account_id),
    }


def link(number: int) -> str:
    """Where people find the case."""
    return f"{config.load().base_url}/case?number={number}"


def answer_of(session: Session, response_id: int | None, unit_id: int | None) -> dict[str, Any]:
    """One answer: score, comment and where it was given. Blank where it belongs to another unit
    than the case: who works on the one need not see the other."""
    query = select(Response, Survey).join(Survey).where(
        Response.id == response_id, col(Response.unit_id).is_not_distinct_from(unit_id)
    )  # fmt: skip
    found = session.exec(query).first()
    if found is None:
        return {"score": None, "metric": None, "band": None, "comment": None}
    answer, survey = found
    return {
        "score": answer.score_given if answer.score_given is not None else answer.score,
        "scale": answer.scale, "metric": survey.metric, "survey": survey.name,
        "band": None if answer.band is None else Band(answer.band).name.lower(),
        "comment": answer.comment, "answered_at": _plain(answer.answered_at),
        "touchpoint": answer.touchpoint,
    }  # fmt: skip


def _contact(session: Session, contact_id: int | None) -> dict[str, Any] | None:
    contact = session.get(Contact, contact_id) if contact_id else None
    if contact is None or contact.erased_at:
        return None
    return {
        "id": contact.id, "external_id": contact.external_id, "name": contact.name,
        "email": contact.email, "role": contact.role, "properties": contact.props,
    }  # fmt: skip


def _account(session: Session, account_id: int | None) -> dict[str, Any] | None:
    account = session.get(Account, account_id) if account_id else None
    if account is None:
        return None
    return {
        "id": account.id, "external_id": account.external_id, "name": account.name,
        "arr": _plain(account.arr), "currency": account.currency,
        "renewal_on": _plain(account.renewal_on), "properties": account.props,
    }  # fmt: skip


def _plain(value: datetime | date | Decimal | None) -> str | None:
    if value is None:
        return None
    return str(value) if isinstance(value, Decimal) else value.isoformat()
