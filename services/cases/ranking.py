"""Where a case stands in the queue: what is known about its answer, contact and account."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.engine import slices
from db.models import Account, Case, Contact, Response, Survey, User
from services import settings
from services.cases.journal import rank_of, state_of
from services.domain import priority
from services.domain.lifecycle import UNRESOLVED, Status
from services.domain.scores import Direction, Metric, Scale
from services.domain.weights import Weights


@dataclass(frozen=True)
class Told:
    """An answer with everything that opening and ranking its case look at."""

    id: int
    metric: Metric
    score: int
    band: int
    scale: Scale
    direction: Direction
    answered_at: datetime
    followup: str
    anonymous: bool
    is_test: bool
    excluded: bool
    contact_id: int | None
    do_not_contact: bool
    account_id: int | None
    unit_id: int | None
    arr: Any
    currency: str | None
    renewal_on: date | None
    team_id: int | None

    @property
    def asked(self) -> bool:
        """Whether they asked to be contacted."""
        return self.followup == "requested"


def answers(session: Session, *where: sa.ColumnElement[bool]) -> list[Told]:
    """The answers that meet `where` (conditions on response), the earliest first."""
    query = _TOLD.where(*where).order_by(col(Response.answered_at), col(Response.id))
    return [_told(row._mapping) for row in session.connection().execute(query)]


@dataclass(frozen=True)
class Rules:
    """What the admin decided about the order: the weights, and which accounts are large.

    `large` is the ARR in the account's own currency, unless `elsewhere` names another for that
    currency.
    """

    weights: Weights
    large: int
    elsewhere: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session) -> "Rules":
        """As they stand."""
        return cls(
            Weights.parse(settings.get(session, "priority_weights")),
            int(settings.get(session, "large_account_arr")),
            settings.get(session, "large_by_currency"),
        )

    def large_in(self, currency: str | None) -> int:
        """From which ARR an account counts as large."""
        return self.elsewhere.get((currency or "").upper(), self.large)


class Ranker:
    """Works out the reasons of many cases with a few statements."""

    def __init__(
        self, session: Session, found: Sequence[Told], now: datetime, rules: Rules | None = None
    ) -> None:
        self.zone: ZoneInfo = settings.reporting_zone(session)
        self.rules = rules or Rules.of(session)
        self.today, self.now = now.astimezone(self.zone).date(), now
        contacts = sorted({told.contact_id for told in found if told.contact_id})
        self._history = _grouped(earlier(session, contacts))
        self._cases = _grouped(_cases(session, contacts, now - priority.REPEATED))

    def reasons(
        self, told: Told, case_id: int | None = None, *, asked: bool = False
    ) -> list[priority.Reason]:
        """Why the case of this answer stands where it does; `case_id` if it has one already."""
        before = [
            row for row in self._history.get(told.contact_id, ())
            if (row.answered_at, row.id) < (told.answered_at, told.id)
        ]  # fmt: skip
        same = [row for row in before if row.metric == told.metric.value]
        last = max(same, key=lambda row: (row.answered_at, row.id), default=None)
        flip = last if last is not None and last.band == 1 else None
        first = min((row.answered_at for row in before), default=None)
        facts = priority.Facts(
            score=told.score, scale=told.scale, direction=told.direction,
            asked=asked or told.asked, arr=told.arr, currency=told.currency,
            renewal_on=told.renewal_on, large=self.rules.large_in(told.currency),
            was=flip and flip.score, was_on=flip and self._day(flip.answered_at),
            since=first and self._day(first),
            cases=sum(row.id != case_id for row in self._cases.get(told.contact_id, ())),
        )  # fmt: skip
        return priority.reasons(facts, self.today, self.rules.weights)

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()


def refresh(session: Session, account_ids: Iterable[int], seq: int, now: datetime) -> int:
    """Rank the unresolved cases of these accounts anew; how many moved."""
    moved = 0
    for ids in slices(sorted(set(account_ids))):
        query = select(Case).where(col(Case.account_id).in_(ids), col(Case.status).in_(UNRESOLVED))
        moved += again(session, session.exec(query).all(), seq, now)
    return moved


def again(session: Session, cases: Sequence[Case], seq: int, now: datetime) -> int:
    """Rank these cases anew; how many moved. At most as many as one statement takes."""
    about = [case.response_id for case in cases if case.response_id]
    by_id = {told.id: told for told in answers(session, col(Response.id).in_(about))}
    ranker, moved = Ranker(session, [*by_id.values()], now), 0
    for case in cases:
        told = by_id.get(case.response_id or 0)
        own = ranker.reasons(told, case.id, asked=case.asked) if told else []
        reasons = given(case, own)
        if told and reasons != case.priority_reasons:
            rank(case, reasons)
            case.change_seq = seq
            session.add(case)
            moved += 1
    session.flush()
    return moved


def rank(case: Case, reasons: list[priority.Reason]) -> None:
    """Give the case its reasons, with those that rules gave it, and so its place."""
    case.priority_reasons, case.priority = reasons, priority.hours(reasons)
    case.rank_at = rank_of(state_of(case), reasons)


def given(case: Case, reasons: list[priority.Reason]) -> list[priority.Reason]:
    """The reasons together with those that rules gave the case, the strongest first."""
    both = [*reasons, *case.given_reasons]
    return sorted(both, key=lambda reason: -float(reason["hours"])) if case.given_reasons else both


def _told(row: Mapping[Any, Any]) -> Told:
    values: dict[str, Any] = dict(row)
    values["metric"] = Metric(values["metric"])
    values["scale"] = Scale.parse(values["scale"])
    values["direction"] = Direction(values["direction"])
    values["excluded"] = values.pop("excluded_at") is not None
    values["do_not_contact"] = bool(values["do_not_contact"])
    return Told(**values)


def earlier(session: Session, contacts: list[int]) -> Iterator[Any]:
    """Every answer of these contacts that counts."""
    for ids in slices(contacts):
        query = (
            sa.select(
                col(Response.contact_id), col(Response.id), col(Response.score),
                col(Response.band), col(Response.answered_at), col(Survey.metric),
            )
            .join(Survey, col(Survey.id) == col(Response.survey_id))
            .where(
                col(Response.contact_id).in_(ids), ~col(Response.is_test),
                col(Response.excluded_at).is_(None),
            )
        )  # fmt: skip
        yield from session.connection().execute(query)


def _cases(session: Session, contacts: list[int], since: datetime) -> Iterator[Any]:
    """The cases of these contacts since then; one that was merged into another is that one."""
    for ids in slices(contacts):
        query = sa.select(col(Case.contact_id), col(Case.id)).where(
            col(Case.contact_id).in_(ids), col(Case.opened_at) >= since,
            col(Case.status) != Status.MERGED,
        )  # fmt: skip
        yield from session.connection().execute(query)


def _grouped(rows: Iterable[Any]) -> dict[int | None, list[Any]]:
    found: dict[int | None, list[Any]] = {}
    for row in rows:
        found.setdefault(row.contact_id, []).append(row)
    return found


_TOLD = (
    sa.select(
        *(col(getattr(Response, name)) for name in (
            "id", "score", "band", "scale", "answered_at", "followup", "anonymous", "is_test",
            "excluded_at", "contact_id", "account_id",
        )),
        sa.func.coalesce(col(Response.unit_id), col(Account.unit_id)).label("unit_id"),
        col(Survey.metric), col(Survey.direction), col(Contact.do_not_contact),
        col(Account.arr), col(Account.currency), col(Account.renewal_on), col(User.team_id),
    )
    .select_from(Response)
    .join(Survey, col(Survey.id) == Response.survey_id)
    .outerjoin(Contact, col(Contact.id) == Response.contact_id)
    .outerjoin(Account, col(Account.id) == Response.account_id)
    .outerjoin(User, col(User.id) == Account.owner_id)
)  # fmt: skip
