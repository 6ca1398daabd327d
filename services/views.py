"""Saved views of the queue: a filter under a name, one's own or everybody's, with its count.

What is kept is what the address of the queue says; so it opens as a shared link does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import sqlalchemy as sa
from sqlmodel import Session, col, or_, select

from db.engine import bump
from db.models import SavedView, User
from services import audit
from services.access import Actor, Forbidden, Refused, permitted
from services.cases.journal import NOTHING
from services.domain.roles import Grant, Verb, grant
from services.insights.case_filter import CaseFilter
from services.insights.case_selects import CASE, JOINED
from services.insights.queue import meant_by
from services.person_fields import one_line

LONGEST = 40  # characters of a name
MOST = 30  # views of a person
COUNTED = 1000  # a count goes no further: what is more is told as such


@dataclass(frozen=True)
class Saved:
    """A view as somebody sees it; `n` cases, at most `COUNTED`. `proposed` waits for a yes."""

    id: int
    name: str
    filter: CaseFilter
    n: int
    owner: str
    mine: bool
    shared: bool
    proposed: bool


@permitted(Verb.SEE)
def listed(
    session: Session, actor: Actor, *, now: datetime, me: int | None
) -> tuple[Saved, ...]:  # fmt: skip
    """One's own views and those of everybody, by name; who may share also sees the proposed."""
    seen: list[Any] = [col(SavedView.shared).is_(True), col(SavedView.owner_id) == (me or -1)]
    if _shares(actor):
        seen.append(col(SavedView.proposed).is_(True))
    query = select(SavedView, User.name).join(User, col(User.id) == SavedView.owner_id)
    found = session.exec(query.where(or_(*seen)).order_by(sa.func.lower(SavedView.name)))
    return tuple(_told(session, actor, row, owner, now, me) for row, owner in found)


@permitted(Verb.WORK_CASES)
def save(
    session: Session, actor: Actor, *, name: str, filter: CaseFilter, now: datetime,
    share: bool = False,
) -> int:  # fmt: skip
    """Keep the filter under a name, for oneself or (`share`) for everybody; its id."""
    if actor.id is None:
        raise Refused(f"A view belongs to a person. {NOTHING}")
    bump(session)
    own = select(sa.func.count()).where(SavedView.owner_id == actor.id)
    if session.exec(own).one() >= MOST:
        raise Refused(f"You have {MOST} views already: remove one. {NOTHING}")
    row = SavedView(
        owner_id=actor.id, name=_free(session, actor.id, name), query=spelt(filter), created_at=now
    )
    session.add(row)
    session.flush()
    if share:
        _share(session, actor, row, now)
    return row.id or 0


@permitted(Verb.WORK_CASES)
def rename(session: Session, actor: Actor, view_id: int, *, name: str, now: datetime) -> None:
    """Call it otherwise."""
    row = _held(session, actor, view_id)
    row.name = _free(session, row.owner_id, name, besides=row.id)
    _kept(session, actor, row, "view.renamed", now)


@permitted(Verb.WORK_CASES)
def remove(session: Session, actor: Actor, view_id: int, *, now: datetime) -> None:
    """Nobody has it any more."""
    row = _held(session, actor, view_id)
    if row.shared:
        audit.record(
            session, actor.id, "view.removed", now=now, entity="saved_view", entity_id=row.id
        )
    session.delete(row)
    session.flush()


@permitted(Verb.SHARE)
def share(session: Session, actor: Actor, view_id: int, *, now: datetime) -> bool:
    """Give it to everybody, or propose that to those who may; whether everybody has it now.

    For them it is also the yes to what somebody proposed.
    """
    return _share(session, actor, _held(session, actor, view_id), now)


@permitted(Verb.SHARE)
def keep_private(session: Session, actor: Actor, view_id: int, *, now: datetime) -> None:
    """It is its owner's alone (again): also the no to what somebody proposed."""
    row = _held(session, actor, view_id)
    row.shared = row.proposed = False
    _kept(session, actor, row, "view.unshared", now)


