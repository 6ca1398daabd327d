"""Messages of rules whose time has come: looked at once more, then handed over or dropped."""

import logging
from copy import deepcopy
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import Select

from db.engine import turn
from db.models import Account, Response, Rule, RuleFiring, RuleLater, RuleVersion
from services import audit
from services.access import Actor, Refused, permitted
from services.cases.journal import NOTHING
from services.domain.roles import Verb
from services.domain.rules.body import parse
from services.domain.rules.deciding import settle
from services.domain.rules.facts import Facts
from services.domain.rules.world import World
from services.rules.acting import actor_of
from services.rules.gathering import Gatherer
from services.rules.surroundings import world_now
from services.rules.writing import write

log = logging.getLogger(__name__)
MOST = 20  # of one transaction
# In the words of the partial index: with a bound value SQLite does not see that it holds.
_WAITING: sa.BindParameter[str] = sa.bindparam("waiting", "waiting", literal_execute=True)


def any_due(session: Session, now: datetime) -> bool:
    """Whether a message of a rule waits no longer."""
    return session.exec(_due(now).limit(1)).first() is not None


def settle_due(session: Session, now: datetime) -> int:
    """Hand over what is due, or drop it with the reason; how many. The earliest comes first."""
    turn(session)
    rows = session.exec(_due(now).limit(MOST).with_for_update(of=RuleLater)).all()
    ids = sorted({firing.response_id for _, firing in rows})
    by_id = {one.response_id: one for one in Gatherer(session).facts(ids)}
    live = world_now(session, [*by_id.values()], now)
    worlds = {"live": live, "shadow": deepcopy(live)}  # what the shadow says is said to nobody
    for later, firing in rows:
        world = worlds[firing.mode]
        outcome, message_id = _alone(session, later, firing, by_id, world, now)
        _end(session, later, outcome, now, message_id=message_id)
    return len(rows)


def _alone(
    session: Session, later: RuleLater, firing: RuleFiring, by_id: dict[int, Facts],
    world: World, now: datetime,
) -> tuple[str, int | None]:  # fmt: skip
    """One that breaks the work does not hold up the others: it says so and is dropped."""
    try:
        with session.begin_nested():
            return _settled(session, later, firing, by_id, world, now)
    except OperationalError:  # the database is away, or chose us to end a circle: all anew
        raise
    except Exception as error:  # whatever it is, the next message has its turn
        log.warning("rule %s failed on a message: %s", firing.rule_id, type(error).__name__)
        return "broken", None


def _settled(
    session: Session, later: RuleLater, firing: RuleFiring, by_id: dict[int, Facts],
    world: World, now: datetime,
) -> tuple[str, int | None]:  # fmt: skip
    rule = session.get_one(Rule, firing.rule_id)
    live = firing.mode == "live"
    if (rule.live if live else rule.shadow) is None:
        return "off", None
    facts = by_id.get(firing.response_id)
    if facts is None:
        return "nobody", None
    body = parse(session.get_one(RuleVersion, (firing.rule_id, firing.n)).body)
    outcome = settle(body, later.nth, facts, world, now)
    if outcome != "sent" or not live:
        return outcome, None
    actor, action = actor_of(rule, firing.n, firing.id or 0), body.actions[later.nth]
    message = write(session, actor, firing, action, facts, now)
    return ("sent", message.id) if message else ("unfilled", None)


def _end(
    session: Session, later: RuleLater, outcome: str, now: datetime, *,
    message_id: int | None = None, by: int | None = None,
) -> None:  # fmt: skip
    later.state = "done" if outcome == "sent" else "dropped"
    later.outcome, later.ended_at, later.ended_by = outcome, now, by
    later.message_id = message_id
    session.add(later)
    session.flush()


def drop(session: Session, rule_id: int, mode: str, now: datetime) -> None:
    """Nothing of this rule waits any longer: it was switched off, and may be on again at once."""
    of = sa.select(col(RuleFiring.id)).where(
        col(RuleFiring.rule_id) == rule_id, col(RuleFiring.mode) == mode
    )
    waiting = sa.update(RuleLater).where(
        col(RuleLater.state) == _WAITING, col(RuleLater.firing_id).in_(of)
    )
    session.connection().execute(waiting.values(state="dropped", outcome="off", ended_at=now))


@permitted(Verb.WORK_CASES)
def stop(session: Session, actor: Actor, later_id: int, *, now: datetime) -> None:
    """Do not send what still waits; whoever sees the answer may say so."""
    turn(session)
    unit = func.coalesce(col(Response.unit_id), col(Account.unit_id))
    query = (
        select(RuleLater, unit).select_from(RuleLater).join(RuleFiring).join(Response)
        .outerjoin(Account, col(Account.id) == Response.account_id)
        .where(RuleLater.id == later_id)
    )  # fmt: skip
    found = session.exec(query.with_for_update(of=RuleLater)).first()
    if found is None or not actor.sees(found[1]):
        raise Refused(f"There is no such message here. {NOTHING}")
    if found[0].state != "waiting":
        raise Refused(f"It waits no longer: what was sent cannot be stopped. {NOTHING}")
    _end(session, found[0], "stopped", now, by=actor.id)
    audit.record(session, actor.id, "rule.stop", now=now, entity="rule_later", entity_id=later_id)


def _due(now: datetime) -> Select[RuleLater, RuleFiring]:
    return (
        select(RuleLater, RuleFiring).join(RuleFiring)
        .where(col(RuleLater.state) == _WAITING, RuleLater.due_at <= now)
        .order_by(col(RuleLater.due_at), col(RuleLater.id))
    )  # fmt: skip
