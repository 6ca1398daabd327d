"""Holds: while one stands, nothing of the person, or of the company and its people, is removed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Account, Contact
from services import audit
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.person_fields import norm, one_line

NOTHING = "Nothing was changed."
LONGEST = 200  # characters of a reason
KINDS: dict[str, Any] = {"contact": Contact, "account": Account}


@dataclass(frozen=True)
class Held:
    """Who is on hold, and why; `kind` is contact or account."""

    kind: str
    id: int
    name: str
    reason: str


@permitted(Verb.ADMINISTER)
def held(session: Session, actor: Actor) -> list[Held]:
    """Everybody who is on hold: companies, then people."""
    found = [
        Held("account", row.id or 0, row.name, row.hold or "")
        for row in session.exec(
            select(Account).where(col(Account.hold).is_not(None)).order_by(Account.name)
        )
    ]
    people = select(Contact).where(col(Contact.hold).is_not(None)).order_by(col(Contact.id))
    return found + [
        Held("contact", row.id or 0, row.name or row.email or "", row.hold or "")
        for row in session.exec(people)
    ]


@permitted(Verb.ADMINISTER)
def hold(session: Session, actor: Actor, kind: str, who: str, reason: str, *, now: datetime) -> int:
    """Put the person with this e-mail address, or the company of this name, on hold."""
    bump(session)
    why = one_line(reason, LONGEST, "A reason")
    row = _found(session, kind, who)
    if row is None:
        named = "person with this address" if kind == "contact" else "company of this name"
        raise Refused(f"There is no {named}. {NOTHING}")
    row.hold = why
    return _keep(session, actor, kind, row, "retention.hold", now)


@permitted(Verb.ADMINISTER)
def release(session: Session, actor: Actor, kind: str, id_: int, *, now: datetime) -> int:
    """The rules, and who erases by hand, may remove their data again."""
    bump(session)
    row = session.get(KINDS[kind], id_, with_for_update=True)
    if row is None or row.hold is None:
        raise Refused(f"Nobody is on hold there. {NOTHING}")
    row.hold = None
    return _keep(session, actor, kind, row, "retention.release", now)


def reason_for(session: Session, person: Contact) -> str | None:
    """Why nothing of the person may be removed; None: it may."""
    account = session.get(Account, person.account_id) if person.account_id else None
    return person.hold or (account.hold if account else None)


def free(contact_id: Any, account_id: Any) -> sa.ColumnElement[bool]:
    """As a condition: neither this person nor this company is on hold, nor the person's own."""
    return sa.and_(
        sa.func.coalesce(contact_id, 0).not_in(people()),
        sa.func.coalesce(account_id, 0).not_in(_companies()),
    )


def people() -> Any:
    """Ids of the people who are on hold, by themselves or with their company."""
    query = select(Contact.id).outerjoin(Account, col(Account.id) == Contact.account_id)
    return query.where(sa.or_(col(Contact.hold).is_not(None), col(Account.hold).is_not(None)))


def _companies() -> Any:
    return select(Account.id).where(col(Account.hold).is_not(None))


def _found(session: Session, kind: str, who: str) -> Any:
    if kind == "contact":
        wanted = select(Contact).where(Contact.email_norm == norm(who))
        return session.exec(wanted.with_for_update()).first()
    name = " ".join(who.split()).casefold()
    return session.exec(select(Account).where(Account.name_norm == name).with_for_update()).first()


def _keep(session: Session, actor: Actor, kind: str, row: Any, verb: str, now: datetime) -> int:
    session.add(row)
    audit.record(session, actor.id, verb, now=now, entity=kind, entity_id=row.id)
    session.flush()
    return int(row.id)
