"""Rows for tests: each builder fills in what the test does not care about."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, select

from db.engine import bump
from db.models import (
    Account,
    Case,
    CaseResponse,
    Contact,
    ImportRun,
    Response,
    Survey,
    Team,
    Unit,
    User,
)
from services.access import Actor
from services.cases import opening
from services.domain.roles import Role
from services.domain.scores import Direction, Metric, Scale, band

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
_numbers = count(1)


def actor(role: str = "admin", **values: Any) -> Actor:
    """An actor that needs no row."""
    return Actor(**{"id": None, "name": role.title(), "role": Role(role), **values})


def user(session: Session, role: str = "csm", **values: Any) -> User:
    """A person who works here."""
    n = next(_numbers)
    email = values.pop("email", f"{role}{n}@example.com")
    row = User(
        **{"name": f"{role.title()} {n}", "email": email, "email_norm": email.casefold()}
        | {"role": role}
        | values
    )
    session.add(row)
    session.flush()
    return row


def team(session: Session, name: str = "Team", **values: Any) -> Team:
    row = Team(name=name, **values)
    session.add(row)
    session.flush()
    return row


def unit(session: Session, name: str = "EMEA") -> Unit:
    row = Unit(name=name)
    session.add(row)
    session.flush()
    return row


def account(session: Session, name: str = "Acme", **values: Any) -> Account:
    row = Account(name=name, name_norm=name.casefold(), **values)
    session.add(row)
    session.flush()
    return row


def contact(session: Session, email: str | None = None, **values: Any) -> Contact:
    given = email or f"person{next(_numbers)}@example.com"
    row = Contact(email=given, email_norm=given.casefold(), **values)
    session.add(row)
    session.flush()
    return row


def survey(session: Session, metric: str = "nps", **values: Any) -> Survey:
    """The survey of that name, made on first use."""
    name = values.pop("name", metric.upper())
    found = session.exec(select(Survey).where(Survey.name == name)).first()
    if found:
        return found
    scale = {"nps": "0-10", "csat": "1-5", "ces": "1-7"}[metric]
    row = Survey(**{"name": name, "metric": metric, "scale": scale} | values)
    session.add(row)
    session.flush()
    return row


def response(session: Session, score: int = 3, metric: str = "nps", **values: Any) -> Response:
    """An answer, a day before NOW unless `answered_at` says otherwise."""
    asked = values.pop("survey", None) or survey(session, metric)
    in_band = band(
        Metric(asked.metric), score, Scale.parse(asked.scale), Direction(asked.direction)
    )
    answered = values.pop("answered_at", NOW - timedelta(days=1))
    row = Response(
        **{
            "source": "test",
            "external_id": str(next(_numbers)),
            "survey_id": asked.id,
            "score_given": str(score),
            "scale": asked.scale,
            "score": score,
            "band": int(in_band),
            "answered_at": answered,
            "received_at": answered,
            "change_seq": bump(session),
        }
        | values
    )
    session.add(row)
    session.flush()
    return row


def case(session: Session, score: int = 3, *, now: datetime = NOW, **values: Any) -> Case:
    """A case opened by the rule at `now` from an answer of a contact made on the way.

    `values` go to the answer; `contact_id` names a contact that is there already.
    """
    if "contact_id" not in values:
        values["contact_id"] = contact(session, account_id=values.get("account_id")).id
    given = {"answered_at": now - timedelta(hours=1), **values}
    row = response(session, score, **given)
    assert opening.open_written(session, row.change_seq, opening.policy(session, now), now) <= 1
    query = select(Case).join(CaseResponse).where(CaseResponse.response_id == row.id)
    return session.exec(query).one()


def import_run(session: Session, **values: Any) -> ImportRun:
    """A finished import of one file."""
    row = ImportRun(
        **{"file_name": "a.csv", "file_sha256": "0" * 64, "started_at": NOW, "state": "done"}
        | values
    )
    session.add(row)
    session.flush()
    return row
