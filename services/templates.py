"""Texts to start a reply from: by name and language, with merge fields."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from db.models import Account, Case, Contact, Response, Survey, Template, User
from services import audit, settings
from services.access import Actor, Forbidden, Refused, permitted
from services.cases.journal import LONGEST, seen
from services.domain import merge
from services.domain.roles import Grant, Verb, grant

NOTHING = "Nothing was changed."
LONGEST_NAME, LONGEST_SUBJECT = 80, 200  # characters
EXAMPLE: Mapping[str, str | None] = {
    "contact.first_name": "Dana", "contact.name": "Dana Reyes", "account.name": "Acme Corp",
    "case.number": "1042", "score": "3", "comment": "The export broke twice this week.",
    "answer.date": "12 May 2026", "survey.name": "Relationship NPS",
}  # fmt: skip


@dataclass(frozen=True)
class Filled:
    """A template filled in for one case; `missing` are fields for which nothing is known."""

    template_id: int
    subject: str
    body: str
    missing: tuple[str, ...]


@permitted(Verb.SEE)
def usable(session: Session, actor: Actor) -> list[Template]:
    """The templates that the actor may use: those of everybody, and their own."""
    query = select(Template).where(
        col(Template.retired_at).is_(None),
        or_(col(Template.shared).is_(True), Template.owner_id == actor.id),
    )  # fmt: skip
    return list(session.exec(query.order_by(col(Template.name), col(Template.language))))


@dataclass(frozen=True)
class Kept:
    """A template, whose it is, and whether the actor may change it."""

    template: Template
    owner: str
    may_change: bool


@permitted(Verb.SHARE)
def kept(session: Session, actor: Actor) -> list[Kept]:
    """The templates that there are: all of them for those who share, else as `usable`."""
    query = select(Template, User.name).outerjoin(User, col(User.id) == Template.owner_id)
    query = query.where(col(Template.retired_at).is_(None))
    shares = grant(actor.role, Verb.SHARE) is Grant.YES
    if not shares:
        query = query.where(or_(col(Template.shared).is_(True), Template.owner_id == actor.id))
    ordered = query.order_by(col(Template.name), col(Template.language))
    return [
        Kept(found, owner or "", shares or (found.owner_id == actor.id and not found.shared))
        for found, owner in session.exec(ordered)
    ]


def wording(template: Template) -> dict[str, Any]:
    """What people write of a template."""
    return template.model_dump(include={"name", "language", "subject", "body", "shared"})


def mark(wording: Mapping[str, Any]) -> str:
    """What tells one wording of a template from another."""
    told = [wording[name] for name in sorted(wording)]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@permitted(Verb.SHARE)
def tried(
    session: Session, actor: Actor, *, subject: str, body: str, number: int | None = None
) -> Filled:
    """A text as it would read for a case, or for the person of `EXAMPLE`, before it is kept."""
    _body(body, subject)
    if number is not None:
        return _filled(0, subject, body, _values(session, actor, seen(session, actor, number)))
    me = {"agent.name": actor.name, "agent.first_name": merge.first_name(actor.name)}
    desk = {"desk.name": settings.get(session, "desk_name")}
    return _filled(0, subject, body, {**EXAMPLE, **me, **desk})


@permitted(Verb.SHARE)
def save(
    session: Session, actor: Actor, *, name: str, language: str, subject: str, body: str,
    shared: bool, now: datetime, template_id: int | None = None, seen_as: str | None = None,
) -> int:  # fmt: skip
    """Make or change a template; its id. Who may only propose keeps it for themselves.

    `seen_as` is its `mark` when it was opened: Refused where it is another one by now.
    """
    found = _found(session, actor, template_id) if template_id else Template(
        name="", body="", owner_id=actor.id
    )  # fmt: skip
    if template_id and seen_as is not None and mark(wording(found)) != seen_as:
        raise Refused(f"Somebody changed it while you wrote. What you typed is here. {NOTHING}")
    found.name, found.language = _line(name, LONGEST_NAME, "A name"), _language(language)
    found.subject = subject.strip()[:LONGEST_SUBJECT]
    found.body = _body(body, subject)
    found.shared = shared and grant(actor.role, Verb.SHARE) is Grant.YES
    session.add(found)
    try:
        with session.begin_nested():
            session.flush()
    except IntegrityError:
        raise Refused(f"There is a template {name!r} in this language already. {NOTHING}") from None
    audit.record(
        session, actor.id, "template.save", now=now, entity="template", entity_id=found.id,
        shared=found.shared,
    )  # fmt: skip
    return found.id or 0


@permitted(Verb.SHARE)
def retire(session: Session, actor: Actor, template_id: int, *, now: datetime) -> None:
    """Offer it no longer; what was written with it stays."""
    found = _found(session, actor, template_id)
    found.retired_at = now
    found.name = f"{found.name} (until {now:%Y-%m-%d %H:%M:%S})"  # its name is free again
    session.add(found)
    audit.record(
        session, actor.id, "template.retire", now=now, entity="template", entity_id=template_id
    )


@permitted(Verb.WORK_CASES)
def filled(session: Session, actor: Actor, number: int, template_id: int) -> Filled:
    """The template as it reads for this case."""
    case = seen(session, actor, number)
    template = next((each for each in usable(session, actor) if each.id == template_id), None)
    if template is None:
        raise Refused("There is no such template.")
    return _filled(template_id, template.subject, template.body, _values(session, actor, case))


@permitted(Verb.WORK_CASES)
def offered(session: Session, actor: Actor, number: int) -> list[Template]:
    """The templates for this case: those in the person's language first."""
    case = seen(session, actor, number)
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    language = (contact and contact.language or "en").partition("-")[0].casefold()
    return sorted(usable(session, actor), key=lambda t: (t.language != language, t.name))


