"""Carry the rules out, lot by lot, and write down what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import turn
from db.forgetting import index_anew
from db.models import RetentionRun
from services import audit, settings
from services.domain.periods import add_months
from services.retention.removing import Times
from services.retention.rules import RULES, Part

KEY = "retention"  # the setting: months by rule, those alone that are on


@dataclass(frozen=True)
class Place:
    """Where a round stands: the rule and the part by number, and the last row dealt with."""

    rule: int = 0
    part: int = 0
    behind: int = 0


def chosen(session: Session) -> Mapping[str, int]:
    """Months by rule, of those that are on."""
    found: Mapping[str, int] = settings.get(session, KEY)
    return found


def cutoff(now: datetime, months: int) -> datetime:
    """What is older goes."""
    then = now.astimezone(UTC)
    return datetime.combine(add_months(then.date(), -months), then.timetz())


def reached(session: Session, name: str, now: datetime) -> datetime | None:
    """What is older the rule may have removed; None where it never has removed anything."""
    ended = sa.func.max(sa.func.coalesce(col(RetentionRun.ended_at), now))
    query = select(RetentionRun.months, ended).where(RetentionRun.rule == name)
    found = session.exec(query.group_by(col(RetentionRun.months)))
    return max((cutoff(at, months) for months, at in found), default=None)


def lot(
    session: Session, months: Mapping[str, int], place: Place, now: datetime,
    actor_id: int | None = None,
) -> Place | None:  # fmt: skip
    """Take one lot at `place` or after it; where to go on, None at the end.

    Done again from the beginning it takes nothing twice: what is gone is not found.
    """
    names = [name for name in RULES if name in months]
    while place.rule < len(names):
        name = names[place.rule]
        parts = RULES[name].parts
        if place.part == len(parts):
            _end(session, name, now)
            place = Place(place.rule + 1)
            continue
        part, times = parts[place.part], Times(cutoff(now, months[name]), now)
        ids = _ids(session, part, times, part.key > place.behind)
        if ids:
            turn(session)  # whoever was put on hold, or answered, in between is left out
            sure = _ids(session, part, times, part.key.in_(ids))
            n = part.take(session, sure, times) if sure else 0
            _count(session, name, months[name], part, n, now, actor_id)
            return Place(place.rule, place.part, ids[-1])
        place = Place(place.rule, place.part + 1)
    return None


def meant(part: Part, times: Times) -> tuple[Any, ...]:
    """The conditions of what a part removes."""
    return (
        part.at < sa.literal(times.cutoff, sa.DateTime(timezone=True)),
        *part.where(times.cutoff),
    )


def _ids(session: Session, part: Part, times: Times, among: Any) -> list[int]:
    query = (
        sa.select(part.key)
        .select_from(part.source)
        .where(among, *meant(part, times))
        .distinct()
        .order_by(part.key)
        .limit(part.lot)
    )
    return list(session.connection().execute(query).scalars())


def _running(session: Session, name: str) -> RetentionRun | None:
    open_ = (RetentionRun.rule == name, col(RetentionRun.ended_at).is_(None))
    return session.exec(select(RetentionRun).where(*open_).with_for_update()).first()


def _count(
    session: Session, name: str, months: int, part: Part, n: int, now: datetime,
    actor_id: int | None,
) -> None:  # fmt: skip
    """A run is written down with its first row that goes."""
    if not n:
        return
    run = _running(session, name) or RetentionRun(
        rule=name, months=months, actor_id=actor_id, started_at=now
    )
    run.counts = {**run.counts, part.name: run.counts.get(part.name, 0) + n}
    session.add(run)
    session.flush()


def _end(session: Session, name: str, now: datetime) -> None:
    run = _running(session, name)
    if run is None:
        return
    run.ended_at = now
    session.add(run)
    if name in ("comments", "contacts"):
        index_anew(session)
    audit.record(
        session, run.actor_id, "retention.run", now=now, entity="retention", entity_id=run.id,
        rule=name, months=run.months, **run.counts,
    )  # fmt: skip
    session.flush()
