"""The shell in tests: on an empty desk, in this process or in one of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import Engine
from typer.testing import CliRunner

from db import engine as db_engine
from services import config
from services.cli import app

ROOT = Path(__file__).parents[2]
Run = Callable[..., Result]


@pytest.fixture
def shell_env(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The environment of a shell on an empty desk, which is this process's as well."""
    env = {"DATABASE_URL": database_url, "LOOPDESK_VAR": str(tmp_path / "var")}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    config.load.cache_clear()
    made: Engine = db_engine.use(database_url)
    yield env
    db_engine.current().dispose()
    made.dispose()
    config.load.cache_clear()


@pytest.fixture
def cli(shell_env: dict[str, str]) -> Run:
    """Run a verb in this process."""
    assert shell_env

    def run(*args: str, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=typed)

    return run


@pytest.fixture
def told(cli: Run) -> Callable[..., dict[str, Any]]:
    """Run a verb with --json: its one object; it must have gone well."""

    def run(*args: str) -> dict[str, Any]:
        result = cli(*args, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)  # type: ignore[no-any-return]

    return run


def process(
    env: dict[str, str], *args: str, stderr: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """Run a verb as a process of its own, as people do."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *args],
        cwd=ROOT, env=os.environ | env, stdout=subprocess.PIPE, stderr=stderr, timeout=60,
        check=False,
    )  # fmt: skip
