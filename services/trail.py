"""Reading the audit trail: filtered, newest first, each line as a sentence."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from db.models import Audit, User
from services import audit, csv_text
from services.access import Actor, permitted
from services.domain.roles import Verb

DESK = "the desk"  # the shell, the worker and whoever is not signed in
PAGE = 100  # lines
BATCH = 1000  # lines held in memory by an export

# What a verb says after the name of who did it. A verb that is missing here is shown as it is.
PHRASES = {
    "user.add": "added", "user.change": "changed", "user.disable": "disabled",
    "user.enable": "enabled", "user.reset": "made a password link for",
    "user.password": "set the password of",
    "session.begin": "signed in:", "session.end": "signed out:",
    "session.revoke": "ended sessions of",
    "sign_in.link": "came in for the first time by", "sign_in.used": "came in by",
    "sign_in.refused": "did not let in", "sign_in.last_admin": "kept as the last admin",
    "sign_in.set": "entered the provider of identities as a",
    "sign_in.off": "forgot the provider of identities, a",
    "team.add": "added", "team.rename": "renamed", "team.lead": "named the lead of",
    "team.remove": "removed", "team.calendar": "changed the business hours of",
    "team.manager": "named the manager of", "team.giving": "changed how cases go round in",
    "export.sla": "exported the report on promises",
    "cause.add": "added", "cause.propose": "proposed", "cause.rename": "renamed",
    "cause.accept": "accepted", "cause.retire": "retired",
    "tag.rename": "renamed", "tag.merge": "merged", "tag.remove": "removed",
    "unit.add": "added", "unit.rename": "renamed", "unit.remove": "removed",
    "key.add": "made", "key.revoke": "revoked",
    "desk.setup": "set up the desk as", "setting.change": "changed a",
    "backup.made": "backed up the desk", "backup.restored": "restored the desk",
    "export.responses": "exported responses", "export.audit": "exported the audit trail",
    "import.start": "began", "import.accounts": "brought in accounts by",
    "contact.leave_alone": "said that nobody may write to",
    "contact.may_contact": "said that we may write to", "contact.address": "moved",
    "contact.erase": "erased", "export.contact": "exported what is kept of",
    "vendor.connect": "connected a", "vendor.disconnect": "disconnected a",
    "vendor.pause": "paused a", "vendor.resume": "resumed a", "vendor.map": "mapped fields of a",
    "vendor.again": "tried again what came from a",
    "delivery.replay": "sent again", "delivery.cancel": "cancelled",
    "delivery.decide": "decided about", "reconciliation.ask": "compared what was sent with",
    "difference.accept": "accepted a", "difference.send_again": "sent again what was missing, a",
    "template.save": "saved", "template.retire": "retired",
    "digest.channel": "chose what a channel is told by", "digest.removed": "removed",
    "retention.on": "switched on a rule of", "retention.off": "switched off a rule of",
    "retention.hold": "put on hold", "retention.release": "took off hold",
    "retention.run": "removed what was old by a rule of",
    "response.exclude": "excluded", "response.restore": "counted again",
}  # fmt: skip
FACTS = {
    "sessions": "sessions ended",
    "team_id": "team",
    "key": "",
    "on": "switched on:",
    "own": "own hours:",
}
ENTITIES = {"api_key": "API key", "import_run": "import", "root_cause": "root cause"}


@dataclass(frozen=True)
class Wanted:
    """Which lines: by verb, by who did it (0: the desk), in the half-open time [start, end)."""

    verb: str | None = None
    person: int | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Line:
    """One line of the trail, in words and as it is kept."""

    id: int
    at: datetime
    who: str
    what: str
    verb: str
    entity: str
    entity_id: int | None
    data: dict[str, Any]


@permitted(Verb.READ_AUDIT)
def lines(
    session: Session,
    actor: Actor,
    wanted: Wanted,
    *,
    before_id: int | None = None,
    limit: int = PAGE,
) -> list[Line]:
    """The newest `limit` lines that are wanted, of those before `before_id`."""
    query = (
        select(Audit, User.name)
        .outerjoin(User, col(User.id) == Audit.actor_id)
        .where(*_conditions(wanted))
        .order_by(col(Audit.id).desc())
        .limit(limit)
    )
    if before_id is not None:
        query = query.where(col(Audit.id) < before_id)
    return [_line(entry, name) for entry, name in session.exec(query)]


@permitted(Verb.READ_AUDIT)
def count(session: Session, actor: Actor, wanted: Wanted) -> int:
    """How many lines are wanted."""
    query = select(func.count(col(Audit.id))).where(*_conditions(wanted))
    return int(session.exec(query).one())


@permitted(Verb.READ_AUDIT)
def choices(session: Session, actor: Actor) -> tuple[list[str], dict[int, str]]:
    """What the trail can be narrowed to: the verbs in it, and everybody's name by id."""
    verbs = session.exec(select(Audit.verb).distinct().order_by(Audit.verb)).all()
    people = session.exec(select(User.id, User.name).order_by(func.lower(User.name)))
    return list(verbs), {0: DESK} | {user_id or 0: name for user_id, name in people}


