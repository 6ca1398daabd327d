"""An import opens the cases that its dry run announced, and accounts find theirs later."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from db.engine import reading, transaction
from db.models import Account, Case, Contact, Delivery, Unit
from services.access import SHELL
from services.cases.journal import journal, state_of
from services.domain import lifecycle
from services.importing import account_run, run
from services.importing.planning import Choices
from services.importing.request import prepare
from tests import builders as make
from tests.builders import NOW

pytestmark = pytest.mark.usefixtures("desk")
HEADER = "id,email,account,score,comment,date,followup\n"
ROWS = (  # days ago, score, address, follow-up
    (2, 1, "dana", ""), (3, 4, "dana", ""), (4, 6, "eli", "yes"), (5, 3, "fay", "no"),
    (29, 0, "gil", ""), (40, 0, "hal", ""), (5, 9, "ivy", ""), (1, 2, "", ""), (6, 2, "jo", ""),
)  # fmt: skip


def file(folder: Path) -> Path:
    path = folder / "answers.csv"
    lines = [
        f"r{n},{who and who + '@acme.example'},Acme,{score},words,"
        f"{(NOW - timedelta(days=days)):%Y-%m-%d %H:%M},{wish}"
        for n, (days, score, who, wish) in enumerate(ROWS)
    ]
    path.write_text(HEADER + "\n".join(lines))
    return path


def both(folder: Path, since: date | None = None) -> tuple[int, int]:
    """How many cases the dry run announces, and how many the import opens."""
    with reading() as session:
        ready = prepare(session, file(folder), Choices(), now=NOW, open_cases_since=since)
        announced = run.dry_run(session, SHELL, ready, NOW, lambda _n: None).stored.cases
    done = run.import_file(lambda: transaction(), SHELL, ready, NOW, lambda _n: None)
    return announced, done.stored.cases


def people(session: Session) -> list[str]:
    """Whose cases there are."""
    query = select(Contact.email_norm).join(Case, col(Case.contact_id) == Contact.id)
    return sorted((email or "").partition("@")[0] for email in session.exec(query))


def test_the_dry_run_says_how_many_cases_the_import_then_opens(tmp_path: Path) -> None:
    with transaction() as session:
        make.contact(session, "jo@acme.example", do_not_contact=True)
    assert both(tmp_path) == (3, 3)
    with reading() as session:
        assert people(session) == ["dana", "eli", "gil"]
        assert session.exec(select(Delivery)).all() == []  # an import sends nothing to anybody
        for case in session.exec(select(Case)):
            events = journal(session, case.id or 0)
            assert lifecycle.fold(e.data["changes"] for e in events) == state_of(case)
    assert both(tmp_path) == (0, 0)


def test_a_date_takes_the_place_of_the_usual_age(tmp_path: Path) -> None:
    assert both(tmp_path, since=(NOW - timedelta(days=50)).date()) == (5, 5)
    with reading() as session:
        assert people(session) == ["dana", "eli", "gil", "hal", "jo"]


def test_who_has_an_open_case_gets_no_second_one(tmp_path: Path) -> None:
    with transaction() as session:
        dana = make.contact(session, "dana@acme.example")
        case = make.case(session, 6, contact_id=dana.id)
    assert both(tmp_path)[1] == both(tmp_path)[0] + 3  # eli, gil and jo are new
    with reading() as session:
        assert session.get_one(Case, case.id).version == 3  # two answers joined it


def test_an_account_that_comes_later_takes_its_cases_along_and_ranks_them(tmp_path: Path) -> None:
    assert both(tmp_path) == (4, 4)
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(
        "name,arr,currency,renewal,unit\nAcme,120000,EUR,"
        f"{(NOW + timedelta(days=20)):%Y-%m-%d},North\n"
    )
    with reading() as session:
        before = {case.number: case.rank_at for case in session.exec(select(Case))}
    ready = account_run.prepare_accounts(accounts, (), None)
    with transaction() as session:
        account_run.import_accounts(session, SHELL, ready, NOW)
    with reading() as session:
        acme = session.exec(select(Account)).one()
        unit = session.exec(select(Unit)).one()
        for case in session.exec(select(Case)):
            assert (case.account_id, case.unit_id) == (acme.id, unit.id)
            assert {"renewal_soon", "large"} <= {r["code"] for r in case.priority_reasons}
            assert case.rank_at is not None and case.rank_at < before[case.number]  # type: ignore[operator]
            assert case.change_seq > 0
