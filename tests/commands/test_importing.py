"""Imports in the shell: how they end."""

import json
from pathlib import Path
from typing import Any

import pytest

from db.engine import transaction
from services import config
from services.access import Refused
from services.commands import demo
from tests import builders as make

ANSWERS = "score,date,email\n{},2026-01-31,a@example.com\n"


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("verb", "good", "bad"),
    [
        ("import", ANSWERS.format(9), ANSWERS.format("lots")),
        ("import-accounts", "name,arr\nAcme,5\n", "name,arr\nAcme,lots\n"),
    ],
)
def test_a_file_without_a_good_row_ends_with_one_after_its_report(
    cli: Any, tmp_path: Path, verb: str, good: str, bad: str, dry: list[str]
) -> None:
    file = tmp_path / "file.csv"
    for content, code in ((bad, 1), (good, 0), (good, 0)):
        file.write_text(content)
        result = cli(verb, str(file), "--json", *dry)
        assert result.exit_code == code, result.output
        assert len(json.loads(result.stdout)["rejected"]) == code
        assert ("Every one of the 1 records was rejected" in result.stderr) == bool(code)


def test_the_order_of_dates_is_one_of_three(cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_text("name,renewal\nA,03/04/2026\n")
    assert cli("import-accounts", str(file), "--dates", "dmy").exit_code == 0


def test_the_demo_is_not_loaded_where_people_work(
    shell_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOPDESK_DEMO", "1")
    monkeypatch.setenv("LOOPDESK_DEMO_DATABASE_URL", shell_env["DATABASE_URL"])
    monkeypatch.delenv("DATABASE_URL")
    config.load.cache_clear()
    with transaction() as session:
        make.account(session)
    with pytest.raises(Refused, match="demo company is not in this database"):
        demo.load()
    with transaction() as session:
        make.user(session, "admin", password_hash="x")
    with pytest.raises(Refused, match="has a password"):
        demo.load()
