"""A file in parts: the same whether this process reads it or one of its own."""

import os
import signal
from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.importing import parts as module
from services.importing.answers import Plan
from services.importing.files import Table, open_table
from services.importing.limits import ImportRefused
from services.importing.parts import Part, parts
from services.importing.planning import Choices, make_plan
from tests.builders import NOW

MESSY = Path(__file__).parents[1] / "fixtures" / "messy.csv"
DELIGHTED = Path(__file__).parents[1] / "fixtures" / "delighted.csv"


def job(path: Path) -> tuple[Table, Plan]:
    table = open_table(path)
    plan, _ = make_plan(table, Choices(order="dmy"), ZoneInfo("UTC"), NOW.astimezone(UTC))
    return table, plan


def read(path: Path) -> tuple[list[Part], list[str]]:
    with parts(*job(path), NOW) as reading:
        found = list(reading)
    return found, reading.tally.lines()


@pytest.mark.parametrize("path", [MESSY, DELIGHTED], ids=lambda path: path.stem)
def test_a_process_of_its_own_reads_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = read(path)
    monkeypatch.setattr(module, "LARGE", 0)
    there = read(path)
    assert here == there
    assert sum(part.read for part in here[0]) > 0


def long_file(folder: Path, rows: int) -> Path:
    path = folder / "long.csv"
    lines = (f"{i % 11},2026-01-01,p{i % 7}@example.com,Firm {i % 3}" for i in range(rows))
    path.write_text("score,date,email,company\n" + "\n".join(lines))
    return path


def test_parts_are_small_and_name_each_person_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.importing.rows.CHUNK", 10)
    found, _ = read(long_file(tmp_path, 125))
    assert [part.batch.n for part in found] == [10, 50, 50, 15]
    people = [email for part in found for email in part.batch.people]
    assert sorted(people) == sorted(set(people))
    assert len(people) == 7


def test_a_refusal_in_the_other_process_is_a_refusal_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, plan = job(long_file(tmp_path, 20))
    table.path.write_bytes(b"score,date,email,company\n" + b"x" * 11_000_000)
    monkeypatch.setattr(module, "LARGE", 0)
    with pytest.raises(ImportRefused), parts(table, plan, NOW) as reading:
        list(reading)


def test_a_reader_that_dies_is_said_and_never_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE", 0)
    table, plan = job(long_file(tmp_path, 200_000))
    with pytest.raises(RuntimeError, match="died"), parts(table, plan, NOW) as reading:
        for _ in reading:
            assert reading._child is not None
            os.kill(reading._child.pid, signal.SIGKILL)


def test_whoever_stops_early_leaves_no_process_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE", 0)
    with parts(*job(long_file(tmp_path, 200_000)), NOW) as reading:
        next(iter(reading))
        child = reading._child
    assert child is not None and child.returncode is not None
