"""The rules of the demo company: two that act, one with a further version in the shadow, and one
that somebody proposes.

What they did is what the real decision says about the answers of the last weeks. It is noted only:
nothing waits, and nobody is told or written to.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from db.models import CaseEvent, Job, Rule, RuleFiring, Team, User
from services.access import Actor, actor_for
from services.cases.journal import held, keep
from services.domain.lifecycle import Move
from services.domain.roles import Role
from services.domain.rules.actions import Do
from services.domain.rules.starters import starters
from services.rules import keeping
from services.rules.acting import actor_of, note
from services.rules.running import newest, sets
from services.rules.simulating import replay
from services.rules.trying import cases_of

WEEKS = timedelta(days=21)
SHADOW = timedelta(days=10)
Body = dict[str, Any]


def play(session: Session, now: datetime) -> dict[str, int]:
    """Write the rules, and note what they met; how many."""
    lead, csm = _somebody(session, Role.MANAGER), _somebody(session, Role.CSM)
    if lead is None or csm is None:
        return {"rules": 0}
    written = dict(starters())
    since = now - WEEKS
    leaving = written["Leaving customers"]
    fell = written["Promoters who fell"]
    _rule(session, lead, "Leaving customers", [leaving, _calm(leaving)], since, live=2)
    _rule(session, lead, "Promoters who fell", [_calm(fell), fell], now - SHADOW, live=1, shadow=2)
    if (team := session.exec(select(Team.id).order_by(col(Team.id))).first()) is not None:
        _rule(session, csm, "Evening answers in turn", [_evening(team)], now - SHADOW)
    _met(session, lead, since, now)
    # All of them were looked at: the rules at work go on from here.
    session.add(Job(name="rules", next_at=now, state={"behind": newest(session)}))
    session.flush()
    return {"rules": len(session.exec(select(Rule.id)).all())}


def _somebody(session: Session, role: Role) -> Actor | None:
    user = session.exec(select(User).where(User.role == role).order_by(col(User.id))).first()
    return actor_for(session, user) if user else None


def _calm(body: Body) -> Body:
    """Somebody is told, and nothing else."""
    return body | {"actions": [one for one in body["actions"] if one["do"] == Do.NOTIFY]}


def _evening(team: int) -> Body:
    return {
        "conditions": [{"field": "band", "op": "is", "value": ["detractor"]},
                       {"field": "hours", "op": "is", "value": ["closed"]}],
        "actions": [{"do": "assign", "to": "turn", "id": team}, {"do": "priority", "hours": 8}],
    }  # fmt: skip


def _rule(
    session: Session, who: Actor, name: str, bodies: Sequence[Body], at: datetime, *,
    live: int | None = None, shadow: int | None = None,
) -> None:  # fmt: skip
    rule_id = None
    for n, body in enumerate(bodies):
        rule_id, _ = keeping.save(
            session, who, name=name, body=body, now=at + n * timedelta(hours=1), rule_id=rule_id
        )
    for version, in_shadow in ((live, False), (shadow, True)):
        if version is not None and rule_id is not None:
            began = at + timedelta(hours=2)
            keeping.enable(session, who, rule_id, version, now=began, shadow=in_shadow)


def _met(session: Session, who: Actor, since: datetime, now: datetime) -> None:
    """Note the answers that the rules met, in the order in which they came in."""
    known = sets(session)
    met = [
        (one.facts.at, n, mode, one)
        for mode, rules in (("live", known.live), ("shadow", known.shadow))
        for n, one in enumerate(replay(session, who, rules, since, now).met)
        if mode == "live" or one.fired.rule_id in known.shadowed
    ]
    for at, _, mode, one in sorted(met, key=lambda each: each[:3]):
        firing = note(session, one.fired, one.facts, mode, at)
        if mode == "live":
            _explain(session, who, firing)


def _explain(session: Session, who: Actor, firing: RuleFiring) -> None:
    """The case says that the rule fired, where nothing happened there since: a journal is in order
    of time."""
    number = cases_of(session, who, [firing.response_id]).get(firing.response_id)
    if number is None:
        return
    hold = held(session, who, number, None)
    later = select(CaseEvent.id).where(
        CaseEvent.case_id == hold.case.id, col(CaseEvent.at) > firing.at
    )
    if session.exec(later).first() is None:
        rule = session.get_one(Rule, firing.rule_id)
        firing.case_id = hold.case.id
        actor = actor_of(rule, firing.n, firing.id or 0)
        keep(session, actor, hold, hold.state, Move.RULED, now=firing.at)
