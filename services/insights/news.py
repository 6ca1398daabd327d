"""What has come in since a page was drawn: counted, so that the page can say so and wait."""

import sqlalchemy as sa
from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.roles import Verb
from services.insights.selects import RESPONSE

MOST = 1000  # more than this is said as "1,000+": nobody waits for the exact number


@permitted(Verb.SEE)
def news(session: Session, actor: Actor, *, since: int) -> int:
    """How many responses the actor may see were written after the data version `since`.

    At most `MOST` + 1. New answers count as well as changed ones (excluded, restored).
    """
    fresh = sa.select(RESPONSE.c.id).where(RESPONSE.c.change_seq > since)
    if actor.units is not None:
        fresh = fresh.where(RESPONSE.c.unit_id.in_(actor.units))
    some = fresh.limit(MOST + 1).subquery()
    return int(
        session.connection().execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    )
