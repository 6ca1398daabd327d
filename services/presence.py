"""Who has a case open right now, and who of them is writing: nobody's history.

Nothing here is audited, and the data version stays: whoever is shown it asks again and again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import upsert
from db.models import metadata
from services.access import Actor, permitted
from services.cases.journal import seen
from services.domain.roles import Verb

OLD = timedelta(seconds=45)  # who was not heard of for so long is gone
PRESENCE, CASE, USER = (metadata.tables[name] for name in ("presence", "case", "user"))
KEY = ("user_id", "case_id")


@dataclass(frozen=True)
class Here:
    """Somebody else who has a case open."""

    name: str
    writing: bool


@permitted(Verb.SEE)
def arrive(session: Session, actor: Actor, number: int, *, writing: bool, now: datetime) -> None:
    """The actor has this case open. What is old of theirs goes by the way."""
    case = seen(session, actor, number)
    if actor.id is None:
        return
    _gone(session, actor.id, PRESENCE.c.at < now - OLD)
    told = {"at": now, "writing": writing}
    row = upsert(session, PRESENCE).values(user_id=actor.id, case_id=case.id, **told)
    session.connection().execute(row.on_conflict_do_update(index_elements=KEY, set_=told))


@permitted(Verb.SEE)
def leave(session: Session, actor: Actor, number: int) -> None:
    """The actor has gone on from this case."""
    if actor.id is not None:
        case_id = sa.select(CASE.c.id).where(CASE.c.number == number).scalar_subquery()
        _gone(session, actor.id, PRESENCE.c.case_id == case_id)


@permitted(Verb.SEE)
def others(
    session: Session, actor: Actor, numbers: Sequence[int], *, now: datetime
) -> dict[int, list[Here]]:
    """Who else has each of these cases open, by name; cases that nobody has open are left out."""
    query = (
        sa.select(CASE.c.number, USER.c.name, PRESENCE.c.writing)
        .select_from(PRESENCE)
        .join(CASE, CASE.c.id == PRESENCE.c.case_id)
        .join(USER, USER.c.id == PRESENCE.c.user_id)
        .where(PRESENCE.c.at >= now - OLD, CASE.c.number.in_(numbers))
        .order_by(sa.func.lower(USER.c.name))
    )
    if actor.id is not None:
        query = query.where(PRESENCE.c.user_id != actor.id)
    if actor.units is not None:
        query = query.where(CASE.c.unit_id.in_(actor.units))
    found: dict[int, list[Here]] = {}
    for number, name, writing in session.connection().execute(query):
        found.setdefault(number, []).append(Here(name, writing))
    return found


def _gone(session: Session, user_id: int, which: sa.ColumnElement[bool]) -> None:
    own = PRESENCE.c.user_id == user_id
    session.connection().execute(PRESENCE.delete().where(own, which))
