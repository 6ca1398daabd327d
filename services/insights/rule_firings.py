"""What rules did: every firing as people read it, what still waits, and what was sent by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Case, Contact, Message, Response, Rule, RuleFiring, RuleLater, Survey
from services.access import Actor, permitted
from services.domain.bands import Band, Metric
from services.domain.roles import Verb
from services.insights.case_selects import ANSWER_UNIT
from services.rules.calling import Spelled, body_of, spelled
from services.rules.trying import cases_of

PAGE = 50
LATELY = timedelta(days=30)
MODES = ("live", "shadow")


@dataclass(frozen=True)
class Firing:
    """A rule met an answer. `waits` are (id, when it is due)."""

    id: int
    rule_id: int
    rule: str
    mode: str
    at: datetime
    response_id: int
    answered_at: datetime
    score: int
    band: Band
    metric: Metric
    contact: tuple[int, str] | None
    case: int | None
    told: Spelled


@permitted(Verb.SHARE)
def firings(
    session: Session, actor: Actor, *, rule_id: int | None = None, mode: str | None = None,
    before: int | None = None, limit: int = PAGE,
) -> list[Firing]:  # fmt: skip
    """The firings, the newest first; `before` is the id that the page begins behind."""
    query = _seen(
        actor,
        sa.select(RuleFiring, col(Rule.name), col(Response.answered_at), col(Response.score),
                  col(Response.band), col(Survey.metric), Contact)
        .select_from(RuleFiring).join(Rule).join(Response)
        .join(Survey, col(Survey.id) == Response.survey_id)
        .outerjoin(Contact, col(Contact.id) == RuleFiring.contact_id),
    )  # fmt: skip
    for column, value in ((RuleFiring.rule_id, rule_id), (RuleFiring.mode, mode)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(col(RuleFiring.id) < before)
    rows = session.exec(query.order_by(col(RuleFiring.id).desc()).limit(limit)).all()
    told = spelled(session, [row[0] for row in rows])
    cases = cases_of(session, actor, [row[0].response_id for row in rows])
    return [_firing(row, told, cases) for row in rows]


def _firing(row: Any, told: Mapping[int, Spelled], cases: Mapping[int, int]) -> Firing:
    one, rule, answered_at, score, band, metric, contact = row
    return Firing(
        one.id, one.rule_id, rule, one.mode, one.at, one.response_id, answered_at, score,
        Band(band), Metric(metric),
        contact and (contact.id, contact.name or contact.email or "No name"),
        cases.get(one.response_id), told[one.id],
    )  # fmt: skip


def _seen(actor: Actor, query: Any) -> Any:
    """Only what is about answers that the actor may see."""
    return query if actor.units is None else query.where(ANSWER_UNIT.in_(actor.units))


@permitted(Verb.SHARE)
def lately(session: Session, actor: Actor, *, now: datetime) -> dict[tuple[int, str], int]:
    """On how many answers of the last 30 days each rule fired, by rule and mode."""
    query = _seen(
        actor,
        sa.select(col(RuleFiring.rule_id), col(RuleFiring.mode), sa.func.count())
        .join(Response, col(Response.id) == RuleFiring.response_id)
        .where(col(RuleFiring.at) >= now - LATELY),
    ).group_by(col(RuleFiring.rule_id), col(RuleFiring.mode))
    return {(id_, mode): n for id_, mode, n in session.connection().execute(query)}


@dataclass(frozen=True)
class Beside:
    """Since a version is in the shadow: on how many answers it fired, the one that acts fired, and
    both did."""

    shadow: int
    live: int
    both: int


@permitted(Verb.SHARE)
def beside(session: Session, actor: Actor, rule_id: int) -> Beside | None:
    """What is in the shadow against what acts; None where nothing is in the shadow."""
    rule = session.get(Rule, rule_id)
    if rule is None or rule.shadow is None or rule.shadow_at is None:
        return None
    query = _seen(
        actor,
        sa.select(col(RuleFiring.response_id), col(RuleFiring.mode))
        .join(Response, col(Response.id) == RuleFiring.response_id)
        .where(col(RuleFiring.rule_id) == rule_id, col(RuleFiring.at) >= rule.shadow_at,
               sa.or_(col(RuleFiring.mode) == "live", col(RuleFiring.n) == rule.shadow)),
    )  # fmt: skip
    met: dict[str, set[int]] = {mode: set() for mode in MODES}
    for response_id, mode in session.connection().execute(query):
        met[mode].add(response_id)
    return Beside(len(met["shadow"]), len(met["live"]), len(met["shadow"] & met["live"]))


@dataclass(frozen=True)
class Waiting:
    """A message of a rule that waits, so that the answer can still change."""

    id: int
    rule: str
    what: str
    due: datetime


@permitted(Verb.SEE)
def waiting(
    session: Session, actor: Actor, *, number: int | None = None, contact_id: int | None = None,
    rule_id: int | None = None,
) -> list[Waiting]:  # fmt: skip
    """What waits to be sent about a case, to a person, of a rule; the earliest first."""
    query = _seen(
        actor,
        select(RuleLater, RuleFiring, Rule.name).select_from(RuleLater).join(RuleFiring)
        .join(Rule).join(Response).outerjoin(Case, col(Case.id) == RuleFiring.case_id)
        .where(RuleLater.state == "waiting", RuleFiring.mode == "live"),
    )  # fmt: skip
    for column, value in (
        (Case.number, number), (RuleFiring.contact_id, contact_id), (RuleFiring.rule_id, rule_id),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    rows = session.exec(query.order_by(RuleLater.due_at, RuleLater.id).limit(PAGE)).all()
    return [_waiting(session, *row) for row in rows]


def _waiting(session: Session, later: RuleLater, firing: RuleFiring, rule: str) -> Waiting:
    said = body_of(session, firing.rule_id, firing.n)
    what = "A message of a version that cannot be read any more"
    if said.actions:
        one = said.actions[later.nth]
        what = f"{one.do.label} with “{one.template}”"
    return Waiting(later.id or 0, rule, what, later.due_at)


@dataclass(frozen=True)
class Sent:
    """A message that a rule sent."""

    at: datetime
    rule: str
    subject: str
    case: int | None


@permitted(Verb.SEE)
def sent_to(session: Session, actor: Actor, contact_id: int) -> Sequence[Sent]:
    """What rules sent to a person, the latest first."""
    query = _seen(
        actor,
        sa.select(col(Message.created_at), col(Rule.name), col(Message.subject),
                  col(Case.number), col(Case.unit_id))
        .select_from(Message)
        .join(RuleLater, col(RuleLater.message_id) == Message.id)
        .join(RuleFiring).join(Rule)
        .join(Response, col(Response.id) == RuleFiring.response_id)
        .outerjoin(Case, col(Case.id) == Message.case_id)
        .where(col(Message.contact_id) == contact_id, col(Message.kind) == "auto"),
    )  # fmt: skip
    return [
        Sent(at, rule, subject or "", number if number and actor.sees(unit) else None)
        for at, rule, subject, number, unit in session.exec(query.order_by(col(Message.id).desc()))
    ]
