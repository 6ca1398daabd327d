"""How somebody last answered, told to the vendor whose contacts and accounts show it.

All answers of one data version are looked at together. Where no such vendor is connected it costs
the look whether there is one.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from db.models import Account, Contact, Delivery, Integration, Response, Survey
from services.domain.scores import Band, Metric
from services.ledger.noting import said

VENDOR, ACTION = "salesforce", "score"
_KEY = f"{VENDOR}:{ACTION}:"


def key(response_id: int | None) -> str:
    """What names the delivery that tells of this answer."""
    return f"{_KEY}{response_id}"


def keys(responses: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The same of the answers that meet a condition."""
    named = sa.literal(_KEY) + sa.cast(col(Response.id), sa.Text)
    return sa.select(named).where(responses)


def owe_written(session: Session, seq: int, now: datetime) -> int:
    """Owe what the people of the answers written under the data version `seq` say now: how many."""
    vendor = session.get(Integration, VENDOR)
    if vendor is None or vendor.config.get("scores") != "yes":
        return 0
    comments = bool(vendor.config.get("comment_field"))
    made = [
        Delivery(
            idem_key=key(answer.id), vendor=VENDOR, action=ACTION, not_before=now, created_at=now,
            lane=f"{VENDOR}:contact:{contact.id}",
            payload={"card": _card(answer, contact, account, comments=comments)},
        )
        for answer, contact, account in session.exec(_latest(seq))
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    for delivery in made:
        said(session, delivery, why={"response_id": int(delivery.idem_key.removeprefix(_KEY))})
    return len(made)


def _latest(seq: int) -> Any:
    """Those NPS answers that are the last word of somebody who is known."""
    later, asked = aliased(Response), aliased(Survey)
    counts = (col(Survey.metric) == Metric.NPS, *_said(Response))
    after = sa.tuple_(col(later.answered_at), col(later.id)) > sa.tuple_(
        col(Response.answered_at), col(Response.id)
    )
    newer = (
        select(later.id).join(asked, col(asked.id) == later.survey_id)
        .where(
            later.contact_id == Response.contact_id, col(asked.metric) == Metric.NPS, after,
            *_said(later),
        )
    )  # fmt: skip
    return (
        select(Response, Contact, Account)
        .join(Survey, col(Survey.id) == Response.survey_id)
        .join(Contact, col(Contact.id) == Response.contact_id)
        .outerjoin(Account, col(Account.id) == Response.account_id)
        .where(Response.change_seq == seq, *counts, ~newer.exists())
        .where(col(Contact.erased_at).is_(None))
        .order_by(col(Response.id))
    )


def _said(answer: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Neither a test nor taken out of the figures. What is anonymous belongs to nobody anyway."""
    return col(answer.excluded_at).is_(None), col(answer.is_test).is_(False)


def _card(
    answer: Response, contact: Contact, account: Account | None, *, comments: bool
) -> dict[str, Any]:
    return {
        "score": answer.score, "band": Band(answer.band).name.lower(),
        "answered_at": answer.answered_at.isoformat(),
        "comment": answer.comment if comments else None,
        "contact": {"email": contact.email, "external_id": contact.external_id},
        "account": account and {"name": account.name, "external_id": account.external_id},
    }  # fmt: skip
