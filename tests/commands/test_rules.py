"""`rules` in the shell: kept, simulated, compared, and made to act."""

import json
import os
import pty
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from db import engine
from db.models import Rule
from services.commands import shell
from tests import builders as make
from tests.builders import NOW
from tests.commands.conftest import process
from tests.rules.desks import LOW, answered

Cli = Callable[..., Any]
Told = Callable[..., dict[str, Any]]
OPEN = {"do": "open"}


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The time of the shell; to be called for an hour later."""
    monkeypatch.setattr(shell, "now", lambda: NOW)
    return lambda: monkeypatch.setattr(shell, "now", lambda: NOW + timedelta(hours=1))


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    """A rule as a file."""

    def made(*conditions: Any, actions: Any = (OPEN,), text: str | None = None) -> str:
        file = tmp_path / "rule.json"
        body = {"conditions": [*conditions], "actions": [*actions]}
        file.write_text(json.dumps(body) if text is None else text)
        return str(file)

    return made


def live() -> int | None:
    with engine.transaction() as session:
        return session.exec(select(Rule.live)).one()


def test_a_rule_is_kept_shown_and_acts_only_when_it_is_enabled(
    told: Told, cli: Cli, write: Callable[..., str]
) -> None:
    assert "There are no rules" in cli("rules", "list").stdout
    assert told("rules", "save", write(LOW), "--name", "Low") == {"rule": 1, "version": 1}
    assert live() is None
    shown = told("rules", "show", "1")
    assert shown["conditions"] == [LOW] and shown["actions"] == [OPEN]
    assert "If: Band is low (detractor)" in cli("rules", "show", "1").stdout
    assert told("rules", "save", write(), "--name", "Low", "--rule", "1")["version"] == 2
    told("rules", "enable", "1", "--version", "1")
    told("rules", "enable", "1", "--shadow")
    (row,) = told("rules", "list")["rules"]
    assert row == {"rule": 1, "name": "Low", "live": 1, "shadow": 2, "versions": 2}
    said = cli("rules", "disable", "1", "--shadow").stdout
    assert said == "Rule 1 is out of the shadow.\n" and live() == 1
    assert cli("rules", "disable", "1").stdout == "Rule 1 acts no longer.\n"
    assert live() is None


def test_a_simulation_counts_and_writes_a_line_each_firing(
    told: Told, cli: Cli, write: Callable[..., str], tmp_path: Path, later: Callable[[], None]
) -> None:
    answered(NOW, {"score": 1, "email": "a@example.com"}, {"score": 9, "email": "b@example.com"})
    give = {"do": "assign", "to": "user", "id": 1}
    with engine.transaction() as session:
        make.user(session, "csm", name="Ann Bell")
    log = tmp_path / "log"
    args = ("rules", "simulate", "--file", write(LOW, actions=[OPEN, give]), "--days", "7")
    assert told(*args)["answers"] == 0  # it ends before what came in at this moment
    later()
    found = told(*args, "--log", str(log))
    assert (found["answers"], found["fired"]) == (2, 1)
    (rule,) = found["rules"]
    assert rule["fired"] == 1 and rule["not"] == [{"do": "open", "why": "there", "n": 1}], (
        "a low answer has a case already"
    )
    assert found["people"][0]["name"] == "Ann Bell" and found["messages"] == {}
    (line,) = [json.loads(one) for one in log.read_text().splitlines()]
    assert (line["rule"], line["version"], line["answer"]) == (0, 0, 1)
    words = cli(*args).stdout
    assert "Nothing was sent" in words and "Ann Bell: 1 cases" in words
    assert "Messages: none; customers with more than one: 0; doubles held back: 0" in words


def test_versions_differ_in_words_and_in_what_they_would_have_done(
    told: Told, cli: Cli, write: Callable[..., str], later: Callable[[], None]
) -> None:
    answered(NOW, {"score": 1, "email": "a@example.com"}, {"score": 9, "email": "b@example.com"})
    later()
    told("rules", "save", write(LOW), "--name", "Low")
    told("rules", "save", write(), "--name", "Low", "--rule", "1")
    found = told("rules", "diff", "1", "1", "2")
    assert found["lines"] == [
        {"sign": "-", "line": "If: Band is low (detractor)"},
        {"sign": "+", "line": "For every answer"},
    ]
    assert (found["only_before"], found["only_after"], found["same"]) == (0, 1, 1)
    assert "fires on 1 answer more and 0 fewer" in cli("rules", "diff", "1", "1", "2").stdout


def test_what_cannot_be_is_said_and_nothing_is_kept(
    cli: Cli, told: Told, write: Callable[..., str]
) -> None:
    wrong = {"field": "mood", "op": "is", "value": ["bad"]}
    for text, said in (
        (None, "There is no condition on 'mood'"), ("{", "is no JSON"), ("[]", "holds no rule"),
    ):  # fmt: skip
        done = cli("rules", "save", write(wrong, text=text), "--name", "Mood")
        assert done.exit_code == 1 and said in done.stderr, done.output
    for args, said in (
        (("enable", "7"), "There is no such rule"), (("show", "7"), "There is no such rule"),
        (("simulate", "--days", "400"), "1 to 365 days"),
    ):  # fmt: skip
        done = cli("rules", *args)
        assert done.exit_code == 1 and said in done.stderr, done.output
    assert cli("rules", "simulate", "--version", "1").exit_code == 2
    assert cli("rules", "simulate", "--days", "0").exit_code == 2
    assert told("rules", "list") == {"rules": []}


def test_who_looks_on_sees_how_far_it_is_and_a_pipe_holds_the_answer_alone(
    shell_env: dict[str, str], told: Told, write: Callable[..., str]
) -> None:
    answered(datetime.now(UTC) - timedelta(hours=1), {"score": 2}, {"score": 9})
    told("rules", "save", write(LOW), "--name", "Low")
    screen, inner = pty.openpty()
    done = process(shell_env, "rules", "simulate", "--rule", "1", "--json", stderr=inner)
    os.close(inner)
    said = os.read(screen, 1000)
    os.close(screen)
    assert said.endswith(b"\r2 of 2 answers looked at\r\n") and said.startswith(b"\r0 of 2")
    assert json.loads(done.stdout)["fired"] == 1
    piped = process(shell_env, "rules", "simulate", "--rule", "1", "--json")
    assert (piped.stderr, json.loads(piped.stdout)["answers"]) == (b"", 2)
