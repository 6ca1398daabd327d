"""What has come in since a page was drawn: counted, so that the page can say so and wait."""

import sqlalchemy as sa
from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.case_selects import CASE
from services.insights.selects import RESPONSE

MOST = 1000  # more than this is said as "1,000+": nobody waits for the exact number


@permitted(Verb.SEE)
def case_news(
    session: Session,
    actor: Actor,
    *,
    since: int,
    number: int | None = None,
    contact_id: int | None = None,
    account_id: int | None = None,
) -> int:
    """How many cases changed after the data version `since`; at most `MOST` + 1.

    Those of a number, a contact or an account alone where one is named.
    """
    of = {"number": number, "contact_id": contact_id, "account_id": account_id}
    return _counted(session, actor, CASE, since, of)


@permitted(Verb.SEE)
def news(
    session: Session,
    actor: Actor,
    *,
    since: int,
    contact_id: int | None = None,
    account_id: int | None = None,
) -> int:
    """How many responses the actor may see were written after the data version `since`.

    At most `MOST` + 1; those of a contact or an account alone where one is named. New answers
    count as well as changed ones (excluded, restored).
    """
    of = {"contact_id": contact_id, "account_id": account_id}
    return _counted(session, actor, RESPONSE, since, of)


def _counted(
    session: Session, actor: Actor, table: sa.Table, since: int, of: dict[str, int | None]
) -> int:
    """How many rows changed after `since`, in the actor's units and with the values `of`."""
    fresh = sa.select(table.c.id).where(table.c.change_seq > since)
    for name, value in of.items():
        if value is not None:
            fresh = fresh.where(table.c[name] == value)
    if actor.units is not None:
        fresh = fresh.where(table.c.unit_id.in_(actor.units))
    some = fresh.limit(MOST + 1).subquery()
    counted = sa.select(sa.func.count()).select_from(some)
    return int(session.connection().execute(counted).scalar_one())
