"""Writers of PostgreSQL take the data version before they lock a row: none waits in a circle."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db import engine
from db.engine import transaction
from db.models import ApiKey, RootCause, User
from services import calendars, desk, ingest, keys, own_account, people, teams
from services.access import SHELL, Actor, actor_for
from services.cases import causes, opening, verbs
from services.importing.account_run import import_accounts, prepare_accounts
from tests import builders as make
from tests.builders import NOW
from tests.conftest import make_database

MORNING = {"zone": "UTC", "hours": {"mon": [["09:00", "12:00"]]}}
Act = Callable[[Session], object]


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[sa.Engine]:
    made = make_database("postgresql", tmp_path)
    found = engine.use(next(made))
    yield found
    found.dispose()
    next(made, None)


def waits() -> bool:
    """Whether somebody waits for a lock of this database."""
    query = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.current().connect() as connection:
        return bool(connection.exec_driver_sql(query).scalar())


def errors_of(late: Act, early: Act) -> list[BaseException]:
    """What goes wrong when `early` has the data version, and `late` begins before it goes on."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            with transaction() as session:
                late(session)
        except BaseException as error:  # a thread's error is the test's
            errors.append(error)

    thread = threading.Thread(target=run)
    try:
        with transaction() as session:
            engine.bump(session)
            thread.start()
            until = time.monotonic() + 20
            while thread.is_alive() and not waits() and time.monotonic() < until:
                time.sleep(0.02)
            assert thread.is_alive(), "it did not wait for its turn"
            early(session)
    except sa.exc.OperationalError as error:
        errors.append(error)
    thread.join(30)
    return errors


class Place:
    """A desk with one of everything that the acts below are about."""

    def __init__(self, session: Session) -> None:
        self.case = make.case(session).number
        self.team = make.team(session).id or 0
        self.user = make.user(session, "admin").id or 0
        self.me: Actor = actor_for(session, session.get_one(User, self.user))
        self.cause = session.exec(select(RootCause.id)).first() or 0

    def resolve(self, session: Session) -> object:
        return verbs.resolve(
            session, self.me, self.case, outcome="solved", root_cause_id=self.cause, version=1,
            now=NOW,
        )  # fmt: skip

    def hand_over(self, session: Session) -> object:
        return verbs.assign_team(session, self.me, self.case, team_id=self.team, version=1, now=NOW)

    def note(self, session: Session) -> object:
        return verbs.note(session, self.me, self.case, body="hm", now=NOW)

    def rename_team(self, session: Session) -> object:
        return teams.rename_team(session, SHELL, self.team, name="Other", now=NOW)

    def new_address(self, session: Session) -> object:
        return people.change(session, SHELL, self.user, email="new@example.com", now=NOW)


Deed = Callable[[Place, Session], object]
# (who waits for the version, who has it and then needs the same row)
CIRCLES: dict[str, tuple[Deed, Deed]] = {
    "a cause is renamed": (
        lambda p, s: causes.rename(s, SHELL, p.cause, name="New", now=NOW), Place.resolve,
    ),
    "a cause is retired": (
        lambda p, s: causes.retire(s, SHELL, p.cause, now=NOW), Place.resolve,
    ),
    "a cause is taken into the list": (
        lambda p, s: causes.accept(s, SHELL, p.cause, now=NOW), Place.resolve,
    ),
    "a team is renamed": (Place.rename_team, Place.hand_over),
    "a team gets a lead": (
        lambda p, s: teams.set_lead(s, SHELL, p.team, lead_id=p.user, now=NOW), Place.hand_over,
    ),
    "a team gets a calendar": (
        lambda p, s: calendars.set_team_calendar(s, SHELL, p.team, MORNING, now=NOW),
        Place.hand_over,
    ),
    "a person gets an address": (Place.new_address, Place.note),
    "a person comes to a team": (
        lambda p, s: people.add_user(
            s, SHELL, name="Bo", email="bo@example.com", role="csm", team_id=p.team, now=NOW
        ),
        Place.rename_team,
    ),
    "a person adds a team": (
        lambda p, s: teams.add_team(s, p.me, name="More", now=NOW), Place.new_address,
    ),
    "a person proposes a cause": (
        lambda p, s: causes.add(s, p.me, name="More", now=NOW), Place.new_address,
    ),
    "a person makes a key": (
        lambda p, s: keys.add_key(s, p.me, name="crm", scopes=["ingest"], now=NOW),
        Place.new_address,
    ),
    "a person changes a setting": (
        lambda p, s: desk.change(s, p.me, "close_days", 9, now=NOW), Place.new_address,
    ),
    "a person changes their name": (
        lambda p, s: own_account.change_own(s, p.me, name="Al", time_zone=None, now=NOW),
        Place.new_address,
    ),
}  # fmt: skip


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("what", CIRCLES)
def test_nobody_waits_in_a_circle_when(what: str) -> None:
    with transaction() as session:
        place = Place(session)
    late, early = CIRCLES[what]
    assert errors_of(lambda s: late(place, s), lambda s: early(place, s)) == []


@pytest.mark.usefixtures("postgres")
def test_an_account_gets_a_name_while_a_case_of_it_is_opened(tmp_path: Path) -> None:
    with transaction() as session:
        acme = make.account(session, external_id="A1")
        dana = make.contact(session, account_id=acme.id)
        answer = make.response(session, 9, contact_id=dana.id, account_id=acme.id)
    file = tmp_path / "accounts.csv"
    file.write_text("external_id,name,arr\nA1,Acme Renamed,500\n")
    prepared = prepare_accounts(file, (), None)
    errors = errors_of(
        lambda s: import_accounts(s, SHELL, prepared, NOW),
        lambda s: opening.open_by_hand(s, SHELL, answer.id or 0, now=NOW),
    )
    assert errors == []


@pytest.mark.usefixtures("postgres")
def test_an_answer_comes_in_while_its_contact_is_given_an_account(tmp_path: Path) -> None:
    with transaction() as session:
        make.contact(session, "joe@late.example")
        key = ApiKey(name="k", prefix="p", key_hash="h", scopes=["ingest"], created_at=NOW)
        session.add(key)
        session.flush()
    file = tmp_path / "accounts.csv"
    file.write_text("name,domain\nLate Ltd,late.example\n")
    prepared = prepare_accounts(file, (), None)
    given = {"score": 2, "email": "joe@late.example", "name": "Joe", "external_id": "1"}
    errors = errors_of(
        lambda s: ingest.ingest(s, key, [given], NOW),
        lambda s: import_accounts(s, SHELL, prepared, NOW),
    )
    assert errors == []
