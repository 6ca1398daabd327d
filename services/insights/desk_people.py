"""Who works here, and which teams and units there are: what the boxes about cases offer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from db.models import Team, Unit, User
from services import settings
from services.access import Actor, permitted
from services.domain.roles import Verb


@dataclass(frozen=True)
class Desk:
    """Names by id, in the order of the names. `people` are those who can sign in; `away` says when
    those who are not here come back, in the reporting zone."""

    people: dict[int, str]
    teams: dict[int, str]
    units: dict[int, str]
    away: dict[int, datetime]

    def called(self, user_id: int | None, now: datetime, nobody: str = "Nobody") -> str:
        """The name of a person to whom one may give a case, and whether they are away."""
        name, back = self.people.get(user_id or 0, nobody), self.away.get(user_id or 0, now)
        return f"{name} (away until {back.day} {back:%b})" if back > now else name


@permitted(Verb.SEE)
def desk(session: Session, actor: Actor) -> Desk:
    """Everybody who may own a case, all teams, and the units that the actor sees."""
    people = select(User.id, User.name).where(col(User.disabled_at).is_(None))
    teams, units = select(Team.id, Team.name), select(Unit.id, Unit.name)
    if actor.units is not None:
        units = units.where(col(Unit.id).in_(actor.units))
    return Desk(_by_name(session, people, User), _by_name(session, teams, Team),
                _by_name(session, units, Unit), _away(session))  # fmt: skip


@permitted(Verb.SEE)
def zone_name(session: Session, actor: Actor) -> str:
    """The reporting zone."""
    return settings.reporting_zone(session).key


def _away(session: Session) -> dict[int, datetime]:
    zone = settings.reporting_zone(session)
    query = select(User.id, User.absent_until).where(col(User.absent_until).is_not(None))
    return {user_id or 0: until.astimezone(zone) for user_id, until in session.exec(query) if until}


def _by_name(session: Session, query: Any, table: Any) -> dict[int, str]:
    return dict(session.exec(query.order_by(func.lower(table.name))).all())
