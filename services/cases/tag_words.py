"""The tags as words of the desk: how many cases carry each; renamed, merged and removed by those
who lead. The journals of the cases stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import bump
from db.models import Case, CaseTag, SavedView, Tag, User
from services import audit, views
from services.access import Actor, Forbidden, Refused, permitted
from services.cases.journal import NOTHING
from services.cases.tagging import LONGEST, called
from services.domain import tag_names
from services.domain.lifecycle import UNRESOLVED, Status
from services.domain.roles import Grant, Verb, grant
from services.person_fields import one_line

TAGGED: sa.Table = CaseTag.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Carried:
    """How many cases carry a tag; one that was merged into another case counts as that one."""

    open: int = 0
    closed: int = 0

    @property
    def all(self) -> int:
        """Open and closed ones."""
        return self.open + self.closed


@permitted(Verb.SHARE)
def kept(session: Session, actor: Actor) -> list[tuple[int, str, Carried]]:
    """(id, name, cases) of every tag in use, by name."""
    query = select(CaseTag.tag_id, *_sums(col(Case.id))).join(Case).where(*_seen(actor))
    cases = {
        tag_id: Carried(int(open_), int(closed))
        for tag_id, open_, closed in session.exec(query.group_by(col(CaseTag.tag_id)))
    }
    found = [(key, name, cases.get(key, Carried())) for key, name in called(session).items()]
    return sorted(found, key=lambda one: one[1].casefold())


@permitted(Verb.SHARE)
def carried(session: Session, actor: Actor, ids: tuple[int, ...]) -> Carried:
    """How many cases carry any of these tags."""
    tagged = select(CaseTag.case_id).where(col(CaseTag.tag_id).in_(ids))
    query = select(*_sums(col(Case.id))).where(col(Case.id).in_(tagged), *_seen(actor))
    open_, closed = session.exec(query).one()
    return Carried(int(open_ or 0), int(closed or 0))


@permitted(Verb.SHARE)
def rename(session: Session, actor: Actor, tag_id: int, *, name: str, now: datetime) -> None:
    """Another word for it, wherever it stands; one that is a tag already is to be merged with."""
    row, text = _led(session, actor, tag_id), one_line(name, LONGEST, "A tag")
    known = {key: word.casefold() for key, word in called(session).items() if key != tag_id}
    if text.casefold() in known.values():
        raise Refused(f"There is a tag of this name already: make them one. {NOTHING}")
    row.name = text
    _note(session, actor, row, "tag.rename", now)


@permitted(Verb.SHARE)
def merge(session: Session, actor: Actor, tag_id: int, *, into: int, now: datetime) -> Carried:
    """The cases of one tag carry the other from now on, and saved views ask for that one."""
    row, other = _led(session, actor, tag_id), _led(session, actor, into)
    if tag_id == into:
        raise Refused(f"A tag is merged with another one. {NOTHING}")
    there = sa.select(TAGGED.c.case_id).where(TAGGED.c.tag_id == into)
    only = TAGGED.c.case_id.not_in(there)
    session.connection().execute(
        sa.update(TAGGED).where(TAGGED.c.tag_id == tag_id, only).values(tag_id=into)
    )
    _take_off(session, row)
    _point_views(session, tag_id, into)
    found = carried(session, actor, (into,))
    _note(session, actor, row, "tag.merge", now, into=other.id, cases=found.all)
    return found


@permitted(Verb.SHARE)
def remove(session: Session, actor: Actor, tag_id: int, *, now: datetime) -> Carried:
    """No case carries it any more; a saved view that asks for it says that it is gone."""
    row, found = _led(session, actor, tag_id), carried(session, actor, (tag_id,))
    _take_off(session, row)
    _note(session, actor, row, "tag.remove", now, cases=found.all)
    return found


def _led(session: Session, actor: Actor, tag_id: int) -> Tag:
    """The tag, for those who lead; nobody tags a case meanwhile."""
    if grant(actor.role, Verb.SHARE) is not Grant.YES:
        raise Forbidden(f"{actor.role.value} may use tags, not change them")
    bump(session)
    row = session.get(Tag, tag_id, populate_existing=True)
    if row is None or not tag_names.in_use(row.name):
        raise Refused(f"There is no such tag (any more). {NOTHING}")
    return row


def _take_off(session: Session, row: Tag) -> None:
    session.connection().execute(sa.delete(TAGGED).where(TAGGED.c.tag_id == row.id))
    row.name = tag_names.retired(row.name, row.id or 0)


def _note(
    session: Session, actor: Actor, row: Tag, verb: str, now: datetime, **data: Any
) -> None:  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, actor.id, verb, now=now, entity="tag", entity_id=row.id, **data)


def _point_views(session: Session, gone: int, into: int) -> None:
    """What asks for the one tag asks for the other: saved views, and what the queue opens with."""
    for view in session.exec(select(SavedView).where(col(SavedView.query).contains("tag="))):
        view.query = _pointed(view.query, gone, into)
        session.add(view)
    for user in session.exec(select(User).where(col(User.last_view).contains("tag="))):
        user.last_view = _pointed(user.last_view or "", gone, into)
        session.add(user)


def _pointed(query: str, gone: int, into: int) -> str:
    filter = views.read(query)
    if gone not in filter.tags:
        return query
    tags = dict.fromkeys(into if tag == gone else tag for tag in filter.tags)
    return views.spelt(filter.narrowed(tags=tuple(tags)))


def _sums(case_id: Any) -> Sequence[Any]:
    """How many of the cases are open, and how many are resolved."""
    status = col(Case.status)
    sides = (status.in_(UNRESOLVED), status == Status.RESOLVED)
    return [sa.func.count(sa.case((side, case_id))) for side in sides]


def _seen(actor: Actor) -> list[Any]:
    return [] if actor.units is None else [col(Case.unit_id).in_(actor.units)]
