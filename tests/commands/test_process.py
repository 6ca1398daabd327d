"""The shell as a process: exit codes, and a stdout that holds the answer and nothing else."""

import json

import pytest

from tests.commands.conftest import process


def test_json_is_one_object_on_stdout_and_nothing_else(shell_env: dict[str, str]) -> None:
    done = process(
        shell_env, "user", "add", "mia@example.com", "--name", "Mia", "--role", "admin", "--json"
    )
    assert (done.returncode, done.stderr) == (0, b"")
    facts = json.loads(done.stdout)
    assert done.stdout.count(b"\n") == 1
    assert set(facts) == {"id", "email", "role", "link", "expires_at"}
    assert "/auth/reset?token=" in facts["link"]


def test_a_refusal_ends_with_one_and_says_why_on_stderr(shell_env: dict[str, str]) -> None:
    process(shell_env, "user", "add", "mia@example.com", "--name", "Mia", "--role", "admin")
    done = process(shell_env, "user", "disable", "mia@example.com", "--json")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"last admin" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ["user", "add"],
        ["user", "add", "x@example.com", "--name", "X", "--role", "owner"],
        ["score", "--counts", "1,2"],
        ["score", "--counts", "1,2,-3"],
        ["score", "--counts", "1,2,3", "--start", "2026-01-01"],
        ["score", "--start", "2026-13-01"],
        ["score", "--where", "channel"],
        ["score", "--metric", "nps2"],
        ["compare", "--counts", "1,2,3"],
        ["compare", "--a", "2026-01-01..2026-01-31"],
        ["compare", "--a", "january", "--b", "2026-01-01..2026-01-31"],
        ["export", "responses", "--csv", "--json"],
        ["import", "answers.csv", "--dates", "xyz"],
        ["import-accounts", "accounts.csv", "--dates", "xyz"],
        ["nothing"],
    ],
)
def test_wrong_usage_ends_with_two(cli: object, args: list[str]) -> None:
    result = cli(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage" in result.stderr


def test_a_figure_from_counts_needs_no_database() -> None:
    nowhere = {"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}
    done = process(nowhere, "score", "--counts", "215,85,75", "--json")
    assert json.loads(done.stdout)["score"] == pytest.approx(37.333, abs=0.001)


def test_a_database_that_does_not_answer_is_a_refusal_without_its_password() -> None:
    done = process({"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}, "user", "list")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"refused" in done.stderr
    assert b"secret" not in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_wrong_setting_is_named() -> None:
    done = process({"DATABASE_URL": "mysql://x/y"}, "user", "list")
    assert done.returncode == 1
    assert b"database_url" in done.stderr


def test_a_desk_without_tables_is_made_first(unmigrated_url: str) -> None:
    done = process({"DATABASE_URL": unmigrated_url}, "user", "list", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"users": []})
