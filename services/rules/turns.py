"""Whose turn it was in each team when a time began, and what people had to do then."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, CaseEvent, RuleFiring, Team
from services.cases.breaches import OPEN
from services.domain.lifecycle import Move
from services.domain.rules.world import Person, World


def load(session: Session, people: Sequence[int], before: datetime | None) -> Counter[int]:
    """How many open cases these people have (of those opened `before`: later ones are given in the
    simulation): only a turn asks, and reading all would be slow."""
    query = sa.select(col(Case.assignee_id), sa.func.count()).where(
        OPEN, col(Case.assignee_id).in_(people),
        *([col(Case.opened_at) < before] if before else []),
    )  # fmt: skip
    rows: Any = session.connection().execute(query.group_by(col(Case.assignee_id)))
    return Counter({owner: int(n) for owner, n in rows})


def turns_at(session: Session, start: datetime, world: World) -> dict[int, int | None]:
    """Whom each team's last turn was when the time began: what the first turn since then says,
    and where there was none, as it is now."""
    turns = {id_ or 0: last for id_, last in session.exec(select(Team.id, Team.last_given_id))}
    query = select(RuleFiring.at, RuleFiring.effects).where(
        RuleFiring.at >= start, RuleFiring.mode == "live"
    ).order_by(col(RuleFiring.id).desc())  # fmt: skip
    first = dict.fromkeys(turns, datetime.max.replace(tzinfo=UTC))
    for at, effects in session.exec(query):
        for one in reversed(effects):
            if "last" in one:
                turns[one["team"]], first[one["team"]] = one["last"], at
    for at, person in _shared(session, start, world):
        if person.team_id and at <= first[person.team_id]:
            # Whoever comes before them by id: so the turn was theirs.
            turns[person.team_id], first[person.team_id] = person.id - 1, at
    return turns


def _shared(session: Session, start: datetime, world: World) -> Iterator[tuple[datetime, Person]]:
    """To whom teams gave a case since then, the last first."""
    if not world.shares:
        return
    query = select(CaseEvent.at, CaseEvent.data).where(
        CaseEvent.at >= start, CaseEvent.kind == Move.ASSIGNED,
        col(CaseEvent.data)["by"].as_string() == "turn",
    )  # fmt: skip
    for at, data in session.exec(query.order_by(col(CaseEvent.id).desc())):
        person = world.people.get(data["changes"]["assignee_id"][1])
        if person is not None and person.team_id in world.shares:
            yield at, person
