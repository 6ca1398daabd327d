"""Deciding on the weights of the order, and ranking the open cases by them.

Open cases are ranked anew a thousand at a time; the worker gives each lot a transaction of its own,
so that nobody waits long for it. `fingerprint` says which rules the last complete round went by.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from db.engine import TOGETHER, bump, turn
from db.models import Case
from services import audit, settings
from services.access import Actor, Refused, permitted
from services.cases.breaches import OPEN
from services.cases.ranking import Rules, again
from services.domain import priority
from services.domain.roles import Verb
from services.domain.weights import Weights

AT_ONCE = 2000  # open cases that are ranked anew while somebody waits; more are the worker's
KEYS = {
    "priority_weights": "weights", "large_account_arr": "large", "large_by_currency": "elsewhere",
}  # fmt: skip


@permitted(Verb.ADMINISTER)
def decide(session: Session, actor: Actor, rules: Rules, *, now: datetime) -> int | None:
    """Keep the rules and rank the open cases by them: how many moved. None: there are so many that
    the worker does it. The audit trail has every number that changed, with what it was."""
    kept = checked(rules)
    turn(session)
    changed = [_keep(session, actor, key, value, now) for key, value in kept.items()]
    if not any(changed):
        return 0
    bump(session)
    if session.exec(select(func.count()).select_from(Case).where(OPEN)).one() > AT_ONCE:
        return None
    return sum(_again(session, lot, now) for lot in _lots(session))


def checked(rules: Rules) -> dict[str, Any]:
    """The rules as settings; Refused says what is wrong with them."""
    given = {**vars(rules), "weights": asdict(rules.weights)}
    try:
        return {key: settings.CHECKS[key](given[name]) for key, name in KEYS.items()}
    except ValueError as error:
        raise Refused(f"{error}. Nothing was changed.") from None


def fingerprint(session: Session) -> str:
    """What the order follows from, in short: with another one the open cases are ranked anew."""
    told = [priority.FORMULA, asdict(Rules.of(session))]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def next_lot(session: Session, after: int, now: datetime) -> int | None:
    """Rank the next open cases behind this id; the last one's id, None when there are no more."""
    ids = next(_lots(session, after), None)
    if ids is None:
        return None
    _again(session, ids, now)
    return ids[-1]


def _keep(session: Session, actor: Actor, key: str, value: Any, now: datetime) -> bool:
    was = settings.get(session, key)
    if was == value:
        return False
    settings.put(session, key, value, actor_id=actor.id, now=now)
    told: dict[str, Any] = _changes(_numbers(key, was), _numbers(key, value))
    audit.record(session, actor.id, "setting.change", now=now, entity="setting", key=key, **told)
    return True


def _numbers(key: str, value: Any) -> dict[str, Any]:
    """A setting as numbers by name."""
    if key == "priority_weights":
        return asdict(Weights.parse(value))
    return dict(value) if isinstance(value, dict) else {"arr": value}


def _changes(was: dict[str, Any], now: dict[str, Any]) -> dict[str, dict[str, Any]]:
    both = {name: {"was": was.get(name), "now": now.get(name)} for name in {**was, **now}}
    return {name: told for name, told in both.items() if told["was"] != told["now"]}


def _again(session: Session, ids: list[int], now: datetime) -> int:
    seq = bump(session)
    query = select(Case).where(col(Case.id).in_(ids), OPEN).with_for_update(key_share=True)
    cases = session.exec(query.execution_options(populate_existing=True)).all()
    return again(session, cases, seq, now)


def _lots(session: Session, after: int = 0) -> Iterator[list[int]]:
    """The ids of the open cases, a lot at a time."""
    while True:
        query = sa.select(col(Case.id)).where(OPEN, col(Case.id) > after).order_by(col(Case.id))
        ids = [*session.connection().execute(query.limit(TOGETHER)).scalars()]
        if not ids:
            return
        yield ids
        after = ids[-1]
