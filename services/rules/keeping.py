"""What rules there are, what they say, and which version of each acts.

A version is never changed: what is saved is a further one, and any of them can be made to act. CSMs
propose: they save versions, and a manager lets one act.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from db.engine import bump
from db.models import Rule, RuleVersion
from services import audit
from services.access import Actor, Forbidden, Refused, permitted
from services.domain.roles import Grant, Verb, grant
from services.domain.rules.actions import SPEAKING
from services.domain.rules.body import Body, Wrong, parse, written
from services.domain.rules.conditions import FIELDS, Kind
from services.person_fields import give_name, one_line
from services.rules import later
from services.rules.calling import body_of, called
from services.rules.listing import NOTHING, there
from services.rules.running import waiting_since
from services.rules.writing import shared

LONGEST_NAME = 60
MOST = 100  # rules of a desk: each looks at every answer


@permitted(Verb.SHARE)
def save(
    session: Session, actor: Actor, *, name: str, body: Mapping[str, Any], now: datetime,
    rule_id: int | None = None, seen: int | None = None,
) -> tuple[int, int]:  # fmt: skip
    """Keep what was written as a further version (of a new rule without `rule_id`): its rule and
    number. The same as the last one is none. Nothing acts by being saved.

    `seen` is the last version when it was opened: Refused where there is a later one by now.
    """
    given = checked(session, body)
    bump(session)
    rule = there(session, rule_id, lock=True) if rule_id else _new(session, actor, now)
    last = _last(session, rule)
    if rule_id and seen is not None and seen != last:
        raise Refused(f"Somebody saved version {last} meanwhile. What you wrote is here. {NOTHING}")
    if not rule_id or _decides(actor):
        _name(session, rule, name)
    if last and written(body_of(session, rule.id or 0, last)) == written(given):
        return rule.id or 0, last
    session.add(
        RuleVersion(rule_id=rule.id or 0, n=last + 1, body=written(given), made_at=now,
                    made_by=actor.id)
    )  # fmt: skip
    _audit(session, actor, "rule.save", rule, now, version=last + 1)
    return rule.id or 0, last + 1


@permitted(Verb.SHARE)
def enable(
    session: Session, actor: Actor, rule_id: int, n: int, *, now: datetime, shadow: bool = False
) -> None:
    """Let a version act from now on; in the `shadow` it only notes what it would have done. An
    earlier version is brought back in the same way.

    Where another one acted until now, answers that still wait to be looked at are this one's."""
    rule = _decided(session, actor, rule_id)
    version = session.get(RuleVersion, (rule_id, n))
    if version is None:
        raise Refused(f"The rule has no version {n}. {NOTHING}")
    checked(session, version.body)
    if shadow:
        rule.shadow, rule.shadow_at = n, now
    else:
        since = max(rule.live_at, waiting_since(session, now)) if rule.live_at else now
        rule.live, rule.live_at = n, since
        if rule.shadow == n:
            rule.shadow = rule.shadow_at = None
    session.add(rule)
    _audit(session, actor, "rule.enable", rule, now, version=n, shadow=shadow)


@permitted(Verb.SHARE)
def disable(
    session: Session, actor: Actor, rule_id: int, *, now: datetime, shadow: bool = False
) -> None:
    """The rule acts no longer (or notes nothing any more); messages that wait are not sent."""
    rule = _decided(session, actor, rule_id)
    if shadow:
        rule.shadow = rule.shadow_at = None
    else:
        rule.live = rule.live_at = None
    session.add(rule)
    later.drop(session, rule_id, "shadow" if shadow else "live", now)
    _audit(session, actor, "rule.disable", rule, now, shadow=shadow)


@permitted(Verb.SHARE)
def move(session: Session, actor: Actor, rule_id: int, by: int, *, now: datetime) -> None:
    """Put the rule `by` places further down (up where negative)."""
    moved = _decided(session, actor, rule_id)
    query = select(Rule).where(col(Rule.retired_at).is_(None)).with_for_update()
    ordered = list(session.exec(query.order_by(col(Rule.position), col(Rule.id))))
    at = ordered.index(moved)
    ordered.insert(max(0, at + by), ordered.pop(at))
    for position, rule in enumerate(ordered, 1):
        rule.position = position
        session.add(rule)
    _audit(session, actor, "rule.move", moved, now, position=moved.position)


@permitted(Verb.SHARE)
def retire(session: Session, actor: Actor, rule_id: int, *, now: datetime) -> None:
    """Take the rule off the list; what it did stays explained."""
    rule = _decided(session, actor, rule_id)
    rule.live = rule.live_at = rule.shadow = rule.shadow_at = None
    rule.retired_at = now
    rule.name = f"{rule.name} (until {now:%Y-%m-%d %H:%M:%S})"  # its name is free again
    session.add(rule)
    _audit(session, actor, "rule.retire", rule, now)


def checked(session: Session, body: Mapping[str, Any]) -> Body:
    """What was written, if all that it names is there; Refused says what is not."""
    try:
        given = parse(body)
    except Wrong as wrong:
        raise Refused(f"{wrong}. {NOTHING}") from None
    names = called(session).names
    for one in given.conditions:
        if FIELDS[one.field].kind is Kind.IDS and set(one.value) - names[one.field].keys():
            raise Refused(f"It asks for a {one.field} that is gone. {NOTHING}")
    for action in given.actions:
        kind = "user" if action.to == "user" else "team"
        if action.id is not None and action.id not in names[kind]:
            raise Refused(f"It names a {kind} that is gone. {NOTHING}")
        if action.do in SPEAKING and not shared(session, action.template):
            raise Refused(
                f"There is no template {action.template!r} that everybody may use. {NOTHING}"
            )
    return given


def _new(session: Session, actor: Actor, now: datetime) -> Rule:
    known = session.exec(select(func.count()).where(col(Rule.retired_at).is_(None))).one()
    if known >= MOST:
        raise Refused(f"There are {MOST} rules already. {NOTHING}")
    rule = Rule(
        name=f"new {now.isoformat()}", position=known + 1, created_at=now, created_by=actor.id
    )
    session.add(rule)
    session.flush()
    return rule


def _name(session: Session, rule: Rule, name: str) -> None:
    give_name(session, rule, one_line(name, LONGEST_NAME))


def _last(session: Session, rule: Rule) -> int:
    query = select(func.max(RuleVersion.n)).where(RuleVersion.rule_id == rule.id)
    return session.exec(query).one() or 0


def _decides(actor: Actor) -> bool:
    return grant(actor.role, Verb.SHARE) is Grant.YES


def _decided(session: Session, actor: Actor, rule_id: int) -> Rule:
    """The rule, if the actor may decide what acts."""
    if not _decides(actor):
        raise Forbidden(f"{actor.role.value} may propose rules; a manager lets them act")
    bump(session)
    return there(session, rule_id, lock=True)


def _audit(
    session: Session, actor: Actor, verb: str, rule: Rule, now: datetime, **data: Any
) -> None:
    audit.record(session, actor.id, verb, now=now, entity="rule", entity_id=rule.id, **data)
