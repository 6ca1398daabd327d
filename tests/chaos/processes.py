"""Processes that a test starts, talks to and ends."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.config import ROOT


@contextmanager
def standin(name: str, folder: Path) -> Iterator[str]:
    """A stand-in in a process of its own: where it is."""
    with process([f"tests.standins.{name}"], folder / "standin.log") as running:
        assert running.stdout is not None
        yield str(json.loads(running.stdout.readline())["url"])


@contextmanager
def process(module: list[str], log: Path, **own: str) -> Iterator[subprocess.Popen[str]]:
    """A module of ours as a process, ended with this."""
    with log.open("a") as errors:
        running = subprocess.Popen(
            [sys.executable, "-m", *module], cwd=ROOT, env={**os.environ, **own}, text=True,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
    try:
        yield running
    finally:
        running.terminate()
        with suppress(subprocess.TimeoutExpired):
            running.wait(5)
        running.kill()
        running.communicate()
