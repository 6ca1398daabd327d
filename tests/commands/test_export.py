"""`export responses`: every row, whole, safe in a spreadsheet, and audited."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sqlmodel import select

from db.engine import transaction
from db.models import Audit, ResponseEdit
from tests import builders as make
from tests.commands.conftest import ROOT, process

NOW = make.NOW
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]


@pytest.fixture
def filled(shell_env: dict[str, str]) -> dict[str, str]:
    """Three answers: one whole, one excluded with an edit, one of a test without a contact."""
    with transaction() as session:
        account = make.account(session, "Acme", external_id="A-1")
        dana = make.contact(session, "dana@example.com", name="Dana", external_id="C-1")
        unit = make.unit(session)
        make.response(
            session, 9, comment='Great, "really"\nyes', channel="email", contact_id=dana.id,
            account_id=account.id, unit_id=unit.id, followup="requested",
            props={"plan": "Pro", "seats": 5, "beta": True, "tags": ["a"], "ünï": "ö"},
        )  # fmt: skip
        out = make.response(
            session, 2, excluded_at=NOW, excluded_reason="a bot", comment="=cmd|' /C calc'!A0"
        )
        make.response(
            session, 4, metric="csat", is_test=True, answered_at=NOW - timedelta(days=4000)
        )
        for before in ("a", "b"):
            session.add(ResponseEdit(response_id=out.id, at=NOW, field="comment", before=before))
    return shell_env


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_csv_holds_every_response_with_its_properties_and_state(filled: Any, cli: Any) -> None:
    assert filled
    result = cli("export", "responses")
    assert result.stderr == "3 of 3 rows\n"
    whole, out, test = rows(result.stdout)
    assert (whole["contact"], whole["email"], whole["contact_external_id"]) == (
        "Dana", "dana@example.com", "C-1",
    )  # fmt: skip
    assert (whole["account"], whole["unit"], whole["followup"]) == ("Acme", "EMEA", "requested")
    assert (whole["comment"], whole["band"]) == ('Great, "really"\nyes', "promoter")
    assert (whole["props.plan"], whole["props.seats"], whole["props.beta"]) == ("Pro", "5", "true")
    assert (whole["props.tags"], whole["props.ünï"]) == ('["a"]', "ö")
    assert whole["answered_at"] == "2026-06-14T12:00:00+00:00"
    assert (out["excluded_reason"], out["edits"], out["props.plan"]) == ("a bot", "2", "")
    assert out["excluded_at"] == NOW.isoformat()
    assert (test["is_test"], test["metric"], test["band"]) == ("yes", "csat", "satisfied")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(
    shell_env: Any, cli: Any, text: str
) -> None:
    assert shell_env
    with transaction() as session:
        make.response(session, 3, comment=text, props={"note": text, text: "x"}, channel="a=b")
    row = rows(cli("export", "responses").stdout)[0]
    assert (row["comment"], row["props.note"], row["channel"]) == (f"'{text}", f"'{text}", "a=b")
    assert row["score"] == "3"


def test_json_is_one_object_with_values_as_they_are(filled: Any, cli: Any) -> None:
    assert filled
    result = cli("export", "responses", "--json")
    found = json.loads(result.stdout)
    assert (found["n"], found["of"], len(found["rows"])) == (3, 3, 3)
    assert found["rows"][0]["props"]["tags"] == ["a"]
    assert found["rows"][1]["comment"].startswith("=cmd")
    assert (found["rows"][2]["is_test"], found["rows"][2]["contact"]) == (True, None)


def test_an_empty_desk_exports_its_header_or_an_empty_list(cli: Any) -> None:
    result = cli("export", "responses")
    assert result.stdout.startswith("id,source,external_id,metric")
    assert result.stdout.count("\n") == 1
    assert json.loads(cli("export", "responses", "--json").stdout) == {"rows": [], "n": 0, "of": 0}


def test_parquet_goes_through_a_pipe_and_keeps_types(filled: dict[str, str]) -> None:
    done = process(filled, "export", "responses", "--parquet")
    assert (done.returncode, done.stderr) == (0, b"3 of 3 rows\n")
    table = parquet.read_table(io.BytesIO(done.stdout))
    assert table.num_rows == 3
    first = table.to_pylist()[0]
    assert (first["score"], first["props.seats"], first["anonymous"]) == (9, "5", False)
    assert first["answered_at"] == NOW - timedelta(days=1)


def test_a_file_is_whole_or_not_there_and_its_owners_alone(
    filled: Any, cli: Any, tmp_path: Path
) -> None:
    assert filled
    out = tmp_path / "out.csv"
    result = cli("export", "responses", "--out", str(out))
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(rows(out.read_bytes().decode())) == 3
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.glob("*.part")) == []
    nowhere = cli("export", "responses", "--out", str(tmp_path / "no" / "out.csv"))
    assert nowhere.exit_code == 1


def test_an_export_can_be_narrowed(filled: Any, cli: Any) -> None:
    assert filled
    for args, n in (
        (("--where", "channel=email"), 1),
        (("--start", "2026-06-14"), 2),
        (("--end", "2020-01-01"), 1),
        (("--where", "survey=CSAT"), 1),
    ):
        result = cli("export", "responses", *args)
        assert (len(rows(result.stdout)), result.stderr) == (n, f"{n} of {n} rows\n"), args


def test_every_export_is_a_line_of_the_trail_with_counts_only(filled: Any, cli: Any) -> None:
    assert filled
    cli("export", "responses", "--where", "channel=email")
    with transaction() as session:
        line = session.exec(select(Audit)).one()
    assert (line.verb, line.actor_id) == ("export.responses", None)
    assert line.data == {"form": "csv", "rows": 1, "columns": 39}


def test_a_reader_who_has_seen_enough_ends_the_export_quietly(shell_env: dict[str, str]) -> None:
    with transaction() as session:
        for _ in range(400):
            make.response(session, 3, comment="x" * 1000)
    command = f"{sys.executable} -m services.cli export responses | head -c 100"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=os.environ | shell_env, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert len(done.stdout) == 100
    assert b"Traceback" not in done.stderr
