"""Carry the rules out, lot by lot, and write down what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
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
    """Where a round stands: the name of the rule, its part by number, and the last row dealt with.

    No name is the beginning; so is a number, which a former version has kept.
    """

    rule: str = ""
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

    Done again from the beginning it takes nothing twice: what is gone is not found. A rule that is
    switched off meanwhile ends where it stands.
    """
    names = [name for name in RULES if name in months or name == place.rule]
    at = names.index(place.rule) if place.rule in names else 0
    for name, after in zip_longest(names[at:], names[at + 1 :]):
        here = place if name == place.rule else Place(name)
        if name in months:
            found = _next(session, here, months[name], now, actor_id)
            if found is not None:
                return found
        if _end(session, name, now):  # its row is locked: a turn after that comes too late
            return None if after is None else Place(after)
    return None


def _next(
    session: Session, place: Place, months: int, now: datetime, actor_id: int | None
) -> Place | None:
    """Take one lot of the rule; None when it has none left."""
    times = Times(cutoff(now, months), now)
    for nth, part in list(enumerate(RULES[place.rule].parts))[place.part :]:
        ids = _ids(session, part, times, part.key > (place.behind if nth == place.part else 0))
        if ids:
            turn(session)  # whoever was put on hold, or answered, in between is left out
            sure = _ids(session, part, times, part.key.in_(ids))
            n = part.take(session, sure, times) if sure else 0
            _count(session, place.rule, months, part, n, now, actor_id)
            return Place(place.rule, nth, ids[-1])
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


def _end(session: Session, name: str, now: datetime) -> bool:
    """Close the rule's run; whether there was one."""
    run = _running(session, name)
    if run is None:
        return False
    run.ended_at = now
    session.add(run)
    if name in ("comments", "contacts"):
        index_anew(session)
    audit.record(
        session, run.actor_id, "retention.run", now=now, entity="retention", entity_id=run.id,
        rule=name, months=run.months, **run.counts,
    )  # fmt: skip
    session.flush()
    return True
