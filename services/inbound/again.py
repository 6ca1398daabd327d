"""What came in and failed is tried once more, because an admin says so."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from services import audit
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.inbound.rows import TABLE


@permitted(Verb.ADMINISTER)
def again(session: Session, actor: Actor, vendor: str, *, now: datetime) -> int:
    """All that failed of this vendor: how many there were."""
    failed = (
        sa.update(TABLE)
        .where(TABLE.c.vendor == vendor, TABLE.c.state == "failed")
        .values(state="new", attempts=0, next_at=now, ended_at=None, note=None)
    )
    n = session.connection().execute(failed).rowcount
    if not n:
        raise Refused("Nothing failed that could be tried again.")
    audit.record(
        session, actor.id, "vendor.again", now=now, entity="vendor", vendor=vendor, events=n
    )
    return int(n)
