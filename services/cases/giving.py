"""Cases of a team that shares them out go to its people in turn.

Whose turn it is depends on nothing but the team's pointer (`last_given_id`), who is here and has
room: so it is fair, the same on every run, and safe in many processes, since whoever gives holds
the data version. Who is away or left, has as many open cases as they want, or does not see the
unit of the case is passed over; where nobody is left, the case stays unassigned, says so, and is
given once somebody has room (`giving_later`).
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from db.models import Case, Team, User
from services import notices
from services.access import Actor, actor_for
from services.cases.breaches import OPEN
from services.cases.journal import told
from services.domain import lifecycle
from services.domain.escalating import in_turn
from services.domain.lifecycle import Move

if TYPE_CHECKING:
    from services.cases.opening import New

TEAM: sa.Table = Team.__table__  # type: ignore[attr-defined]


class Giver:
    """Gives cases in turn, one after the other; `done` keeps whose turn it was.

    The caller holds the data version from before the first until `done`.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self.session, self.now = session, now
        self._last: dict[int, int | None] | None = None
        self._people: dict[int, dict[int, User]] = {}
        self._sight: dict[int, Actor] = {}
        self._has: Counter[int | None] = Counter()
        self._given: list[New] = []
        self._moved: set[int] = set()

    def shares(self, team_id: int | None) -> bool:
        """Whether the cases of this team are given in turn."""
        if self._last is None:
            sharing = sa.select(TEAM.c.id, TEAM.c.last_given_id).where(TEAM.c.round_robin)
            self._last = {
                row.id: row.last_given_id for row in self.session.connection().execute(sharing)
            }
        return team_id in self._last

    def with_room(self) -> list[int]:
        """The teams that give in turn and in which somebody has room."""
        self.shares(None)
        teams = [*(self._last or {})]
        return [id_ for id_ in teams if any(map(self._free, self._members(id_).values()))]

    def has_room(self, team_id: int | None, unit_id: int | None) -> bool:
        """Whether somebody of a team that gives in turn could take a case of this unit."""
        people = self._members(team_id).values() if team_id and self.shares(team_id) else ()
        return any(self._fits(user, unit_id) for user in people)

    def turn(
        self, team_id: int | None, unit_id: int | None, but: Collection[int] = ()
    ) -> int | None:
        """Whose turn it is, `but` passed over; the case counts as theirs. None: nobody's."""
        if team_id is None or not self.shares(team_id) or self._last is None:
            return None
        people = self._members(team_id)
        for user_id in in_turn([*people], self._last[team_id]):
            if user_id not in but and self._fits(people[user_id], unit_id):
                self._has[user_id] += 1
                self._last[team_id] = user_id
                self._moved.add(team_id)
                return user_id
        return None

    def give(self, new: "New") -> "New":
        """A case that is about to be written, given to whose turn it is."""
        team_id = new.state.team_id
        if not self.shares(team_id):
            return new
        to = self.turn(team_id, new.first.unit_id)
        if to is None:
            new.events[0]["data"]["no_room"] = True
            return new
        after = lifecycle.assigned(new.state, to, team_id)
        data = told(len(new.events) + 1, lifecycle.changes(new.state, after), None, by="turn")
        new.events.append({"kind": Move.ASSIGNED.value, "data": data, "actor_id": None})
        new.state = after
        self._given.append(new)
        return new

    def done(self, *, quiet: bool = True) -> None:
        """Keep whose turn it was; unless `quiet`, who was given a case that is new hears of it."""
        last = self._last or {}
        for team_id in sorted(self._moved):
            mine = sa.update(TEAM).where(TEAM.c.id == team_id)
            self.session.connection().execute(mine.values(last_given_id=last[team_id]))
        if not quiet:
            self._tell(self._given)

    def _tell(self, given: Iterable["New"]) -> None:
        people = {id_: user for team in self._people.values() for id_, user in team.items()}
        for new in given:
            to = new.state.assignee_id or 0
            if notices.wants(people[to], "assigned"):
                query = select(Case.id).where(Case.number == new.number)
                case_id = self.session.exec(query).one()
                about = f"assigned {case_id} turn {to}"
                notices.tell(
                    self.session, to, "assigned", about=about, now=self.now, case_id=case_id
                )

    def _members(self, team_id: int) -> dict[int, User]:
        """The people of a team who are here, by id, and how many open cases each has."""
        if team_id not in self._people:
            here = or_(col(User.absent_until).is_(None), col(User.absent_until) <= self.now)
            query = select(User).where(
                User.team_id == team_id, col(User.disabled_at).is_(None), here
            )
            rows = self.session.exec(query.execution_options(populate_existing=True))
            found = self._people[team_id] = {user.id or 0: user for user in rows}
            self._count([*found])
        return self._people[team_id]

    def _count(self, people: list[int]) -> None:
        query = (
            sa.select(col(Case.assignee_id), sa.func.count())
            .where(OPEN, col(Case.assignee_id).in_(people))
            .group_by(col(Case.assignee_id))
        )
        rows: Any = self.session.connection().execute(query)
        self._has.update({owner: int(n) for owner, n in rows})

    def _fits(self, user: User, unit_id: int | None) -> bool:
        """Whether they have room, and see the unit."""
        if not self._free(user):
            return False
        if user.id not in self._sight:
            self._sight[user.id or 0] = actor_for(self.session, user)
        return self._sight[user.id or 0].sees(unit_id)

    def _free(self, user: User) -> bool:
        return user.capacity is None or self._has[user.id] < user.capacity
