"""Importing accounts into a real desk, on both engines."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import select

from db.engine import reading, transaction, version
from db.models import Account, Contact, ImportRun, Response, Unit
from services.access import SHELL, Forbidden
from services.importing import account_run
from tests import builders as make
from tests.builders import NOW

HEADER = "Name,Domain,ARR,Currency,Renewal date,Owner,Unit,Stage,Segment\n"
ACME = 'Acme,acme.example.com,"84,000",EUR,2026-09-01,mia@example.com,EMEA,adopted,gold\n'


def prepared(folder: Path, rows: str, header: str = HEADER) -> account_run.PreparedAccounts:
    path = folder / "accounts.csv"
    path.write_text(header + rows)
    return account_run.prepare_accounts(path, (), None)


def taken(folder: Path, rows: str, header: str = HEADER) -> account_run.AccountReport:
    with transaction() as session:
        return account_run.import_accounts(session, SHELL, prepared(folder, rows, header), NOW)


def account(name: str) -> Account:
    with reading() as session:
        return session.exec(select(Account).where(Account.name == name)).one()


@pytest.mark.usefixtures("desk")
def test_a_new_account_has_everything_the_row_says(tmp_path: Path) -> None:
    with transaction() as session:
        mia = make.user(session, email="mia@example.com")
    report = taken(tmp_path, ACME)
    acme = account("Acme")
    assert (report.new, report.updated, report.rejects) == (1, 0, [])
    assert (acme.arr, acme.currency, str(acme.renewal_on)) == (Decimal(84000), "EUR", "2026-09-01")
    assert (acme.owner_id, acme.stage, acme.props) == (mia.id, "adopted", {"segment": "gold"})
    with reading() as session:
        assert session.get_one(Unit, acme.unit_id).name == "EMEA"


@pytest.mark.usefixtures("desk")
def test_an_empty_cell_leaves_what_is_known_and_twice_changes_nothing(tmp_path: Path) -> None:
    taken(tmp_path, ACME)
    report = taken(tmp_path, "acme,,90000,,,,,,\n")
    acme = account("acme")
    assert (report.new, report.updated) == (0, 1)
    assert (acme.arr, acme.currency, acme.domain) == (Decimal(90000), "EUR", "acme.example.com")
    again = taken(tmp_path, "acme,,90000,,,,,,\n")
    assert (again.new, again.updated, again.same) == (0, 0, 1)


@pytest.mark.usefixtures("desk")
def test_the_check_foretells_the_import_and_writes_nothing(tmp_path: Path) -> None:
    rows = ACME + "Other,,,,,nobody@example.com,APAC,,\n"
    with reading() as session:
        foretold = account_run.check_accounts(session, SHELL, prepared(tmp_path, rows))
    with reading() as session:
        assert session.exec(select(Account)).all() == session.exec(select(ImportRun)).all() == []
    done = taken(tmp_path, rows)
    assert (foretold.new, foretold.warnings) == (done.new, done.warnings)
    assert "2 owners do not work here" in done.warnings[0]


@pytest.mark.usefixtures("desk")
def test_answers_that_came_first_get_the_unit_of_their_account(tmp_path: Path) -> None:
    with transaction() as session:
        acme = make.account(session, "Acme")
        known = make.unit(session, "Americas")
        make.response(session, account_id=acme.id)
        make.response(session, account_id=acme.id, unit_id=known.id)
    taken(tmp_path, ACME)
    with reading() as session:
        units = [row.unit_id for row in session.exec(select(Response).order_by("id"))]
    assert units == [account("Acme").unit_id, known.id]


@pytest.mark.usefixtures("desk")
def test_a_name_that_belongs_to_another_id_is_rejected(tmp_path: Path) -> None:
    taken(tmp_path, "Acme,a1\n", "Name,Id\n")
    report = taken(tmp_path, "Acme,a2\nNew,a3\n", "Name,Id\n")
    assert (report.new, len(report.rejects)) == (1, 1)
    assert "already has this name" in report.rejects[0].reason


@pytest.mark.usefixtures("desk")
def test_only_admins_and_managers_import_accounts(tmp_path: Path) -> None:
    for role in ("csm", "support"):
        with transaction() as session, pytest.raises(Forbidden):
            account_run.import_accounts(session, make.actor(role), prepared(tmp_path, ACME), NOW)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("rows", "taken_names", "bad"),
    [
        ("A,Beta\n,Gamma\n", ["Alpha", "Beta", "Delta", "Gamma"], [1]),
        ("A,Delta\nD,Alpha\n", ["Alpha", "Beta", "Delta"], [1, 2]),
        ("A,Omega\n,Alpha\nD,Alpha \n", ["Alpha", "Beta", "Delta", "Omega"], [3]),
        ("A,Omega\nD,Alpha\n,Delta\n", ["Alpha", "Beta", "Delta", "Omega"], []),
        ("X,Beta\nA,Alpha\n", ["Alpha", "Beta", "Delta"], []),
    ],
)
def test_no_two_accounts_come_to_have_one_name(
    tmp_path: Path, rows: str, taken_names: list[str], bad: list[int]
) -> None:
    with transaction() as session:
        for name, known in (("Alpha", "A"), ("Beta", None), ("Delta", "D")):
            make.account(session, name, external_id=known)
    with reading() as session:
        foretold = account_run.check_accounts(session, SHELL, prepared(tmp_path, rows, "id,name\n"))
    done = taken(tmp_path, rows, "id,name\n")
    foretold.run_id = done.run_id
    assert foretold == done
    assert [each.record for each in done.rejects] == bad
    with reading() as session:
        assert sorted(session.exec(select(Account.name))) == taken_names


@pytest.mark.usefixtures("desk")
def test_contacts_that_came_first_join_the_account_of_their_domain(tmp_path: Path) -> None:
    with transaction() as session:
        other = make.account(session, "Other")
        dana = make.contact(session, "dana@acme.example.com")
        moved = make.contact(session, "mo@acme.example.com", account_id=other.id)
        away = make.contact(session, "x@notacme.example.com")
        theirs = make.response(session, contact_id=dana.id)
        placed = make.response(session, contact_id=dana.id, account_id=other.id)
        rest = [make.response(session, contact_id=each.id) for each in (moved, away)]
    taken(tmp_path, ACME)
    acme = account("Acme")
    with reading() as session:
        ids = [session.get_one(Contact, each.id).account_id for each in (dana, moved, away)]
        found = session.get_one(Response, theirs.id)
        assert ids == [acme.id, other.id, None]
        assert (found.account_id, found.unit_id) == (acme.id, acme.unit_id)
        assert found.change_seq == version(session) > theirs.change_seq
        assert session.get_one(Response, placed.id).account_id == other.id
        assert [session.get_one(Response, each.id).account_id for each in rest] == [None, None]
