"""What rules do about an answer: the one decision, for the desk at work and for a simulation. Pure.

Every rule looks at the answer as it came in, and none at what another one did: so no rule fires on
what a rule caused. What was decided is a list of effects, each with its `outcome`; where nothing is
done, `why` says so with a code of `services.domain.rules.words.WHY`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.domain.bands import Band
from services.domain.opening import DETRACTOR, FOLLOW_UP, Answered, Policy
from services.domain.opening import why_not as opens_not
from services.domain.rules.actions import SPEAKING, Action, Do
from services.domain.rules.body import Body
from services.domain.rules.facts import Facts
from services.domain.rules.world import World

NOT = "not"  # the outcome of what is not done
Effect = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """A rule in one of its versions, in its place among the others."""

    rule_id: int
    n: int
    body: Body
    since: datetime | None = None  # it looks at answers that came in from then on


@dataclass(frozen=True)
class Fired:
    """A rule met an answer: why, and what it does."""

    rule_id: int
    n: int
    because: list[dict[str, Any]]
    effects: list[Effect]


@dataclass
class _Here:
    """What is so about the answer while the rules are gone through."""

    key: str | None
    fresh: bool
    opened: bool = False  # by a rule
    given: bool = False  # a rule has said whose it is


def decide(
    rules: Sequence[Standing], facts: Facts, world: World, *, first: bool = False
) -> list[Fired]:
    """What the rules do about this answer, in their order; `first`: only the first that fires.

    `world` knows of it afterwards.
    """
    seen = facts.case
    here = _Here(seen.key, seen.fresh) if seen else _Here(None, fresh=False)
    fired: list[Fired] = []
    for rule in rules:
        if rule.since is not None and facts.at < rule.since:
            continue
        because = rule.body.because(facts)
        if because is None:
            continue
        effects = [_done(action, facts, world, here) for action in rule.body.actions]
        fired.append(Fired(rule.rule_id, rule.n, because, effects))
        if first or rule.body.last:
            break
    if here.opened and not here.given:
        world.share(facts.team_id, facts.unit_id)
    return fired


def settle(body: Body, nth: int, facts: Facts, world: World, at: datetime) -> str:
    """What becomes of the message at place `nth` of the effects, now that its time has come: "sent"
    or why not. `facts` are those of now: the answer may be another one than it was."""
    action = body.actions[nth]
    if body.because(facts) is None:
        return "changed"
    why = silent(facts, action, world, at)
    contact = facts.contact_id or 0
    if why is None and world.too_soon(contact, at):
        why = "soon"
    if why is None and action.favour is not None:
        if world.unhappy(contact, at):
            why = "unhappy"
        elif world.capped(contact, action.favour, at):
            why = "asked"
    if why is None and not world.fills(action.template, facts.language, facts.fills):
        why = "unfilled"
    if why is None:
        world.said(contact, at, action.favour)
    return why or "sent"


def silent(facts: Facts, action: Action, world: World, at: datetime) -> str | None:
    """Why nothing is written to this person by itself, whatever was written before."""
    against: Mapping[str, bool] = {
        "test": facts.is_test, "excluded": facts.excluded, "anonymous": facts.anonymous,
        "nobody": facts.contact_id is None, "erased": facts.erased,
        "declined": facts.followup == "declined", "do_not_contact": facts.do_not_contact,
        "no_address": not facts.reachable, "late": at - facts.answered_at > world.limits.late,
        "no_mail": "email" not in world.vendors, "template": action.template not in world.templates,
    }  # fmt: skip
    return next((why for why, holds in against.items() if holds), None)


def _done(action: Action, facts: Facts, world: World, here: _Here) -> Effect:
    return {"do": action.do.value} | _HOW[action.do](action, facts, world, here)


def _not(why: str) -> Effect:
    return {"outcome": NOT, "why": why}


def _open(_action: Action, facts: Facts, world: World, here: _Here) -> Effect:
    if here.key is not None:
        return _not("there")
    if (why := why_no_case(facts, world)) is not None:
        return _not(why)
    contact, reason = facts.contact_id or 0, reason_of(facts)
    known = world.open_case(contact, reason, facts.at)
    here.key, here.fresh = known or f"new:{facts.response_id}", known is None
    if known is None:
        here.opened = True
        world.opened(contact, reason, here.key, facts.at)
    return {"outcome": "opened" if known is None else "joined"}


def why_no_case(facts: Facts, world: World) -> str | None:
    """Why no case may be opened about the answer by itself, whatever its band and metric."""
    asked = Answered(
        metric=facts.metric, band=Band.DETRACTOR, answered_at=facts.answered_at,
        followup=facts.followup, known=facts.contact_id is not None and not facts.erased,
        anonymous=facts.anonymous, is_test=facts.is_test, excluded=facts.excluded,
        do_not_contact=facts.do_not_contact,
    )  # fmt: skip
    return opens_not(asked, Policy(facts.at - world.age))


def reason_of(facts: Facts) -> str:
    """What the case about this answer is for."""
    return DETRACTOR if facts.band is Band.DETRACTOR else FOLLOW_UP


def _assign(action: Action, facts: Facts, world: World, here: _Here) -> Effect:
    """What is new is given; who works on a case already keeps it."""
    if here.key is None or not here.fresh:
        return _not("no_case" if here.key is None else "joined")
    if here.given:
        return _not("given")
    effect = _TO[action.to](action, facts, world)
    here.given = effect["outcome"] != NOT
    return {"to": action.to} | effect


def _to_user(action: Action, facts: Facts, world: World) -> Effect:
    user_id = facts.owner_id if action.to == "owner" else action.id
    if user_id is None:
        return _not("no_owner")
    if not world.able(user_id, facts.unit_id):
        return _not("cannot")
    world.load[user_id] += 1
    return {"outcome": "given", "user": user_id}


def _to_team(action: Action, _facts: Facts, world: World) -> Effect:
    if action.id not in world.leads:
        return _not("no_team")
    return {"outcome": "given", "team": action.id}


def _in_turn(action: Action, facts: Facts, world: World) -> Effect:
    team_id = action.id or 0
    if team_id not in world.leads:
        return _not("no_team")
    last = world.turns.get(team_id)
    user_id = world.turn(team_id, facts.unit_id)
    if user_id is None:
        return _not("no_room")
    return {"outcome": "given", "team": team_id, "user": user_id, "last": last}


_TO: Mapping[str, Callable[[Action, Facts, World], Effect]] = {
    "user": _to_user, "owner": _to_user, "team": _to_team, "turn": _in_turn,
}  # fmt: skip


def _priority(action: Action, _facts: Facts, _world: World, here: _Here) -> Effect:
    return {"outcome": "moved", "hours": action.hours} if here.key else _not("no_case")


def _tag(action: Action, _facts: Facts, world: World, here: _Here) -> Effect:
    if here.key is None:
        return _not("no_case")
    name, there = action.name.casefold(), world.tags.setdefault(here.key, set())
    if name in there:
        return _not("tagged")
    there.add(name)
    return {"outcome": "tagged"}


def _push(action: Action, _facts: Facts, world: World, here: _Here) -> Effect:
    told = {"vendor": action.vendor}
    if here.key is None:
        return told | _not("no_case")
    if action.vendor not in world.vendors:
        return told | _not("not_connected")
    if (here.key, action.vendor) in world.pushed:
        return told | _not("has_it")
    world.pushed.add((here.key, action.vendor))
    return told | {"outcome": "sent"}


def _notify(action: Action, facts: Facts, world: World, _here: _Here) -> Effect:
    whom = {
        "user": action.id, "owner": facts.owner_id, "lead": world.leads.get(action.id or 0),
    }[action.to]  # fmt: skip
    people = world.only([whom], facts.unit_id)
    return {"outcome": "told", "users": people} if people else _not("nobody_to_tell")


def _say(action: Action, facts: Facts, world: World, _here: _Here) -> Effect:
    """It waits; whether it may still be said is looked at when its time has come."""
    if (why := silent(facts, action, world, facts.at)) is not None:
        return _not(why)
    if facts.response_id in world.spoken:
        return _not("spoken")
    world.spoken.add(facts.response_id)
    due = facts.at + timedelta(minutes=action.after)
    return {"outcome": "waits", "due": due.isoformat()}


_HOW: Mapping[Do, Callable[[Action, Facts, World, _Here], Effect]] = {
    Do.OPEN: _open, Do.ASSIGN: _assign, Do.PRIORITY: _priority, Do.TAG: _tag, Do.PUSH: _push,
    Do.NOTIFY: _notify, **dict.fromkeys(SPEAKING, _say),
}  # fmt: skip