@permitted(Verb.READ_AUDIT)
def export(session: Session, actor: Actor, wanted: Wanted, *, now: datetime) -> Iterator[Line]:
    """Every wanted line, newest first, in batches; that it was exported is a line of its own."""
    total = count(session, actor, wanted)
    audit.record(session, actor.id, "export.audit", now=now, rows=total)
    newest = session.exec(select(func.max(Audit.id))).one()
    return _all(session, actor, wanted, newest)


def as_csv(found: Iterator[Line]) -> Iterator[str]:
    """Lines as CSV, a record at a time."""
    columns = ("id", "at", "who", "what", "verb", "entity", "entity_id", "data")
    cells = (
        (*(getattr(line, name) for name in columns[:-1]), json.dumps(line.data, sort_keys=True))
        for line in found
    )
    return csv_text.rows(columns, cells)


def _all(session: Session, actor: Actor, wanted: Wanted, before: int | None) -> Iterator[Line]:
    while batch := lines(session, actor, wanted, before_id=before, limit=BATCH):
        yield from batch
        before = batch[-1].id


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.verb is not None:
        found.append(col(Audit.verb) == wanted.verb)
    if wanted.person is not None:
        found.append(col(Audit.actor_id) == (wanted.person or None))
    if wanted.start is not None:
        found.append(col(Audit.at) >= wanted.start)
    if wanted.end is not None:
        found.append(col(Audit.at) < wanted.end)
    return found


def _line(entry: Audit, name: str | None) -> Line:
    who = name or DESK
    return Line(
        id=entry.id or 0,
        at=entry.at,
        who=who,
        what=in_words(entry, who),
        verb=entry.verb,
        entity=entry.entity,
        entity_id=entry.entity_id,
        data=entry.data,
    )


def in_words(entry: Audit, who: str) -> str:
    """The line as a sentence: "Mia Keller disabled user 4 (sessions ended 2)"."""
    thing = ENTITIES.get(entry.entity, entry.entity.replace("_", " "))
    number = "" if entry.entity_id is None else str(entry.entity_id)
    said = " ".join(filter(None, (who, PHRASES.get(entry.verb, entry.verb), thing, number)))
    facts = ", ".join(
        f"{FACTS.get(key, key.replace('_', ' '))} {_fact(fact)}".strip()
        for key, fact in sorted(entry.data.items())
    )
    return f"{said} ({facts})" if facts else said


def _fact(fact: Any) -> str:
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, dict) and fact.keys() == {"was", "now"}:
        return f"{_fact(fact['was'])} to {_fact(fact['now'])}"
    if isinstance(fact, list):
        return " and ".join(_fact(part) for part in fact) or "none"
    return "none" if fact is None else str(fact).replace("_", " ")
