"""One person: who they are, every score they gave, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.models import Account, Case, Contact, Response
from services import settings
from services.access import Actor, Refused, permitted
from services.domain.roles import Verb
from services.insights.case_rows import CaseRow
from services.insights.queue import cases_of, within_units
from services.insights.score_lines import ScoreLine, score_lines
from services.insights.selects import Condition


@dataclass(frozen=True)
class ContactFile:
    """A person as the desk knows them. All texts are customers' own: show them as text only.

    `responses` count; `uncounted` ones are tests or excluded. `cases` are the newest of `n_cases`.
    `account_id` is None where there is no account, or none that may be seen. Times of answers are
    in UTC; `zone` is the reporting zone.
    """

    id: int
    name: str | None
    email: str | None
    erased: bool
    role: str | None
    language: str | None
    do_not_contact: bool
    bounced: bool
    account_id: int | None
    account: str | None
    props: tuple[tuple[str, str], ...]
    scores: tuple[ScoreLine, ...]
    responses: int
    uncounted: int
    first_at: datetime | None
    last_at: datetime | None
    cases: tuple[CaseRow, ...]
    n_cases: int
    zone: str


@permitted(Verb.SEE)
def contact_file(session: Session, actor: Actor, contact_id: int, *, now: datetime) -> ContactFile:
    """The person with this id. Refused: there is none, or none that the actor may see.

    Who may see some units only sees the people of their accounts, and those who answered in them;
    of these the answers and cases in those units.
    """
    person = session.get(Contact, contact_id)
    if person is None or not contact_seen(session, actor, person):
        raise Refused("There is no such person here, or they belong to a unit you do not see.")
    account = session.get(Account, person.account_id) if person.account_id else None
    scores = score_lines(session, actor, col(Response.contact_id) == contact_id)
    counted = sum(len(line.points) for line in scores)
    given, first, last = _answers(session, actor, contact_id)
    return ContactFile(
        id=contact_id,
        name=person.name,
        email=person.email,
        erased=person.erased_at is not None,
        role=person.role,
        language=person.language,
        do_not_contact=person.do_not_contact,
        bounced=bool(person.bounced_email) and person.bounced_email == person.email_norm,
        account_id=account.id if account and actor.sees(account.unit_id) else None,
        account=account.name if account else None,
        props=tuple(sorted((key, str(value)) for key, value in person.props.items())),
        scores=scores,
        responses=counted,
        uncounted=given - counted,
        first_at=first,
        last_at=last,
        cases=cases_of(session, actor, contact_id=contact_id, now=now),
        n_cases=n_cases(session, actor, col(Case.contact_id) == contact_id),
        zone=settings.reporting_zone(session).key,
    )


def n_cases(session: Session, actor: Actor, meant: Condition) -> int:
    """How many cases meet `meant` and may be seen; those merged into others are not cases."""
    query = sa.select(sa.func.count()).select_from(Case)
    query = query.where(meant, col(Case.status) != "merged", *within_units(actor))
    return int(session.connection().execute(query).scalar_one())


def contact_seen(session: Session, actor: Actor, person: Contact) -> bool:
    """Whether the actor may see this person: of one of their accounts, or heard in their units."""
    if actor.units is None:
        return True
    of = select(Account.id).where(
        Account.id == person.account_id, col(Account.unit_id).in_(actor.units)
    )
    said = select(Response.id).where(
        Response.contact_id == person.id, col(Response.unit_id).in_(actor.units)
    )
    return any(session.exec(query.limit(1)).first() is not None for query in (of, said))


def _answers(
    session: Session, actor: Actor, contact_id: int
) -> tuple[int, datetime | None, datetime | None]:
    """(all answers of the person that may be seen, the first, the last)."""
    answered = col(Response.answered_at)
    query = sa.select(sa.func.count(), sa.func.min(answered), sa.func.max(answered))
    query = query.where(col(Response.contact_id) == contact_id)
    if actor.units is not None:
        query = query.where(col(Response.unit_id).in_(actor.units))
    n, first, last = session.connection().execute(query).one()
    return int(n), first, last
