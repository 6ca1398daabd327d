"""Deliveries as a list shows them: which ones, where each stands, and every try at one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from db.models import Case, Delivery
from db.models.deliveries import OPEN
from services.access import Actor, permitted
from services.domain.retrying import State
from services.domain.roles import Verb
from services.insights import spelling
from services.insights.spelling import BIGGEST_ID, Spelt, many, one, plain, whole
from services.vendors import KNOWN, title

PAGE = 50
# As the partial index of lanes says it, to the letter.
_OPEN: sa.ColumnElement[bool] = sa.literal_column(OPEN)
VENDORS = {name: title(name) for name in KNOWN}


class View(StrEnum):
    """A tab of the list. Each delivery is in ALL and in one of the others."""

    PERSON = "person"  # given up, or nobody knows whether it arrived
    PENDING = "pending"  # not sent yet, on its way, or being looked up
    SENT = "sent"
    CANCELLED = "cancelled"
    ALL = "all"


@dataclass(frozen=True)
class Wanted(Spelt):
    """Which deliveries: of these states (none: all), of a vendor, of a case, of a tab."""

    states: tuple[State, ...] = ()
    vendor: str | None = None
    case: int | None = None
    view: View = View.ALL

    @property
    def narrowed_down(self) -> bool:
        """Whether more than the tab says which ones."""
        return self != Wanted(view=self.view)


def _vendor(text: str) -> str:
    if text not in VENDORS:
        raise ValueError(text)
    return text


_FIELDS: tuple[spelling.Field, ...] = (
    ("view", "view", plain, one("view", View)),
    ("state", "states", spelling.listed, many("state", State)),
    ("vendor", "vendor", plain, one("vendor", _vendor)),
    ("case", "case", plain, one("case", whole(1, BIGGEST_ID))),
)
KEYS = tuple(key for key, *_ in _FIELDS)
Wanted.SPELT = _FIELDS


@dataclass(frozen=True)
class Row:
    """A delivery as a list shows it. `behind`: an earlier one of the same case has to leave first.

    `asks`: nobody knows whether it arrived, a person decides.
    """

    id: int
    case: int | None
    vendor: str
    title: str
    action: str
    state: State
    attempts: int
    created_at: datetime
    not_before: datetime
    look_at: datetime | None
    ended_at: datetime | None
    error: str | None
    remote_id: str | None
    link: str | None
    message_id: int | None
    mine: bool
    behind: bool

    @property
    def asks(self) -> bool:
        return self.state is State.UNKNOWN and self.look_at is None


@permitted(Verb.SEE)
def listed(
    session: Session, actor: Actor, wanted: Wanted, *, before: int | None = None, limit: int = PAGE
) -> list[Row]:
    """The deliveries, the newest first; `before` is the id that the page begins behind."""
    query = meant(actor, wanted).order_by(col(Delivery.id).desc()).limit(limit)
    if before is not None:
        query = query.where(col(Delivery.id) < before)
    found = session.exec(query).all()
    ids = {delivery.case_id for delivery in found} - {None}
    cases = select(Case.id, Case.number).where(col(Case.id).in_(ids))
    numbers, first = dict(session.exec(cases).all()), _first(session, found)
    return [
        _row(
            each, actor, case=numbers.get(each.case_id),
            behind=each.state == State.PENDING and first.get(each.lane, each.id) != each.id,
        )
        for each in found
    ]  # fmt: skip


def _first(session: Session, found: Sequence[Delivery]) -> dict[str | None, int | None]:
    """The delivery that leaves next in each lane of those that are pending."""
    lanes = {each.lane for each in found if each.state == State.PENDING} - {None}
    query = (
        sa.select(col(Delivery.lane), sa.func.min(Delivery.id))
        .where(col(Delivery.lane).in_(lanes), _OPEN)
        .group_by(col(Delivery.lane))
    )
    return {row[0]: row[1] for row in session.connection().execute(query)}


@permitted(Verb.SEE)
def counts(session: Session, actor: Actor, wanted: Wanted) -> dict[State, int]:
    """How many of them stand in each state."""
    state = col(Delivery.state)
    query = meant(actor, wanted).with_only_columns(state, sa.func.count()).group_by(state)
    return {State(state): n for state, n in session.connection().execute(query)}


@permitted(Verb.SEE)
def tabs(session: Session, actor: Actor, wanted: Wanted) -> dict[View, int]:
    """How many each tab holds, whatever tab is open."""
    every = wanted.narrowed(view=View.ALL)
    n = counts(session, actor, every)
    asking = counts(session, actor, every.narrowed(view=View.PERSON)).get(State.UNKNOWN, 0)
    tab = {View.SENT: n.get(State.SENT, 0), View.CANCELLED: n.get(State.CANCELLED, 0)}
    tab[View.PERSON] = n.get(State.FAILED, 0) + asking
    tab[View.ALL] = sum(n.values())
    return tab | {View.PENDING: 2 * tab[View.ALL] - sum(tab.values())}


def meant(actor: Actor, wanted: Wanted) -> SelectOfScalar[Delivery]:
    """The deliveries that are wanted and may be seen: those of cases, and one's own notices."""
    query = select(Delivery)
    # Said in a way that no engine takes for two look-ups: it would sort all that they find.
    to_me = sa.func.coalesce(col(Delivery.user_id), actor.id or 0) == (actor.id or 0)
    if actor.units is not None:
        seen = select(Case.id).where(col(Case.unit_id).in_(actor.units))
        mine = sa.func.coalesce(col(Delivery.user_id), 0) == (actor.id or -1)
        query = query.where(sa.or_(mine, col(Delivery.case_id).in_(seen)))
    if not actor.may(Verb.ADMINISTER):  # what goes to colleagues is theirs
        query = query.where(to_me)
    if wanted.states:
        query = query.where(col(Delivery.state).in_(wanted.states))
    if wanted.vendor:
        query = query.where(Delivery.vendor == wanted.vendor)
    if wanted.case is not None:
        case = select(Case.id).where(Case.number == wanted.case)
        merged = select(Case.id).where(col(Case.merged_into).in_(case))
        query = query.where(col(Delivery.case_id).in_(sa.union_all(case, merged)))
    return query if wanted.view is View.ALL else query.where(_in_tab(wanted.view))


def _in_tab(view: View) -> sa.ColumnElement[bool]:
    state, look_at = col(Delivery.state), col(Delivery.look_at)
    unclear = state == State.UNKNOWN
    if view is View.PERSON:
        return sa.or_(state == State.FAILED, sa.and_(unclear, look_at.is_(None)))
    if view is View.PENDING:
        leaving = state.in_((State.PENDING, State.SENDING))
        return sa.or_(leaving, sa.and_(unclear, look_at.is_not(None)))
    return state == view.value


def _row(delivery: Delivery, actor: Actor, **found: Any) -> Row:
    return Row(
        id=delivery.id or 0, vendor=delivery.vendor, title=title(delivery.vendor),
        action=delivery.action, state=State(delivery.state), attempts=delivery.attempts,
        created_at=delivery.created_at, not_before=delivery.not_before, look_at=delivery.look_at,
        ended_at=delivery.ended_at, error=delivery.last_error, remote_id=delivery.remote_id,
        link=delivery.link, message_id=delivery.message_id,
        mine=actor.id is not None and delivery.actor_id == actor.id, **found,
    )  # fmt: skip
