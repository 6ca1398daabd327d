"""The rules at work: each answer that comes in is looked at once, in the order of arrival.

Answers of an import are not: an import sends nothing to anybody. Where the place of the last look
was lost, answers are looked at again, and what fired then does not fire a second time.
"""

import logging
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from db.models import Job, Response, Rule, RuleFiring, RuleVersion
from services import settings
from services.domain.rules.body import Wrong, parse
from services.domain.rules.deciding import Fired, Standing, decide
from services.domain.rules.facts import Facts
from services.domain.rules.world import World
from services.rules.acting import act, note, place_of
from services.rules.gathering import Gatherer
from services.rules.surroundings import world_now

log = logging.getLogger(__name__)
MOST = 20  # answers of one transaction


@dataclass(frozen=True)
class Sets:
    """The rules that act, and those with what is in the shadow in their places."""

    rules: dict[int, Rule]
    live: list[Standing]
    shadow: list[Standing]
    first: bool

    @property
    def shadowed(self) -> set[int]:
        """The rules that have a version in the shadow."""
        return {one.id or 0 for one in self.rules.values() if one.shadow is not None}


def sets(session: Session) -> Sets:
    """The rules as they stand, in their order."""
    query = select(Rule).where(col(Rule.retired_at).is_(None))
    rules = session.exec(query.order_by(col(Rule.position), col(Rule.id))).all()
    live = [(one, one.live, one.live_at) for one in rules]
    tried = [(one, one.shadow, one.shadow_at) if one.shadow else (one, one.live, one.live_at)
             for one in rules]  # fmt: skip
    first = bool(settings.get(session, "rules_first"))
    return Sets(
        {one.id or 0: one for one in rules}, _readable(session, live), _readable(session, tried),
        first,
    )  # fmt: skip


def _readable(
    session: Session, wanted: Sequence[tuple[Rule, int | None, datetime | None]]
) -> list[Standing]:
    """These, but for one that cannot be read: it holds up no other."""
    found: list[Standing] = []
    for rule, n, since in wanted:
        try:
            found += [standing(session, rule, n, since)] if n else []
        except Wrong:
            log.warning("rule %s is left out: its version %s cannot be read", rule.id, n)
    return found


def standing(
    session: Session, rule: Rule, n: int, since: datetime | None = None
) -> Standing:  # fmt: skip
    """A rule in this version."""
    version = session.get_one(RuleVersion, (rule.id, n))
    return Standing(rule.id or 0, n, parse(version.body), since)


def newest(session: Session) -> int:
    """The id of the last answer."""
    return int(session.exec(select(func.max(Response.id))).one() or 0)


def waiting_since(session: Session, now: datetime) -> datetime:
    """When the first answer came in that no rule has looked at yet; `now` where there is none."""
    job = session.get(Job, "rules")
    came = select(Response.received_at).where(
        col(Response.id) > int(job.state.get("behind", 0) if job else 0),
        col(Response.import_run_id).is_(None),
    )
    return min(now, session.exec(came.order_by(col(Response.id)).limit(1)).first() or now)


def ahead(session: Session, behind: int) -> bool:
    """Whether there is something that rules would look at behind this answer."""
    some = select(Rule.id).where(
        col(Rule.retired_at).is_(None),
        (col(Rule.live).is_not(None) | col(Rule.shadow).is_not(None)),
    )
    return session.exec(some.limit(1)).first() is not None and bool(_ids(session, behind, 1))


def next_lot(session: Session, behind: int, now: datetime) -> int | None:
    """Look at the next answers; the last one's id, None where there are no more."""
    ids = _ids(session, behind, MOST)
    if not ids:
        return None
    there = sets(session)
    found = Gatherer(session).facts(ids)
    world = world_now(session, found, now, [*there.live, *there.shadow])
    shadow = deepcopy(world) if there.shadowed else world
    known = _known(session, ids)
    for facts in found:
        if (facts.response_id, "live") not in known:
            _live(session, there, facts, world, now)
        if there.shadowed and (facts.response_id, "shadow") not in known:
            _shadow(session, there, facts, shadow, now)
    return ids[-1]


def _ids(session: Session, behind: int, most: int) -> Sequence[int]:
    query = select(Response.id).where(
        col(Response.id) > behind, col(Response.import_run_id).is_(None)
    )
    return [id_ or 0 for id_ in session.exec(query.order_by(col(Response.id)).limit(most))]


def _known(session: Session, ids: Sequence[int]) -> set[tuple[int, str]]:
    query = select(RuleFiring.response_id, RuleFiring.mode).where(
        col(RuleFiring.response_id).in_(ids)
    )
    return set(session.exec(query))


def _live(session: Session, there: Sets, facts: Facts, world: World, now: datetime) -> None:
    """An answer that breaks the work does not hold up the others: it says so and is passed."""
    bodies = {one.rule_id: one.body for one in there.live}
    every = decide(there.live, facts, world, first=there.first)
    here = place_of(session, facts, every)
    for fired in every:
        rule, actions, before = (
            there.rules[fired.rule_id],
            bodies[fired.rule_id].actions,
            here.number,
        )
        try:
            with session.begin_nested():
                act(session, rule, fired, facts, actions, here, now)
        except OperationalError:  # the database is away, or chose us to end a circle: all anew
            raise
        except Exception as error:  # whatever it is, the next answer has its turn
            log.warning("rule %s failed on an answer: %s", rule.id, type(error).__name__)
            note(session, _broken(fired), facts, "live", now)
            here.number = before


def _broken(fired: Fired) -> Fired:
    effects = [{"do": one["do"], "outcome": "not", "why": "broken"} for one in fired.effects]
    return Fired(fired.rule_id, fired.n, fired.because, effects)


def _shadow(session: Session, there: Sets, facts: Facts, world: World, now: datetime) -> None:
    for fired in decide(there.shadow, facts, world, first=there.first):
        if fired.rule_id in there.shadowed:
            note(session, fired, facts, "shadow", now)
