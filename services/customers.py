"""Finding the account and the contact behind an answer, and making them where they are new."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from db.bulk import stage
from db.engine import upsert
from db.models import metadata
from services.answers import Person

ACCOUNT: sa.Table = metadata.tables["account"]
CONTACT: sa.Table = metadata.tables["contact"]


class Place(NamedTuple):
    """Where an answer belongs: ids of contact, account and unit, as far as known."""

    contact_id: int | None = None
    account_id: int | None = None
    unit_id: int | None = None


STAGED = sa.Table(
    "staged_person",
    sa.MetaData(),
    *(sa.Column(name, sa.Text) for name in Person._fields),
    prefixes=["TEMPORARY"],
)
STAGED_ACCOUNT = sa.Table(
    "staged_account",
    sa.MetaData(),
    sa.Column("name_norm", sa.Text),
    sa.Column("name", sa.Text),
    prefixes=["TEMPORARY"],
)


def accounts(session: Session, names: dict[str, str], now: datetime) -> dict[str, Place]:
    """The account of each normalised name in `names` ({normalised: as given}); new ones are made.

    Sorted by name, so that two imports at once cannot wait for each other in a circle.
    """
    if not names:
        return {}
    stage(session, STAGED_ACCOUNT, sorted(names.items()))
    same = {"props": {}, "created_at": now}
    rows = (
        sa.select(STAGED_ACCOUNT.c.name_norm, STAGED_ACCOUNT.c.name, *_constants(same, ACCOUNT))
        .where(~sa.exists().where(ACCOUNT.c.name_norm == STAGED_ACCOUNT.c.name_norm))
        .order_by(STAGED_ACCOUNT.c.name_norm)
    )
    insert = upsert(session, ACCOUNT).from_select(["name_norm", "name", *same], rows)
    session.connection().execute(insert.on_conflict_do_nothing())
    found = sa.select(ACCOUNT.c.name_norm, ACCOUNT.c.id, ACCOUNT.c.unit_id).join_from(
        STAGED_ACCOUNT, ACCOUNT, ACCOUNT.c.name_norm == STAGED_ACCOUNT.c.name_norm
    )
    places = session.connection().execute(found)
    return {name: Place(None, account_id, unit_id) for name, account_id, unit_id in places}


def contacts(session: Session, people: Iterable[Person], now: datetime) -> dict[str, Place]:
    """The contact of each person, by normalised e-mail; new ones are made.

    A name or an account that a known contact lacks is filled in; nothing known is overwritten.
    Without an account of its own a new contact joins the account that has its mail domain.
    """
    rows = sorted(people)
    if not rows:
        return {}
    stage(session, STAGED, rows)
    _add_contacts(session, now)
    found = (
        sa.select(CONTACT.c.email_norm, CONTACT.c.id, ACCOUNT.c.id, ACCOUNT.c.unit_id)
        .join_from(STAGED, CONTACT, CONTACT.c.email_norm == STAGED.c.email_norm)
        .outerjoin(ACCOUNT, ACCOUNT.c.id == CONTACT.c.account_id)
    )
    return {email: Place(*ids) for email, *ids in session.connection().execute(found)}


def _add_contacts(session: Session, now: datetime) -> None:
    named, hosted = ACCOUNT.alias("named"), ACCOUNT.alias("hosted")
    same = {"population": "customer", "do_not_contact": False, "props": {}, "created_at": now}
    rows = (
        sa.select(
            STAGED.c.email,
            STAGED.c.email_norm,
            sa.func.max(STAGED.c.name),
            sa.func.min(sa.func.coalesce(named.c.id, hosted.c.id)),
            *_constants(same, CONTACT),
        )
        .outerjoin_from(STAGED, named, named.c.name_norm == STAGED.c.account_norm)
        .outerjoin(hosted, hosted.c.domain == STAGED.c.domain)
        .where(sa.true())  # SQLite reads SELECT ... ON CONFLICT as a join without it
        .group_by(STAGED.c.email_norm, STAGED.c.email)
        .order_by(STAGED.c.email_norm)
    )
    columns = ["email", "email_norm", "name", "account_id", *same]
    insert = upsert(session, CONTACT).from_select(columns, rows)
    more = insert.excluded
    session.connection().execute(
        insert.on_conflict_do_update(
            index_elements=["email_norm"],
            index_where=CONTACT.c.email_norm.is_not(None),
            set_={
                "name": sa.func.coalesce(CONTACT.c.name, more.name),
                "account_id": sa.func.coalesce(CONTACT.c.account_id, more.account_id),
            },
            where=sa.or_(
                CONTACT.c.name.is_(None) & more.name.is_not(None),
                CONTACT.c.account_id.is_(None) & more.account_id.is_not(None),
            ),
        )
    )


def _constants(values: dict[str, Any], table: sa.Table) -> list[sa.ColumnElement[Any]]:
    return [sa.literal(value, table.c[name].type).label(name) for name, value in values.items()]
