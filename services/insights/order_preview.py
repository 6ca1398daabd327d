"""What other weights would do to the queue, before anybody decides on them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from db.engine import slices
from db.models import Account, Contact, Response
from services.access import Actor, permitted
from services.cases.ranking import Ranker, Rules, answers
from services.cases.weighing import checked
from services.domain import priority
from services.domain.roles import Verb
from services.insights.case_selects import CASE, JOINED, OWNER_SHOWN, active

TOP = 20


@dataclass(frozen=True)
class Place:
    """A case among the first: its place now and as it would be, and its hours forward."""

    number: int
    customer: str
    owner: str | None
    arr: Decimal | None
    currency: str | None
    before: int
    after: int
    hours_before: float
    hours_after: float


@dataclass(frozen=True)
class Preview:
    """Of `open` cases that wait for us, how many change their place, and the first `TOP`."""

    open: int
    moved: int
    before: tuple[Place, ...]
    after: tuple[Place, ...]

    @property
    def new(self) -> int:
        """How many of the first are not among them now."""
        now = {place.number for place in self.before}
        return sum(place.number not in now for place in self.after)


@dataclass(frozen=True)
class _Weighed:
    """A case with its place in the queue as it is and as it would be, and its hours in both."""

    id: int
    rank: datetime
    new: datetime
    hours: float
    new_hours: float


@permitted(Verb.ADMINISTER)
def preview(session: Session, actor: Actor, rules: Rules, *, now: datetime) -> Preview:  # noqa: ARG001
    """What these rules would do to the cases that wait for us; nothing is written."""
    checked(rules)
    found = [*_weighed(session, rules, now)]
    before = _places({one.id: one.rank for one in found})
    after = _places({one.id: one.new for one in found})
    first = [one for one in found if min(before[one.id], after[one.id]) <= TOP]
    places = _named(session, first, before, after)
    return Preview(
        open=len(found),
        moved=sum(before[one.id] != after[one.id] for one in found),
        before=_first(places, "before"),
        after=_first(places, "after"),
    )


def _places(ranks: Mapping[int, datetime]) -> dict[int, int]:
    """Each case's place, 1 for the first."""
    ordered = sorted(ranks, key=lambda key: (ranks[key], key))
    return {key: n for n, key in enumerate(ordered, 1)}


def _first(places: Sequence[Place], side: str) -> tuple[Place, ...]:
    within = [place for place in places if getattr(place, side) <= TOP]
    return tuple(sorted(within, key=lambda place: int(getattr(place, side))))


def _weighed(session: Session, rules: Rules, now: datetime) -> Iterator[_Weighed]:
    query = sa.select(*(CASE.c[name] for name in _OF_CASE)).where(*active(now))
    cases = session.connection().execute(query).all()
    for lot in slices(cases):
        about = [case.response_id for case in lot if case.response_id]
        by_id = {one.id: one for one in answers(session, col(Response.id).in_(about))}
        ranker = Ranker(session, [*by_id.values()], now, rules)
        for case in lot:
            answer = by_id.get(case.response_id)
            reasons = ranker.reasons(answer, case.id, asked=case.asked) if answer else []
            reasons += case.given_reasons
            promised = case.close_due if case.contacted_at else case.first_due
            new = priority.rank(promised or case.opened_at, reasons)
            old = priority.shift(case.priority_reasons)
            yield _Weighed(case.id, case.rank_at, new, old, priority.shift(reasons))


def _named(
    session: Session, found: Sequence[_Weighed], before: dict[int, int], after: dict[int, int]
) -> list[Place]:
    by_id = {one.id: one for one in found}
    query = _NAMED.where(CASE.c.id.in_(by_id))
    return [
        Place(
            row.number, row.customer or "", row.owner, row.arr, row.currency,
            before[row.id], after[row.id], by_id[row.id].hours, by_id[row.id].new_hours,
        )
        for row in session.connection().execute(query)
    ]  # fmt: skip


_OF_CASE = (
    "id", "response_id", "rank_at", "priority_reasons", "given_reasons", "asked",
    "contacted_at", "first_due", "close_due", "opened_at",
)  # fmt: skip
_NAMED: Any = sa.select(
    CASE.c.id, CASE.c.number,
    sa.func.coalesce(col(Account.name), col(Contact.name), col(Contact.email)).label("customer"),
    OWNER_SHOWN.label("owner"), col(Account.arr), col(Account.currency),
).select_from(JOINED)  # fmt: skip
