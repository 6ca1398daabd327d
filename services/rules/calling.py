"""What the ids in rules are called."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from db.models import Rule, RuleFiring, RuleLater, RuleVersion, Survey, Team, Unit, User
from services.domain.rules.body import Body, kept
from services.domain.rules.words import Called, because, effect
from services.vendors import KNOWN

TABLES: Mapping[str, Any] = {"survey": Survey, "unit": Unit, "user": User, "team": Team}


def called(session: Session) -> Called:
    """Everything that a rule may name: a desk has few of each."""
    names = {
        kind: {id_ or 0: name for id_, name in session.exec(select(table.id, table.name))}
        for kind, table in TABLES.items()
    }
    return Called(names, {name: title for name, (title, _) in KNOWN.items()})


def body_of(session: Session, rule_id: int, n: int) -> Body:
    """What a version says."""
    return kept(session.get_one(RuleVersion, (rule_id, n)).body)


def told(session: Session, firing_ids: Iterable[int]) -> dict[int, str]:
    """Why these fired and what they did, in words, after the name of the rule."""
    firings = session.exec(select(RuleFiring).where(col(RuleFiring.id).in_(firing_ids))).all()
    return {
        id_: f"fired (version {one.n}), because {one.why}. {'; '.join(one.did)}"
        for id_, one in spelled(session, firings).items()
    }


@dataclass(frozen=True)
class Spelled:
    """A firing in words; `waits` are the effects that still wait: their id, when they are due."""

    n: int
    why: str
    did: tuple[str, ...]
    waits: tuple[tuple[int, datetime], ...]


def spelled(session: Session, firings: Sequence[RuleFiring]) -> dict[int, Spelled]:
    """Why these fired and what they did, by their ids."""
    query = select(RuleLater).where(col(RuleLater.firing_id).in_([one.id for one in firings]))
    later = {(one.firing_id, one.nth): one for one in session.exec(query)}
    names = called(session)
    bodies = {pair: body_of(session, *pair) for pair in {(one.rule_id, one.n) for one in firings}}
    found = {}
    for one in firings:
        own = {nth: each for (id_, nth), each in later.items() if id_ == one.id}
        did = tuple(
            effect(each, names, outcome=own[nth].outcome if nth in own else None)
            for nth, each in enumerate(one.effects)
        )
        waits = ((each.id or 0, each.due_at) for each in own.values() if each.state == "waiting")
        why = because(bodies[one.rule_id, one.n], one.because, names)
        found[one.id or 0] = Spelled(one.n, why, did, tuple(waits))
    return found


def names_of(session: Session, rule_ids: Iterable[int]) -> dict[int, str]:
    """What these rules are called."""
    query = select(Rule.id, Rule.name).where(col(Rule.id).in_(set(rule_ids)))
    return {id_ or 0: name for id_, name in session.exec(query)}
