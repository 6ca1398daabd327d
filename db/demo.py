"""Load the demo desk: a believable two years of one invented company, ending today.

`db.demo_company` makes the customers, `db.demo_answers` what they said; this writes both. The
same seed and `now` give the same rows. No case is opened and nothing is sent.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from db import bulk
from db.demo_answers import DIRECTION, SCALES, Answer, Band, answers
from db.demo_catalog import COLLEAGUES, TEAMS, UNITS
from db.demo_company import Company, Firm, Person, company
from db.engine import bump, insert_ignore
from db.models import Account, Contact, Program, Response, Survey, Team, Unit, User, UserUnit

SOURCE = "demo"
SURVEYS = {  # name: (program, metric, question)
    "Relationship NPS": (
        "Ostervale NPS", "nps",
        "How likely are you to recommend Ostervale Dispatch to a friend or colleague?",
    ),
    "In-app NPS": (
        "Ostervale NPS", "nps",
        "How likely are you to recommend Ostervale Dispatch to a colleague?",
    ),
    "Support CSAT": ("Support", "csat", "How satisfied are you with the help you got?"),
    "Support effort": ("Support", "ces", "How easy was it to get your problem solved?"),
    "Onboarding effort": ("Onboarding", "ces", "How easy was it to get started?"),
}  # fmt: skip
KINDS = {"Ostervale NPS": "relationship", "Support": "transactional", "Onboarding": "transactional"}
MOST_VALUES = 200  # kept per name, as the docstring of PropertyValue says
ACCOUNT_COLUMNS = (
    "external_id", "name", "name_norm", "domain", "arr", "currency", "renewal_on", "owner_id",
    "unit_id", "stage", "churned_on", "props", "created_at",
)  # fmt: skip
CONTACT_COLUMNS = (
    "external_id", "email", "email_norm", "name", "account_id", "role", "language",
    "do_not_contact", "props", "created_at",
)  # fmt: skip
RESPONSE_COLUMNS = (
    "external_id", "survey_id", "account_id", "contact_id", "unit_id", "score_given",
    "scale", "score", "band", "comment", "channel", "touchpoint", "answered_at", "received_at",
    "followup", "anonymous", "is_test", "excluded_at", "excluded_by", "excluded_reason", "props",
)  # fmt: skip

Ids = dict[str, int]
Row = tuple[Any, ...]


class NotEmpty(RuntimeError):
    """The desk has customers or answers of its own; the demo must not mix with them."""


def load(session: Session, now: datetime, band: Band, seed: int = 7) -> dict[str, int]:
    """Fill an empty desk and say how many rows of each kind were written.

    `band(metric, score, scale, direction)` is the caller's rule for bands. The caller commits.
    NotEmpty: there are accounts or responses already.
    """
    _refuse_a_used_desk(session)
    customers = company(now, seed)
    given = answers(customers, now, band, seed)
    users, units = _people(session, now)
    surveys = _surveys(session, now)
    accounts = _accounts(session, customers, users, units)
    contacts = _contacts(session, customers, accounts)
    _note_values(session, given)
    places = _Places(surveys, accounts, contacts, units, users[COLLEAGUES[0].email])
    seq = bump(session)
    rows = (_response(answer, places, now) for answer in given)
    same = {"source": SOURCE, "change_seq": seq}
    bulk.load(session, _table("response"), RESPONSE_COLUMNS, rows, same)
    return {
        "users": len(users),
        "accounts": len(accounts),
        "contacts": len(contacts),
        "responses": len(given),
        "comments": sum(answer.comment is not None for answer in given),
    }


def _refuse_a_used_desk(session: Session) -> None:
    for kind, what in ((Response.id, "responses"), (Account.id, "accounts")):
        if session.exec(select(kind).limit(1)).first() is not None:
            raise NotEmpty(
                f"This database already has {what}. The demo needs an empty one of its own: "
                "choose another DATABASE_URL."
            )


def _table(name: str) -> sa.Table:
    return SQLModel.metadata.tables[name]


def _named(session: Session, table: Any, name: str, **values: Any) -> Any:
    """The row of that name, made where there is none."""
    found = session.exec(select(table).where(table.name == name)).first()
    if found is None:
        found = table(name=name, **values)
        session.add(found)
        session.flush()
    return found


def _people(session: Session, now: datetime) -> tuple[Ids, Ids]:
    """Teams, units and colleagues; without passwords: in demo mode one signs in by name."""
    units: Ids = {name: _named(session, Unit, name).id for name in UNITS}
    teams = {name: _named(session, Team, name) for name in TEAMS}
    users: Ids = {}
    for who in COLLEAGUES:
        user = session.exec(select(User).where(User.email_norm == who.email)).first() or User(
            name=who.name, email=who.email, email_norm=who.email, role=who.role,
            team_id=teams[who.team].id, time_zone=who.zone, created_at=now,
        )  # fmt: skip
        session.add(user)
        session.flush()
        assert user.id is not None
        users[who.email] = user.id
        if who.leads:
            teams[who.team].lead_id = user.id
        for unit in who.units:
            session.merge(UserUnit(user_id=user.id, unit_id=units[unit]))
    session.flush()
    return users, units


def _surveys(session: Session, now: datetime) -> Ids:
    ids: Ids = {}
    for name, (program, metric, question) in SURVEYS.items():
        union = _named(session, Program, program, kind=KINDS[program])
        survey = _named(
            session, Survey, name, program_id=union.id, metric=metric, question=question,
            scale=SCALES[metric], direction=DIRECTION, created_at=now - timedelta(days=735),
        )  # fmt: skip
        ids[name] = survey.id
    return ids


def _accounts(session: Session, customers: Company, users: Ids, units: Ids) -> Ids:
    def row(firm: Firm) -> Row:
        props = {
            "plan": firm.plan, "region": firm.region.name, "industry": firm.industry.name,
            "country": firm.country, "city": firm.city, "seats": firm.seats,
        }  # fmt: skip
        return (
            firm.key, firm.name, firm.name.casefold(), firm.domain, str(firm.arr),
            firm.region.currency, firm.renewal_on.isoformat(), users[firm.owner],
            units[firm.region.unit], firm.stage, firm.churned_on and firm.churned_on.isoformat(),
            _json(props), _text(datetime(*firm.since.timetuple()[:3], tzinfo=UTC)),
        )  # fmt: skip

    bulk.load(session, _table("account"), ACCOUNT_COLUMNS, map(row, customers.firms), {})
    return _ids(session, Account)


def _contacts(session: Session, customers: Company, accounts: Ids) -> Ids:
    def row(person: Person) -> Row:
        props = {"region": person.firm.region.name, "time_zone": person.firm.region.zone}
        return (
            person.key, person.email, person.email.casefold(), person.name,
            accounts[person.firm.key], person.role, person.language,
            person.do_not_contact, _json(props),
            _text(datetime(*person.joined.timetuple()[:3], tzinfo=UTC)),
        )  # fmt: skip

    same = {"population": "customer"}
    bulk.load(session, _table("contact"), CONTACT_COLUMNS, map(row, customers.people), same)
    return _ids(session, Contact)


def _ids(session: Session, kind: Any) -> Ids:
    query = select(kind.external_id, kind.id).where(col(kind.external_id).is_not(None))
    return dict(session.exec(query).all())


class _Places:
    """Where an answer belongs: the ids of its survey, account, contact and unit."""

    def __init__(self, surveys: Ids, accounts: Ids, contacts: Ids, units: Ids, admin: int) -> None:
        self.surveys, self.units, self.admin = surveys, units, admin
        self._accounts, self._contacts = accounts, contacts

    def of(self, answer: Answer) -> tuple[int, int | None, int | None, int]:
        """(survey, account, contact, unit)"""
        survey, unit = self.surveys[answer.survey], self.units[answer.unit]
        if answer.person is None:
            return survey, None, None, unit
        person = answer.person
        return survey, self._accounts[person.firm.key], self._contacts[person.key], unit


def _response(answer: Answer, places: _Places, now: datetime) -> Row:
    out: Row = (None, None, None)
    if answer.excluded_reason:
        at = min(now, answer.received_at + timedelta(hours=20))
        out = (_text(at), places.admin, answer.excluded_reason)
    return (
        answer.key, *places.of(answer), str(answer.score), SCALES[answer.metric],
        answer.score, answer.band, answer.comment, answer.channel, answer.touchpoint,
        _text(answer.answered_at), _text(answer.received_at), answer.followup, answer.anonymous,
        answer.is_test, *out, _json(answer.props),
    )  # fmt: skip


def _note_values(session: Session, given: Sequence[Answer]) -> None:
    """What the filter bars offer."""
    counts: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for name, value in dict.fromkeys(_values(given)):
        counts[name] = counts.get(name, 0) + 1
        if counts[name] <= MOST_VALUES:
            rows.append({"name": name, "value": value})
    insert_ignore(session, _table("property_value"), rows)


def _values(given: Iterable[Answer]) -> Iterator[tuple[str, str]]:
    for answer in given:
        yield "channel", answer.channel
        yield "touchpoint", answer.touchpoint
        yield from ((f"props.{name}", value) for name, value in answer.props.items())


def _text(moment: datetime) -> str:
    """A time as the database's own text: UTC, microseconds, no offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
