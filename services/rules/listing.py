"""The rules that there are, their versions, and how these differ."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from db.models import Rule, RuleVersion, User
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.domain.rules.body import Body, kept
from services.domain.rules.words import difference
from services.rules.calling import body_of, called

NOTHING = "Nothing was changed."


@dataclass(frozen=True)
class Kept:
    """A rule as people see it. `versions` is the number of its last one."""

    id: int
    name: str
    position: int
    live: int | None
    live_at: datetime | None
    shadow: int | None
    shadow_at: datetime | None
    versions: int


@dataclass(frozen=True)
class Version:
    """What a rule says in one version, who wrote it and when."""

    n: int
    body: Body
    made_at: datetime
    made_by: str | None


@permitted(Verb.SHARE)
def rules(session: Session, actor: Actor) -> list[Kept]:  # noqa: ARG001
    """The rules that there are, in their order."""
    last = select(RuleVersion.rule_id, func.max(RuleVersion.n)).group_by(col(RuleVersion.rule_id))
    newest = dict(session.exec(last).all())
    query = select(Rule).where(col(Rule.retired_at).is_(None))
    return [
        Kept(one.id or 0, one.name, one.position, one.live, one.live_at, one.shadow,
             one.shadow_at, newest.get(one.id or 0, 0))
        for one in session.exec(query.order_by(col(Rule.position), col(Rule.id)))
    ]  # fmt: skip


@permitted(Verb.SHARE)
def versions(session: Session, actor: Actor, rule_id: int) -> list[Version]:
    """All versions of a rule, the last one first."""
    there(session, rule_id)
    query = (
        select(RuleVersion, User.name).outerjoin(User, col(User.id) == RuleVersion.made_by)
        .where(RuleVersion.rule_id == rule_id).order_by(col(RuleVersion.n).desc())
    )  # fmt: skip
    return [Version(one.n, kept(one.body), one.made_at, name) for one, name in session.exec(query)]


@permitted(Verb.SHARE)
def diff(
    session: Session, actor: Actor, rule_id: int, before: int, after: int
) -> list[tuple[str, str]]:
    """What version `after` says differently than `before`: ("-" or "+", line)."""
    there(session, rule_id)
    if missing := [n for n in (before, after) if session.get(RuleVersion, (rule_id, n)) is None]:
        raise Refused(f"The rule has no version {missing[0]}.")
    was, now = (body_of(session, rule_id, n) for n in (before, after))
    return difference(was, now, called(session))


def there(session: Session, rule_id: int, *, lock: bool = False) -> Rule:
    """The rule; Refused where there is none (any more)."""
    found = session.get(Rule, rule_id, with_for_update=lock or None, populate_existing=True)
    if found is None or found.retired_at:
        raise Refused(f"There is no such rule. {NOTHING}")
    return found