def _filled(template_id: int, subject: str, body: str, values: Mapping[str, str | None]) -> Filled:
    """Both texts with their fields filled in."""
    line, text = merge.merged(subject, values), merge.merged(body, values)
    missing = tuple(dict.fromkeys([*line.missing, *text.missing]))
    return Filled(template_id, line.text, text.text, missing)


def _values(session: Session, actor: Actor, case: Case) -> Mapping[str, str | None]:
    number = {"case.number": str(case.number)}
    about = (case.response_id, case.contact_id, case.account_id)
    return values_of(session, actor, *about) | number


def values_of(
    session: Session, writer: Actor, response_id: int | None, contact_id: int | None,
    account_id: int | None,
) -> dict[str, str | None]:  # fmt: skip
    """What merge fields stand for where `writer` writes about an answer."""
    contact = session.get(Contact, contact_id) if contact_id else None
    account = session.get(Account, account_id) if account_id else None
    query = select(Response, Survey.name).join(Survey).where(Response.id == response_id)
    answer, survey = session.exec(query).first() or (None, None)
    zone = settings.reporting_zone(session)
    return {
        "contact.name": contact and contact.name,
        "contact.first_name": merge.first_name((contact and contact.name) or ""),
        "account.name": account and account.name,
        "score": None if answer is None else str(answer.score_given or answer.score),
        "comment": answer and answer.comment,
        "answer.date": answer and f"{answer.answered_at.astimezone(zone):%d %B %Y}",
        "survey.name": survey,
        "agent.name": writer.name,
        "agent.first_name": merge.first_name(writer.name),
        "desk.name": settings.get(session, "desk_name"),
    }  # fmt: skip


def _found(session: Session, actor: Actor, template_id: int) -> Template:
    found = session.get(Template, template_id, with_for_update=True, populate_existing=True)
    if found is None or found.retired_at:
        raise Refused(f"There is no such template. {NOTHING}")
    if grant(actor.role, Verb.SHARE) is not Grant.YES and (
        found.shared or found.owner_id != actor.id
    ):
        raise Forbidden(f"{actor.role.value} may change their own templates only")
    return found


def _line(text: str, longest: int, what: str) -> str:
    line = " ".join(text.replace("\0", "").split())
    if not 1 <= len(line) <= longest:
        raise Refused(f"{what} has 1 to {longest} characters. {NOTHING}")
    return line


def _language(text: str) -> str:
    given = text.strip().casefold()
    if not (2 <= len(given) <= 8 and given.replace("-", "").isalpha()):
        raise Refused(f"A language is a code such as en, de or pt-br. {NOTHING}")
    return given


def _body(body: str, subject: str) -> str:
    text = body.replace("\0", "").strip()
    if not text or len(text) > LONGEST:
        raise Refused(f"A template has 1 to {LONGEST:,} characters. {NOTHING}")
    if wrong := merge.unknown(f"{subject}\n{text}"):
        raise Refused(f"There is no merge field {{{{{wrong[0]}}}}}. {NOTHING}")
    return text
