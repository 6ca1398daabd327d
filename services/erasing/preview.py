"""What erasing a person takes away, before it does, and what is left at others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from services.access import Actor, permitted
from services.domain.many import many
from services.domain.retrying import State
from services.domain.roles import Verb
from services.erasing.theirs import (
    CASE,
    DELIVERY,
    DRAFT,
    MESSAGE,
    REF,
    REJECT,
    RESPONSE,
    VIEW,
    Theirs,
    seen,
)
from services.vendors import title


@dataclass(frozen=True)
class Remote:
    """What a vendor has and the desk cannot remove there; `link` leads to it, where it is known."""

    vendor: str
    what: str
    remote_id: str
    link: str | None = None


@dataclass(frozen=True)
class Preview:
    """What is kept of a person. `counts` are by the names of `COUNTED`.

    `cases` are the numbers of theirs, `elsewhere` those about others that hold an answer of theirs:
    what is written there is not removed. `views` counts saved views that search for them.
    """

    contact_id: int
    counts: Mapping[str, int]
    cases: tuple[int, ...]
    elsewhere: tuple[int, ...]
    views: int
    remote: tuple[Remote, ...]


COUNTED = ("answers", "comments", "messages", "drafts", "deliveries", "waiting", "rejects")


@permitted(Verb.ERASE)
def preview(session: Session, actor: Actor, contact_id: int) -> Preview:
    """What `erase` would take away. Refused where there is no such person, or none any more."""
    return told(session, Theirs(session, seen(session, actor, contact_id)))


def told(session: Session, theirs: Theirs) -> Preview:
    """The preview for a person who is in hand already."""
    waiting = DELIVERY.c.state == State.PENDING.value
    meant: Mapping[str, tuple[sa.Table, sa.ColumnElement[bool]]] = {
        "answers": (RESPONSE, theirs.responses),
        "comments": (RESPONSE, theirs.responses & RESPONSE.c.comment.is_not(None)),
        "messages": (MESSAGE, theirs.messages),
        "drafts": (DRAFT, theirs.drafts),
        "deliveries": (DELIVERY, theirs.deliveries),
        "waiting": (DELIVERY, theirs.deliveries & waiting),
        "rejects": (REJECT, theirs.rejects),
    }  # fmt: skip
    others = sa.select(CASE.c.number).where(theirs.elsewhere).order_by(CASE.c.number)
    return Preview(
        contact_id=theirs.id,
        counts={name: _count(session, *of) for name, of in meant.items()},
        cases=theirs.numbers,
        elsewhere=tuple(session.connection().execute(others).scalars()),
        views=_count(session, VIEW, theirs.views),
        remote=_remote(session, theirs),
    )


def sentences(found: Preview) -> list[str]:
    """What erasing means for this person, in our own words and their numbers."""
    n, numbers = found.counts, ", ".join(map(str, found.cases))
    said = [
        f"Of {many(n['answers'], 'answer')} score, date and survey stay, so that every figure "
        f"does. The name, {many(n['comments'], 'comment')} and the properties go."
    ]
    if found.cases:
        said.append(
            f"Of {many(len(found.cases), 'case')} (number {numbers}) what was done, and when, "
            f"stays. {many(n['messages'], 'note or message', 'notes and messages')} and "
            f"{many(n['drafts'], 'draft')} go."
        )
    if n["deliveries"]:
        said.append(
            f"Of {many(n['deliveries'], 'delivery', 'deliveries')} what was sent goes. Not left "
            f"yet, and cancelled: {n['waiting']:,}."
        )
    if n["rejects"]:
        said.append(f"{many(n['rejects'], 'row')} of imports that were not taken: emptied.")
    if found.elsewhere:
        others = ", ".join(map(str, found.elsewhere))
        said.append(f"Look yourself at cases of others that hold an answer of theirs: {others}.")
    if found.views:
        said.append(f"Look yourself at {many(found.views, 'saved view')} with their name in it.")
    return said


def _count(session: Session, table: sa.Table, where: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(where)
    return int(session.connection().execute(query).scalar_one())


def _remote(session: Session, theirs: Theirs) -> tuple[Remote, ...]:
    """Each once, by vendor and id. Mail that was sent is in their own mailbox."""
    of_case = sa.and_(REF.c.entity == "case", REF.c.entity_id.in_(theirs.case_ids))
    refs = sa.select(REF.c.vendor, REF.c.entity.label("what"), REF.c.remote_id).where(
        sa.or_(theirs.refs, of_case)
    )
    sent = sa.select(
        DELIVERY.c.vendor, DELIVERY.c.action.label("what"), DELIVERY.c.remote_id, DELIVERY.c.link
    ).where(theirs.deliveries, DELIVERY.c.vendor != "email", DELIVERY.c.remote_id > "")
    found: dict[tuple[str, str], Remote] = {}
    for query in (refs, sent):
        for row in session.connection().execute(query.order_by("vendor", "remote_id")).mappings():
            _add(found, dict(row))
    return tuple(found[key] for key in sorted(found))


def _add(found: dict[tuple[str, str], Remote], row: Mapping[str, Any]) -> None:
    key = (row["vendor"], row["remote_id"])
    known = found.get(key)
    if known is None or (known.link is None and row.get("link")):
        what = known.what if known else row["what"]
        found[key] = Remote(title(row["vendor"]), what, row["remote_id"], row.get("link"))
