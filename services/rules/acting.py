"""Doing what rules decided: through the verbs of the desk, each effect on its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import turn
from db.models import Case, CaseEvent, Rule, RuleFiring, RuleLater, Team
from services import notices
from services.access import Actor, Refused
from services.cases import pushing, tagging, verbs
from services.cases.journal import held, keep
from services.cases.opening_ruled import open_about
from services.cases.ranking import given, rank
from services.domain.lifecycle import Illegal, Move, check
from services.domain.roles import Role
from services.domain.rules.actions import Action, Do
from services.domain.rules.deciding import NOT, Effect, Fired
from services.domain.rules.facts import Facts


@dataclass
class Place:
    """The case that a firing works on, by its number; None while there is none. `told`: it says
    that the rule fired. `gives`: no rule says whose a new case is, so its team may give it."""

    number: int | None = None
    gives: bool = True
    told: bool = False


@dataclass(frozen=True)
class Act:
    """A firing at work."""

    session: Session
    actor: Actor
    rule: Rule
    firing: RuleFiring
    facts: Facts
    now: datetime


def place_of(session: Session, facts: Facts, fired: Sequence[Fired]) -> Place:
    """Where the rules that fired on an answer begin."""
    assigned = any(
        effect["do"] == Do.ASSIGN and effect["outcome"] != NOT
        for one in fired for effect in one.effects
    )  # fmt: skip
    return Place(_number_of(session, facts), gives=not assigned)


def actor_of(rule: Rule, n: int, firing_id: int) -> Actor:
    """The rule as somebody who acts."""
    return Actor(
        None, rule.name, Role.ADMIN, rule={"id": rule.id or 0, "n": n, "firing": firing_id}
    )


def note(
    session: Session, fired: Fired, facts: Facts, mode: str, now: datetime
) -> RuleFiring:  # fmt: skip
    """Keep that a rule met an answer; what waits has its own row."""
    firing = RuleFiring(
        rule_id=fired.rule_id, n=fired.n, mode=mode, response_id=facts.response_id,
        contact_id=facts.contact_id, at=now, because=fired.because, effects=fired.effects,
    )  # fmt: skip
    session.add(firing)
    session.flush()
    for nth, effect in enumerate(fired.effects):
        if effect["outcome"] == "waits":
            due = datetime.fromisoformat(effect["due"])
            session.add(RuleLater(firing_id=firing.id or 0, nth=nth, due_at=due))
    session.flush()
    return firing


def act(
    session: Session, rule: Rule, fired: Fired, facts: Facts, actions: tuple[Action, ...],
    here: Place, now: datetime,
) -> RuleFiring:  # fmt: skip
    """Do what was decided, and keep what came of it: what the desk refuses is not done, and says
    so. The caller's transaction holds all of it; `here` goes from rule to rule of an answer."""
    turn(session)
    firing = note(session, fired, facts, "live", now)
    actor = actor_of(rule, fired.n, firing.id or 0)
    work, here.told = Act(session, actor, rule, firing, facts, now), False
    effects: list[Effect] = []
    for action, effect in zip(actions, fired.effects, strict=True):
        _explain(work, here)
        effects.append(_tried(work, action, effect, here))
    _explain(work, here)
    firing.effects = effects
    session.add(firing)
    session.flush()
    return firing


def _tried(work: Act, action: Action, effect: Effect, here: Place) -> Effect:
    if effect["outcome"] in (NOT, "waits"):
        return effect
    try:
        with work.session.begin_nested():
            _HOW[action.do](work, action, effect, here)
    except Refused:
        told = {name: effect[name] for name in ("do", "vendor", "to") if name in effect}
        return told | {"outcome": NOT, "why": "refused"}
    return effect


def _open(work: Act, _action: Action, _effect: Effect, here: Place) -> None:
    here.number = open_about(
        work.session, work.actor, work.facts.response_id, at=work.facts.at, gives=here.gives
    )


def _assign(work: Act, _action: Action, effect: Effect, here: Place) -> None:
    session, now = work.session, work.now
    case = held(session, work.actor, here.number or 0, None).case
    if _by_person(session, case):
        raise Refused("Somebody has taken it.")
    if "last" in effect:
        moved = sa.update(Team).where(Team.id == effect["team"])
        session.connection().execute(moved.values(last_given_id=effect["user"]))
    to, team_id = effect.get("user"), effect.get("team")
    if to is not None and case.assignee_id != to:
        verbs.assign(session, work.actor, case.number, to=to, version=case.version, now=now)
    elif to is None and (case.team_id, case.assignee_id) != (team_id, None):
        verbs.assign_team(
            session, work.actor, case.number, team_id=team_id or 0, version=case.version, now=now
        )


def _by_person(session: Session, case: Case) -> bool:
    """Whether a person has said whose it is."""
    query = select(CaseEvent.id).where(
        CaseEvent.case_id == case.id, CaseEvent.kind == Move.ASSIGNED,
        CaseEvent.actor_id.is_not(None),  # type: ignore[union-attr]
    )  # fmt: skip
    return session.exec(query).first() is not None


def _priority(work: Act, action: Action, _effect: Effect, here: Place) -> None:
    hold = held(work.session, work.actor, here.number or 0, None)
    reason: dict[str, Any] = {
        "code": "rule", "rule": work.rule.id, "name": work.rule.name, "hours": action.hours,
    }  # fmt: skip
    case = hold.case
    own = [one for one in case.priority_reasons if one not in case.given_reasons]
    case.given_reasons = [*case.given_reasons, reason]
    rank(case, given(case, own))
    case.change_seq = hold.seq
    work.session.add(case)
    work.session.flush()


def _tag(work: Act, action: Action, _effect: Effect, here: Place) -> None:
    tagging.tag(work.session, work.actor, here.number or 0, name=action.name, now=work.now)


def _push(work: Act, action: Action, _effect: Effect, here: Place) -> None:
    pushing.push(work.session, work.actor, here.number or 0, vendor=action.vendor, now=work.now)


def _notify(work: Act, _action: Action, effect: Effect, here: Place) -> None:
    for user_id in effect["users"]:
        notices.tell(
            work.session, user_id, "rule", about=f"rule {work.firing.id} {user_id}", now=work.now,
            case_id=_id_of(work.session, here.number), rule=work.rule.id,
            response=work.facts.response_id,
        )  # fmt: skip


_HOW: Mapping[Do, Callable[[Act, Action, Effect, Place], None]] = {
    Do.OPEN: _open, Do.ASSIGN: _assign, Do.PRIORITY: _priority, Do.TAG: _tag, Do.PUSH: _push,
    Do.NOTIFY: _notify,
}  # fmt: skip


def _explain(work: Act, here: Place) -> None:
    """As soon as there is a case it says that the rule fired; why is in the firing."""
    if here.number is None or here.told:
        return
    hold = held(work.session, work.actor, here.number, None)
    work.firing.case_id = hold.case.id
    try:
        check(hold.state, Move.RULED)
    except Illegal:  # merged into another one
        return
    here.told = True
    keep(work.session, work.actor, hold, hold.state, Move.RULED, now=work.now)


def _number_of(session: Session, facts: Facts) -> int | None:
    if facts.case is None:
        return None
    case = session.get(Case, int(facts.case.key.removeprefix("case:")))
    return case.number if case else None


def _id_of(session: Session, number: int | None) -> int | None:
    return session.exec(select(Case.id).where(Case.number == number)).first() if number else None
