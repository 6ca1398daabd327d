"""The cases of the demo company: two years of casework, consistent with its answers.

`demo_life` keeps state and journal of one case, `demo_casework` knows what people do, `demo_said`
what they write. Here the answers are read, lived through in the order in which they came, and
everything is written at once. The same seed, answers and `now` give the same rows.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from db.demo_catalog import COLLEAGUES, TEAMS
from db.engine import bump
from db.models import Account, Case, Response, RootCause, Team, User, metadata
from services import settings
from services.cases.journal import put
from services.cases.opening import asked, policy
from services.cases.ranking import answers
from services.cases.verbs import promise
from services.demo_casework import Casework, Staff
from services.demo_desk import Desk, Heard, Then, Worker
from services.demo_life import Event, Life, Text
from services.domain import priority
from services.domain.opening import Policy, why_not
from services.domain.scores import Band
from services.domain.sla import Calendar

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
CLOSED = ("01-01", "05-01", "10-03", "12-24", "12-25", "12-26", "12-31")
TEAM_HOURS = "Europe/Berlin", "09:00-12:30", "13:30-17:30"
HOURS = {  # when each works: Diego and Keiko are where their customers are
    "hannah": ("Europe/Berlin", "08:30-12:15", "13:00-17:15"),
    "diego": ("America/New_York", "07:30-12:00", "12:45-16:15"),
    "keiko": ("Asia/Singapore", "13:00-17:00", "17:30-21:30"),
    "marcus": ("Europe/London", "08:45-12:30", "13:30-17:30"),
}
PACE = {"hannah": 0.9, "diego": 1.3, "keiko": 0.8, "marcus": 1.1}
CASE, LINK = metadata.tables["case"], metadata.tables["case_response"]
MESSAGE, EVENT = metadata.tables["message"], metadata.tables["case_event"]
Rows = list[dict[str, Any]]


@dataclass
class Written:
    """What got an id so far."""

    texts: dict[Text, int]
    events: dict[Event, int]


def play(session: Session, now: datetime, seed: int = 7) -> dict[str, int]:
    """Open, work and close the cases of a desk that `db.demo` has just filled; how many rows.

    Gives the demo's teams their business hours. The caller commits.
    """
    _open_hours(session, now)
    found = lives(session, now, seed)
    _write(session, found)
    events = [event for life in found for event in life.events]
    notes = sum(event.text is not None for event in events)
    return {"cases": len(found), "events": len(events), "notes": notes}


def lives(session: Session, now: datetime, seed: int) -> list[Life]:
    """All cases up to now in the order in which they were opened; nothing is written."""
    found = _heard(session, now)
    desk, staff = _desk(session, found, now), _staff(session, now)
    lived: list[Life] = []
    for answered in _by_contact(found):
        own: list[Life] = []
        while answered:
            life = Life(desk, answered.popleft(), answered, [one.first.at for one in own])
            Casework(life, staff, seed).play()
            own.append(life)
        lived += own
    return sorted(lived, key=lambda life: (life.first.at, life.first.told.id))


def _hours(name: str, now: datetime) -> Calendar:
    """Working hours as they stand above, with the same holidays for all."""
    zone, *spans = HOURS.get(name, TEAM_HOURS)
    years = range(now.year - 3, now.year + 2)
    week = dict.fromkeys(WEEKDAYS, [span.split("-") for span in spans])
    closed = [f"{year}-{day}" for year in years for day in CLOSED]
    return Calendar.parse({"zone": zone, "hours": week, "holidays": closed})


def _open_hours(session: Session, now: datetime) -> None:
    hours = _hours("", now).to_json()
    for team in session.exec(select(Team).where(col(Team.name).in_(TEAMS))):
        team.calendar = hours
        session.add(team)
    session.flush()


def _heard(session: Session, now: datetime) -> list[Heard]:
    """The answers that opened or joined a case when they came in, in that order."""
    rule = policy(session, now)
    query = select(
        col(Response.id), Response.received_at, Response.comment, Response.touchpoint
    ).where(Response.band == int(Band.DETRACTOR))
    more = {key: rest for key, *rest in session.exec(query)}
    low = answers(session, col(Response.band) == int(Band.DETRACTOR))
    heard = [Heard(told, *more[told.id]) for told in low]
    age = now - rule.since
    due = [
        one for one in heard
        if why_not(asked(one.told), Policy(one.at - age, rule.on)) is None
    ]  # fmt: skip
    return sorted(due, key=lambda one: (one.at, one.told.id))


def _by_contact(found: Iterable[Heard]) -> Iterator[deque[Heard]]:
    groups: dict[int | None, deque[Heard]] = {}
    for one in found:
        groups.setdefault(one.told.contact_id, deque()).append(one)
    return iter(groups.values())


def _desk(session: Session, found: list[Heard], now: datetime) -> Desk:
    teams = session.exec(select(Team)).all()
    promises = {key: promise(session, key) for key in (None, *(team.id for team in teams))}
    leads = {team.id: team.lead_id for team in teams}
    ranker = Then(session, [one.told for one in found], now)
    managers = session.exec(select(User.id).where(User.role == "manager").order_by(col(User.id)))
    hours = float(settings.get(session, "escalate_hours"))
    return Desk(now, promises, leads, ranker, tuple(id_ or 0 for id_ in managers), hours)


def _staff(session: Session, now: datetime) -> Staff:
    emails = [who.email for who in COLLEAGUES]
    users = session.exec(select(User).where(col(User.email_norm).in_(emails))).all()
    people: dict[str, Worker] = {}
    for user in users:
        key = user.email_norm.partition("@")[0]
        if user.id and key in PACE:
            name = user.name.partition(" ")[0]
            people[key] = Worker(user.id, name, user.team_id, _hours(key, now), PACE[key])
    by_id = {worker.id: worker for worker in people.values()}
    owned = session.exec(select(Account.id, Account.owner_id)).all()
    causes = session.exec(select(RootCause.name, RootCause.id)).all()
    return Staff(
        owners={key: by_id[owner] for key, owner in owned if owner in by_id},
        support=people["keiko"],
        lead=people["marcus"],
        causes={name: key or 0 for name, key in causes},
    )


def _write(session: Session, found: list[Life]) -> None:
    """All rows, kind by kind; the data version is taken last, as every writer does."""
    seq = bump(session)
    rows = [_case(number, life, seq) for number, life in enumerate(found, 1)]
    cases = list(zip(_insert(session, CASE, rows), found, strict=True))
    texts = {event.text: (key, life) for key, life in cases for event in life.events if event.text}
    said = sorted(texts, key=lambda text: (text.at, texts[text][0]))
    ids = _insert(session, MESSAGE, [_message(text, *texts[text]) for text in said])
    links = [
        {"case_id": key, "response_id": answer.told.id, "joined_at": answer.at}
        for key, life in cases
        for answer in life.answers
    ]
    session.connection().execute(LINK.insert(), links)
    written = Written(dict(zip(said, ids, strict=True)), {})
    left = [(key, deque(life.events)) for key, life in cases]
    while left:
        _events(session, left, written)
        left = [(key, events) for key, events in left if events]


def _events(session: Session, left: list[tuple[int, deque[Event]]], written: Written) -> None:
    """Write what names no event that has no id yet: all but what follows something undone."""
    wave: list[tuple[int, Event]] = []
    for key, events in left:
        while events and (events[0].undoes is None or events[0].undoes in written.events):
            wave.append((key, events.popleft()))
    wave.sort(key=lambda one: one[1].at)  # stable: each case keeps its order
    ids = _insert(session, EVENT, [_event(key, event, written) for key, event in wave])
    written.events.update(zip((event for _, event in wave), ids, strict=True))


def _insert(session: Session, table: sa.Table, rows: Rows) -> list[int]:
    """Insert rows; their ids in the same order."""
    if not rows:
        return []
    statement = table.insert().returning(table.c.id, sort_by_parameter_order=True)
    return list(session.connection().execute(statement, rows).scalars())


def _case(number: int, life: Life, seq: int) -> dict[str, Any]:
    first = life.first.told
    case = Case(
        number=number, contact_id=first.contact_id, account_id=first.account_id,
        unit_id=first.unit_id, version=len(life.events), opened_at=life.first.at,
        priority=priority.hours(life.reasons), priority_reasons=life.reasons,
    )  # fmt: skip
    put(case, life.state, seq)
    return case.model_dump(exclude={"id"})


def _message(text: Text, case_id: int, life: Life) -> dict[str, Any]:
    return {
        "case_id": case_id, "kind": text.kind, "author_id": text.author_id, "body": text.body,
        "contact_id": life.first.told.contact_id, "created_at": text.at,
        "undone_at": text.undone_at,
    }  # fmt: skip


def _event(case_id: int, event: Event, written: Written) -> dict[str, Any]:
    said = {"message_id": written.texts[event.text]} if event.text else {}
    return {
        "case_id": case_id, "actor_id": event.actor_id, "at": event.at, "kind": event.move.value,
        "data": event.data | said, "undo_of": event.undoes and written.events[event.undoes],
    }  # fmt: skip
