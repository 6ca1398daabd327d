"""`ledger verify`: intact or not, and where."""

from db import engine
from db.models import Integration, metadata
from services.cases import pushing
from tests import builders as make
from tests.builders import NOW
from tests.commands.conftest import Run

DELIVERY = metadata.tables["delivery"]
ADMIN = make.actor("admin")


def test_the_shell_says_that_it_is_intact_and_names_what_is_not(cli: Run) -> None:
    assert "Empty, as nothing was sent yet." in cli("ledger", "verify").stdout
    with engine.transaction() as session:
        session.add(Integration(name="webhook", connected_at=NOW))
        case = make.case(session)
        pushing.push(session, ADMIN, case.number, vendor="webhook", now=NOW)
    fine = cli("ledger", "verify")
    assert fine.exit_code == 0 and "1 row of 1 chain, all intact." in fine.stdout
    with engine.transaction() as session:
        session.connection().execute(DELIVERY.update().values(state="sent"))
    wrong = cli("ledger", "verify", "--case", "1", "--json")
    assert wrong.exit_code == 1 and '"found": 1' in wrong.stdout
    assert "case 1: delivery 1 stands otherwise than row 1 says" in wrong.stderr


def test_the_shell_compares_and_waits_for_the_result(cli: Run) -> None:
    nobody = cli("reconcile")
    assert nobody.exit_code == 1 and "nobody to compare with" in nobody.stderr
    with engine.transaction() as session:
        session.add(Integration(name="email", connected_at=NOW, config={"from_address": "a@b.c"}))
    done = cli("reconcile", "--vendor", "email")
    assert done.exit_code == 0 and done.stdout == "E-mail: Done: 0 looked up, 0 differences.\n"
    assert '"vendor": "email"' in cli("reconcile", "--json").stdout
