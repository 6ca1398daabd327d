"""`export cases`: one row a case with all that belongs to it, and audited."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sqlmodel import select

from db.engine import reading, transaction
from db.models import Audit, Delivery, RootCause
from services import exporting
from services.access import Forbidden, actor_for
from services.cases import merging, tagging, verbs
from services.exporting import Form
from services.insights.case_filter import CaseFilter, View
from tests import builders as make

NOW = make.NOW
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def filled(shell_env: dict[str, str]) -> dict[str, str]:
    """Case 1, worked on and resolved with case 2 in it; case 3 is open."""
    with transaction() as session:
        ann = make.user(session, "manager", name="Ann Bell", email="ann@example.com")
        me = actor_for(session, ann)
        acme = make.account(session, "Acme", external_id="A-1", arr=84000, currency="EUR")
        for name, said in (("Dana", "=1+1"), ("Eli", "bad"), ("Fay", None)):
            who = make.contact(session, f"{name}@example.com", name=name, account_id=acme.id)
            make.case(session, 3, contact_id=who.id, account_id=acme.id, comment=said)
        verbs.assign(session, me, 1, to=me.id, version=1, now=LATER)
        verbs.note(session, me, 2, body="Called, nobody there", now=LATER)
        verbs.log_contact(session, me, 1, way="call", body="Reached Dana", at=LATER, now=LATER)
        for name in ("export", "Ärger"):
            tagging.tag(session, me, 1, name=name, now=LATER)
        merging.merge(session, me, 2, into=1, version=2, into_version=5, now=LATER)
        session.add(Delivery(
            idem_key="k", case_id=1, vendor="zendesk", action="ticket", state="failed",
            not_before=NOW, created_at=NOW, last_error="it said no",
        ))  # fmt: skip
        cause = session.exec(select(RootCause.id)).first()
        verbs.resolve(
            session, me, 1, outcome="solved", root_cause_id=cause or 0, version=6, now=LATER
        )
    return shell_env


def test_a_row_holds_every_field_and_all_that_belongs_to_the_case(filled: Any, cli: Any) -> None:
    assert filled
    result = cli("export", "cases")
    assert result.stderr == "3 of 3 rows\n"
    rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
    one, two, three = rows
    assert [row["number"] for row in rows] == ["1", "2", "3"]
    assert (one["status"], one["outcome"], one["assignee"], one["assignee_email"]) == (
        "resolved", "Solved for the customer", "Ann Bell", "ann@example.com",
    )  # fmt: skip
    assert (one["contact"], one["account"], one["arr"], one["currency"]) == (
        "Dana", "Acme", "84000.00", "EUR",
    )  # fmt: skip
    assert one["contacted_at"] == one["resolved_at"] == LATER.isoformat()
    assert one["tags"].split("\n") == ["export", "Ärger"]
    assert one["comment"] == "'=1+1"
    assert "=1+1" in one["answers"] and "bad" in one["answers"]
    assert one["notes"].split("\n") == [
        f"{LATER.isoformat()} note by Ann Bell: Called, nobody there",
        f"{LATER.isoformat()} call by Ann Bell: Reached Dana",
    ]
    assert one["deliveries"] == f"{NOW.isoformat()} zendesk ticket, failed: it said no"
    assert (two["status"], two["merged_into"], two["answers"]) == ("merged", "1", "")
    assert two["notes"].endswith("Called, nobody there") and three["tags"] == ""


def test_json_keeps_lists_and_parquet_kinds(filled: Any, cli: Any, tmp_path: Path) -> None:
    assert filled
    told = json.loads(cli("export", "cases", "--json").stdout)
    assert (told["n"], told["of"]) == (3, 3)
    one = told["rows"][0]
    assert one["tags"] == ["export", "Ärger"] and one["asked"] is False
    assert [note["author"] for note in one["notes"]] == ["Ann Bell", "Ann Bell"]
    assert [answer["comment"] for answer in one["answers"]] == ["=1+1", "bad"]
    assert one["deliveries"][0]["state"] == "failed"
    cli("export", "cases", "--parquet", "--out", str(tmp_path / "cases.parquet"))
    table = parquet.read_table(tmp_path / "cases.parquet")
    assert table.num_rows == 3 and str(table.schema.field("opened_at").type).startswith("timestamp")


def test_a_filter_is_spelt_as_in_the_address_of_the_queue(filled: Any, cli: Any) -> None:
    assert filled
    told = cli("export", "cases", "--where", "view=open", "--json")
    assert told.stderr == "1 of 1 rows\n"
    assert [row["number"] for row in json.loads(told.stdout)["rows"]] == [3]
    everything = cli("export", "cases", "--where", "score=3", "--json")
    assert everything.stderr == "2 of 2 rows\n"  # the one that was merged is no case of its own
    assert cli("export", "cases", "--where", "colour=red").exit_code == 2
    assert cli("export", "cases", "--where", "view=nowhere").exit_code == 2


def test_it_is_a_line_of_the_trail_and_not_for_everybody(filled: Any) -> None:
    assert filled
    with transaction() as session:
        boss = actor_for(session, make.user(session, "manager"))
        plan = exporting.plan_cases(session, boss, CaseFilter(View.OPEN), Form.CSV, now=NOW)
        exporting.note(session, boss, plan, now=NOW)
        line = session.exec(select(Audit).where(Audit.verb == "export.cases")).one()
        assert (line.actor_id, line.data["rows"]) == (boss.id, 1)
    with reading() as session, pytest.raises(Forbidden):
        exporting.plan_cases(session, make.actor("csm"), None, Form.CSV, now=NOW)
