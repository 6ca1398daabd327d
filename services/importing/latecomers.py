"""An account that comes after its people: contacts and answers that were here before it join it."""

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import is_sqlite
from db.models import metadata

ACCOUNT: sa.Table = metadata.tables["account"]
CONTACT: sa.Table = metadata.tables["contact"]
RESPONSE: sa.Table = metadata.tables["response"]
CASE: sa.Table = metadata.tables["case"]


def place(session: Session, seq: int) -> None:
    """Give waiting contacts their account, and waiting answers their account and unit."""
    _join_contacts(session, seq)
    _place_answers(session, seq)
    _place_cases(session, seq)


def _join_contacts(session: Session, seq: int) -> None:
    """Contacts that came before the account with their mail domain join it, with their answers."""
    email = CONTACT.c.email_norm
    after = sa.func.substr(email, sa.func.instr(email, "@") + 1)
    domain = after if is_sqlite(session) else sa.func.split_part(email, "@", 2)
    joining = CONTACT.c.account_id.is_(None) & domain.in_(sa.select(ACCOUNT.c.domain))
    host = sa.select(sa.func.min(ACCOUNT.c.id)).where(ACCOUNT.c.domain == domain)
    theirs = host.where(CONTACT.c.id == RESPONSE.c.contact_id).correlate(RESPONSE)
    session.connection().execute(
        sa.update(RESPONSE)
        .where(
            RESPONSE.c.account_id.is_(None),
            RESPONSE.c.contact_id.in_(sa.select(CONTACT.c.id).where(joining)),
        )
        .values(account_id=theirs.scalar_subquery(), change_seq=seq)
    )
    session.connection().execute(
        sa.update(CONTACT)
        .where(joining)
        .values(account_id=host.correlate(CONTACT).scalar_subquery())
    )


def _place_answers(session: Session, seq: int) -> None:
    """Answers that came before anybody knew their account's unit belong to it from now on."""
    placed = sa.select(ACCOUNT.c.id).where(ACCOUNT.c.unit_id.is_not(None))
    unit = sa.select(ACCOUNT.c.unit_id).where(ACCOUNT.c.id == RESPONSE.c.account_id)
    session.connection().execute(
        sa.update(RESPONSE)
        .where(RESPONSE.c.unit_id.is_(None), RESPONSE.c.account_id.in_(placed))
        .values(unit_id=unit.scalar_subquery(), change_seq=seq)
    )


def _place_cases(session: Session, seq: int) -> None:
    """Cases go where the answers that they are about have gone."""
    own = RESPONSE.c.id == CASE.c.response_id
    moved = sa.exists().where(own, RESPONSE.c.change_seq == seq).correlate(CASE)
    account, unit = (
        sa.select(sa.func.coalesce(CASE.c[name], RESPONSE.c[name])).where(own).correlate(CASE)
        for name in ("account_id", "unit_id")
    )
    session.connection().execute(
        sa.update(CASE)
        .where(moved)
        .values(
            account_id=account.scalar_subquery(), unit_id=unit.scalar_subquery(), change_seq=seq
        )
    )