@permitted(Verb.WORK_CASES)
def remember(session: Session, actor: Actor, filter: CaseFilter) -> None:
    """What the queue opens with for this person next time: what they chose last, without words.

    Nobody else's page shows it, so the data version stays.
    """
    row = session.get(User, actor.id) if actor.id else None
    query = spelt(filter.narrowed(text=""))
    if row is not None and row.last_view != query:
        row.last_view = query
        session.add(row)
        session.flush()


@permitted(Verb.SEE)
def remembered(session: Session, actor: Actor) -> CaseFilter | None:
    """What this person chose last; None: nothing yet."""
    row = session.get(User, actor.id) if actor.id else None
    return read(row.last_view) if row is not None and row.last_view else None


def spelt(filter: CaseFilter) -> str:
    """The filter as the address says it, its tab always."""
    return urlencode({"view": [filter.view.value]} | filter.to_query(), doseq=True)


def read(query: str) -> CaseFilter:
    """What `spelt` wrote; what it names that nobody knows any more is left out."""
    told: Mapping[str, Sequence[str]] = parse_qs(query)
    return CaseFilter.from_query(told)[0]


def _told(
    session: Session, actor: Actor, row: SavedView, owner: str, now: datetime, me: int | None
) -> Saved:  # fmt: skip
    filter = read(row.query)
    return Saved(
        row.id or 0, row.name, filter, _count(session, actor, filter, now, me), owner,
        row.owner_id == me, row.shared, row.proposed,
    )  # fmt: skip


def _count(
    session: Session, actor: Actor, filter: CaseFilter, now: datetime, me: int | None
) -> int:  # fmt: skip
    meant = meant_by(session, actor, filter, now, me)
    source = JOINED if filter.scores or filter.metrics else CASE
    some = sa.select(CASE.c.id).select_from(source).where(*meant).limit(COUNTED).subquery()
    query = sa.select(sa.func.count()).select_from(some)
    return int(session.connection().execute(query).scalar_one())


def _shares(actor: Actor) -> bool:
    return grant(actor.role, Verb.SHARE) is Grant.YES


def _held(session: Session, actor: Actor, view_id: int) -> SavedView:
    """The view, where the actor may change it: their own, or what everybody has or shall have."""
    bump(session)
    row = session.get(SavedView, view_id)
    others = row is not None and (row.shared or row.proposed)
    if row is None or (row.owner_id != actor.id and not others):
        raise Refused(f"There is no such view (any more). {NOTHING}")
    if (row.shared or row.owner_id != actor.id) and not _shares(actor):
        raise Forbidden(f"A view of everybody is changed by a manager. {NOTHING}")
    return row


def _free(session: Session, owner_id: int, name: str, besides: int | None = None) -> str:
    """The name, where this person has no view that is called so."""
    text = one_line(name, LONGEST)
    query = select(SavedView.id).where(
        SavedView.owner_id == owner_id, sa.func.lower(SavedView.name) == text.lower(),
        SavedView.id != besides,
    )  # fmt: skip
    if session.exec(query).first() is not None:
        raise Refused(f"There is a view of this name already. {NOTHING}")
    return text


def _share(session: Session, actor: Actor, row: SavedView, now: datetime) -> bool:
    if not actor.may(Verb.SHARE):
        raise Forbidden(f"Support keeps views for itself. {NOTHING}")
    row.shared, row.proposed = _shares(actor), not _shares(actor)
    _kept(session, actor, row, "view.shared" if row.shared else "view.proposed", now)
    return row.shared


def _kept(session: Session, actor: Actor, row: SavedView, verb: str, now: datetime) -> None:
    session.add(row)
    session.flush()
    if row.shared or row.proposed or verb == "view.unshared":
        audit.record(session, actor.id, verb, now=now, entity="saved_view", entity_id=row.id)
