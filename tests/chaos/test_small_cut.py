"""A small cut of `make chaos`: each vendor once, there and back, all of them at the same time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.config import ROOT
from tests.chaos.plan import FAULTS, STEPS, Kills, Trial, trials
from tests.conftest import _postgres_server

pytestmark = pytest.mark.alone

CASES, SEED = "5", "11"
CUT = {
    "zendesk": ("sqlite", "4"),
    "slack": ("postgresql", "1"),
    "slack webhook": ("sqlite", "1"),
    "intercom": ("postgresql", "1"),
    "webhook": ("sqlite", "1"),
    "email": ("postgresql", "4"),
    "zendesk in": ("sqlite", "1"),
    "intercom in": ("postgresql", "1"),
    "slack in": ("postgresql", "2"),
}
Runs = dict[str, "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    """The runs, all begun."""
    begun = {title: _begun(title, *how) for title, how in CUT.items()}
    yield begun
    for run in begun.values():
        run.terminate()
        run.communicate(timeout=20)


def _begun(title: str, engine: str, workers: str) -> "subprocess.Popen[str]":
    own = {"CHAOS_VENDORS": title, "CHAOS_ENGINES": engine, "CHAOS_WORKERS": workers}
    own |= {"CHAOS_CASES": CASES, "CHAOS_SEED": SEED, "TEST_DATABASE_URL": _postgres_server()}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.chaos"], cwd=ROOT, env={**os.environ, **own}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("title", CUT)
def test_nothing_is_lost_or_doubled_while_everything_fails(runs: Runs, title: str) -> None:
    said, _ = runs[title].communicate(timeout=300)
    assert runs[title].returncode == 0, said
    assert "kept" in said and f"CHAOS_SEED={SEED}" in said


def test_every_step_meets_every_fault_and_a_seed_says_in_which_order() -> None:
    some = trials(1)
    whole = [next(some) for _ in range(len(STEPS) * len(FAULTS))]
    assert len(set(whole)) == len(whole)
    again = trials(1)
    assert whole == [next(again) for _ in whole]
    assert Trial("looked", "revoked").clear and not Trial("done", "").clear


def test_one_worker_dies_where_it_is_planned_and_no_second_one(tmp_path: Path) -> None:
    kills = Kills(tmp_path)
    kills.plan("k", "claimed", "how")
    assert kills.take("k", "sending") is None
    assert kills.take("k", "claimed") == "how" and kills.taken("k", "claimed")
    assert kills.take("k", "claimed") is None
