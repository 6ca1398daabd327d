"""One company: what it is worth, how it scores, who in it was heard, and who needs help."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from db.models import Account, Case, Response, Unit, User
from services import settings
from services.access import Actor, Refused, permitted
from services.domain.periods import Period
from services.domain.roles import Verb
from services.domain.scores import Counts, Estimate, Metric, estimate
from services.insights import account_selects as selects
from services.insights.case_rows import CaseRow
from services.insights.filters import Filter
from services.insights.people import n_cases
from services.insights.periods import Span, span
from services.insights.queue import cases_of
from services.insights.score_lines import ScorePoint

MOST = 100  # people in the list


@dataclass(frozen=True)
class Score:
    """A metric of the account: in the last 12 months, from how many contacts, and of all time."""

    metric: Metric
    year: Estimate
    contacts: int
    ever: Estimate


@dataclass(frozen=True)
class Person:
    """A contact of the account with the last score that counts, and the one before (`was`)."""

    id: int
    name: str | None
    email: str | None
    erased: bool
    role: str | None
    do_not_contact: bool
    last: ScorePoint | None
    was: int | None
    flipped: bool


@dataclass(frozen=True)
class AccountFile:
    """A company as the desk knows it. Texts of customers: show them as text only.

    `responses` and `responders` (contacts who gave any of them) count of all time, `heard` are
    the contacts who answered within `year`, of `known` ones; `flips` those who went from promoter
    to detractor within it. `people` are the first of `known`, the worst last score first. `cases`
    are the newest of `n_cases`.
    """

    id: int
    name: str
    domain: str | None
    arr: Decimal | None
    currency: str | None
    renewal_on: date | None
    owner: str | None
    unit: str | None
    stage: str | None
    churned_on: date | None
    props: tuple[tuple[str, str], ...]
    scores: tuple[Score, ...]
    responses: int
    responders: int
    known: int
    heard: int
    flips: int
    people: tuple[Person, ...]
    cases: tuple[CaseRow, ...]
    n_cases: int
    year: Span
    today: date


@permitted(Verb.SEE)
def account_file(session: Session, actor: Actor, account_id: int, *, now: datetime) -> AccountFile:
    """The account with this id. Refused: there is none, or it is of a unit the actor sees not."""
    account = session.get(Account, account_id)
    if account is None or not actor.sees(account.unit_id):
        raise Refused("There is no such account here, or it belongs to a unit you do not see.")
    year = span(session, Filter(range="12m"), now, units=actor.units)
    said = _Said(session, actor, account_id, year.current)
    responses, responders = said.one(selects.reach_select)
    return AccountFile(
        id=account_id,
        name=account.name,
        domain=account.domain,
        arr=account.arr,
        currency=account.currency,
        renewal_on=account.renewal_on,
        owner=session.exec(select(User.name).where(User.id == account.owner_id)).first(),
        unit=session.exec(select(Unit.name).where(Unit.id == account.unit_id)).first(),
        stage=account.stage,
        churned_on=account.churned_on,
        props=tuple(sorted((key, str(value)) for key, value in account.props.items())),
        scores=said.scores(),
        responses=responses,
        responders=responders,
        known=selects.known(session, account_id),
        heard=said.one(selects.heard_select)[0],
        flips=said.one(selects.flips_select)[0],
        people=said.people(),
        cases=cases_of(session, actor, account_id=account_id, now=now),
        n_cases=n_cases(session, actor, col(Case.account_id) == account_id),
        year=year,
        today=now.astimezone(settings.reporting_zone(session)).date(),
    )


class _Said:
    """What the actor may see of what people of an account said."""

    def __init__(self, session: Session, actor: Actor, account_id: int, year: Period) -> None:
        self.session, self.account_id, self.year = session, account_id, year
        self.own = [] if actor.units is None else [col(Response.unit_id).in_(actor.units)]

    def rows(self, made: Any) -> list[Any]:
        """The rows of a select of `account_selects`."""
        query = made(self.account_id, self.year, self.own)
        return list(self.session.connection().execute(query))

    def one(self, made: Any) -> tuple[int, ...]:
        """The only row, of counts."""
        return tuple(int(n) for n in self.rows(made)[0])

    def scores(self) -> tuple[Score, ...]:
        """Each metric with an answer, in the order of `Metric`."""
        counts, contacts = self.rows(selects.counts_select), self.rows(selects.contacts_select)
        people = {row.metric: row.n for row in contacts}
        return tuple(
            Score(
                metric=metric,
                year=estimate(metric, _counts(counts, metric, "year")),
                contacts=people.get(metric.value, 0),
                ever=estimate(metric, _counts(counts, metric, "ever")),
            )
            for metric in Metric
            if any(row.metric == metric for row in counts)
        )

    def people(self) -> tuple[Person, ...]:
        """The first `MOST` people, those with the worst last score first."""
        query = selects.people_select(self.account_id, self.own).limit(MOST)
        return tuple(map(_person, self.session.connection().execute(query)))


def _counts(rows: list[Any], metric: Metric, name: str) -> Counts:
    found = {row.band: int(getattr(row, name)) for row in rows if row.metric == metric}
    return Counts(*(found.get(band, 0) for band in (1, 0, -1)))


def _person(row: Any) -> Person:
    return Person(
        id=row.id,
        name=row.name,
        email=row.email,
        erased=row.erased_at is not None,
        role=row.role,
        do_not_contact=row.do_not_contact,
        last=selects.last_point(row),
        was=row.was,
        flipped=row.band == -1 and row.was_band == 1,
    )
