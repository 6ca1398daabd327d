"""The rules as an admin sees them: what each would remove now, on or off, and the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Account, RetentionRun, Survey, User
from services import audit, csv_text, settings
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.retention import running
from services.retention.removing import CONTACT, RESPONSE, Times
from services.retention.rules import LONGEST, RULES

WORD = "REMOVE"
NOTHING = "Nothing was changed."
SHOWN = 50  # people of a preview


@dataclass(frozen=True)
class Found:
    """Rows of one part that would go now, and the age of the oldest."""

    name: str
    words: str
    n: int
    oldest: datetime | None


@dataclass(frozen=True)
class Preview:
    """What a rule would remove now. `surveys` are (name, comments), the most first."""

    rule: str
    months: int
    found: tuple[Found, ...]
    surveys: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Report:
    """A run, and who started it."""

    run: RetentionRun
    by: str


@permitted(Verb.ADMINISTER)
def chosen(session: Session, actor: Actor) -> Mapping[str, int]:
    """Months by rule, of those that are on."""
    return running.chosen(session)


@permitted(Verb.ADMINISTER)
def preview(session: Session, actor: Actor, rule: str, months: int, *, now: datetime) -> Preview:
    """What the rule would remove now, in counts."""
    _check(rule, months)
    times = Times(running.cutoff(now, months), now)
    found = []
    for part in RULES[rule].parts:
        query = sa.select(sa.func.count(sa.distinct(part.key)), sa.func.min(part.at))
        row = session.connection().execute(
            query.select_from(part.source).where(*running.meant(part, times))
        ).one()  # fmt: skip
        found.append(Found(part.name, part.words, int(row[0]), _moment(row[1])))
    surveys = _by_survey(session, times) if rule == "comments" else ()
    return Preview(rule, months, tuple(found), surveys)


@permitted(Verb.ADMINISTER)
def people(
    session: Session, actor: Actor, months: int, *, now: datetime
) -> list[tuple[int, str, str]]:
    """Some of those who would be erased now: id, name or address, company."""
    _check("contacts", months)
    (part,) = RULES["contacts"].parts
    times = Times(running.cutoff(now, months), now)
    query = (
        sa.select(CONTACT.c.id, CONTACT.c.name, CONTACT.c.email, col(Account.name).label("company"))
        .select_from(CONTACT.outerjoin(Account, col(Account.id) == CONTACT.c.account_id))
        .where(*running.meant(part, times))
        .order_by(CONTACT.c.id)
        .limit(SHOWN)
    )
    rows = session.connection().execute(query)
    return [(row.id, row.name or row.email or "", row.company or "") for row in rows]


@permitted(Verb.ADMINISTER)
def switch(
    session: Session, actor: Actor, rule: str, months: int | None, *, word: str = "", now: datetime
) -> None:
    """Have the rule carried out every night after so many months; None: not any more.

    Switching it on needs the word: what it removes is gone for good.
    """
    bump(session)
    kept = dict(running.chosen(session))
    if months is None:
        kept.pop(rule, None)
    else:
        _check(rule, months)
        if word.strip() != WORD:
            raise Refused(f"Type {WORD}, in capitals. {NOTHING}")
        kept[rule] = months
    settings.put(session, running.KEY, kept, actor_id=actor.id, now=now)
    verb, facts = ("retention.off", {}) if months is None else ("retention.on", {"months": months})
    audit.record(session, actor.id, verb, now=now, entity="retention", rule=rule, **facts)


@permitted(Verb.ADMINISTER)
def reports(session: Session, actor: Actor, *, limit: int = 100) -> list[Report]:
    """What the rules removed, the latest first."""
    query = (
        select(RetentionRun, User.name)
        .outerjoin(User, col(User.id) == RetentionRun.actor_id)
        .order_by(col(RetentionRun.id).desc())
        .limit(limit)
    )
    return [Report(run, name or "the desk") for run, name in session.exec(query)]


@permitted(Verb.ADMINISTER)
def as_csv(session: Session, actor: Actor) -> str:
    """The whole report as CSV: one line for each run and part."""
    header = ["started_at", "ended_at", "rule", "months", "what", "removed", "by"]
    told = [
        [one.run.started_at, one.run.ended_at, one.run.rule, one.run.months, what, n, one.by]
        for one in reports(session, actor, limit=10_000)
        for what, n in one.run.counts.items()
    ]
    return "".join(csv_text.rows(header, told))


def _check(rule: str, months: Any) -> None:
    if rule not in RULES:
        raise Refused(f"There is no such rule. {NOTHING}")
    least = RULES[rule].least
    if isinstance(months, bool) or not isinstance(months, int) or not least <= months <= LONGEST:
        raise Refused(f"This rule takes {least} to {LONGEST} months. {NOTHING}")


def _by_survey(session: Session, times: Times) -> tuple[tuple[str, int], ...]:
    (part,) = RULES["comments"].parts
    n = sa.func.count()
    query = (
        sa.select(col(Survey.name), n)
        .select_from(RESPONSE.join(Survey, col(Survey.id) == RESPONSE.c.survey_id))
        .where(*running.meant(part, times))
        .group_by(col(Survey.name))
        .order_by(n.desc(), col(Survey.name))
    )
    return tuple((name, int(count)) for name, count in session.connection().execute(query))


def _moment(found: Any) -> datetime | None:
    """SQLite gives a computed time back as the text that it keeps."""
    return datetime.fromisoformat(found) if isinstance(found, str) else found
