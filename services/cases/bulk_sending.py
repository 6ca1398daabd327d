"""A template to the person of one of many cases: in their language, as a reply from that case."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from db.models import Contact, Template
from services import integrations, templates
from services.access import Actor, Refused, permitted
from services.cases import drafts, replying
from services.cases.journal import NOTHING, Done, seen
from services.domain.roles import Verb
from services.templates import Filled
from services.vendors import title


@dataclass(frozen=True)
class Sent:
    """A message on its way: its event, where it goes, and which template it is.

    `mark` tells its text from any other, so that a preview can be held to what it showed.
    """

    done: Done
    to: str
    template_id: int
    mark: str


@permitted(Verb.BULK)
def send(
    session: Session, actor: Actor, number: int, *, name: str, way: str, now: datetime,
    then: str = "", outcome: str = "", root_cause_id: int | None = None,
) -> Sent:  # fmt: skip
    """Reply with the template of this name.

    Refused where the person may not be written to (see `replying.reply`), where a field of the
    template stays open, and where one's own reply is begun: it would be lost.
    """
    case = seen(session, actor, number)
    if "reply" in drafts.mine(session, actor, number):
        raise Refused(f"Your reply is begun there: send it or empty it first. {NOTHING}")
    contact = session.get(Contact, case.contact_id) if case.contact_id else None
    known = [one for one in templates.usable(session, actor) if one.name == name]
    template = in_language(known, contact.language if contact else None)
    text = templates.filled(session, actor, number, template.id or 0)
    done = replying.reply(
        session, actor, number, way=way, subject=text.subject, body=text.body, now=now, then=then,
        outcome=outcome, root_cause_id=root_cause_id, template_id=template.id,
    )  # fmt: skip
    to = contact.email if contact and way == "email" else title(way)
    return Sent(done, to or "", template.id or 0, mark(text))


def mark(text: Filled) -> str:
    """What tells one filled text from another."""
    return hashlib.sha256(json.dumps([text.subject, text.body]).encode()).hexdigest()


@permitted(Verb.BULK)
def ways(session: Session, actor: Actor) -> dict[str, str]:
    """The ways on which customers can be written to, and what people call them."""
    known = integrations.connected(session)
    return {name: title(name) for name in replying.WAYS if name in known}


def in_language(known: Sequence[Template], language: str | None) -> Template:
    """Of templates of one name the one in this language, else in English, else any."""
    wanted = (language or "en").partition("-")[0].casefold()
    for each in (wanted, "en"):
        for template in known:
            if template.language.partition("-")[0] == each:
                return template
    if not known:
        raise Refused(f"There is no such template. {NOTHING}")
    return known[0]
