"""What somebody is typing on a case: kept as they type, until it is sent or thrown away."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from db.engine import upsert
from db.models import Message, metadata
from services.access import Actor, permitted
from services.cases.journal import LONGEST, seen
from services.domain.roles import Verb

KINDS = ("note", "contact", "reply")
DRAFT: sa.Table = metadata.tables["draft"]
KEY = ("user_id", "case_id", "kind")
MOST = {"body": LONGEST * 2, "subject": 500, "way": 20}  # characters


@dataclass(frozen=True)
class Typed:
    """A draft: the text, the subject of a reply, the way (a key of WAYS) and time of a contact."""

    body: str
    subject: str | None
    way: str | None
    at: datetime | None
    updated_at: datetime


@permitted(Verb.WORK_CASES)
def save(
    session: Session, actor: Actor, number: int, *, kind: str, body: str, now: datetime,
    subject: str | None = None, way: str | None = None, at: datetime | None = None,
) -> None:  # fmt: skip
    """Keep what was typed so far; nothing typed, nothing kept.

    No page shows another person's draft, so the data version stays. Two browsers of one person
    may be the first at once: whoever comes last is kept.
    """
    case = seen(session, actor, number)
    if actor.id is None or kind not in KINDS:
        return
    if not body.strip():
        drop(session, actor, case.id or 0, kind)
        return
    texts = {"body": body, "subject": subject, "way": way}
    typed: dict[str, Any] = {
        name: text and text.replace("\0", "")[: MOST[name]] for name, text in texts.items()
    }
    typed |= {"at": at, "updated_at": now}
    row = upsert(session, DRAFT).values(user_id=actor.id, case_id=case.id, kind=kind, **typed)
    session.connection().execute(row.on_conflict_do_update(index_elements=KEY, set_=typed))


@permitted(Verb.WORK_CASES)
def mine(session: Session, actor: Actor, number: int) -> dict[str, Typed]:
    """One's own drafts on a case, by kind."""
    case = seen(session, actor, number)
    columns = (DRAFT.c[field.name] for field in fields(Typed))
    own = (DRAFT.c.user_id == actor.id, DRAFT.c.case_id == case.id)
    query = sa.select(DRAFT.c.kind, *columns).where(*own)
    return {kind: Typed(*values) for kind, *values in session.connection().execute(query)}


def kind_of(message: Message) -> str:
    """The kind of draft that this message was."""
    return "contact" if message.kind == "call" else message.kind


def again(
    session: Session, actor: Actor, number: int, message: Message, data: Mapping[str, Any],
    now: datetime,
) -> None:  # fmt: skip
    """What was sent and taken back by who wrote it is a draft again, unless another is begun."""
    kind = kind_of(message)
    if actor.id is None or actor.id != message.author_id or kind in mine(session, actor, number):
        return
    reached = data.get("reached")
    save(
        session, actor, number, kind=kind, body=message.body or "", now=now,
        subject=message.subject, way=data.get("way"),
        at=datetime.fromisoformat(reached) if reached else None,
    )  # fmt: skip


def drop(session: Session, actor: Actor, case_id: int, kind: str) -> None:
    """What was typed is sent, or thrown away."""
    own = (DRAFT.c.user_id == actor.id, DRAFT.c.case_id == case_id, DRAFT.c.kind == kind)
    session.connection().execute(DRAFT.delete().where(*own))
