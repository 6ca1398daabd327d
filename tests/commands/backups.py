"""A desk with something in every table, what it holds, and backups that were tampered with."""

import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import sqlalchemy as sa
from sqlmodel import Session

from db import models as m
from db.models import metadata
from services import audit, passwords, vault
from services.backup import form
from services.keyed import fingerprint
from tests import builders as make
from tests.builders import NOW

PASSWORD = "correct horse battery"
TEXTS = ("The export broke — twice, für alle", 'Say "no"\n\\ \t <b>', "=1+1 \N{GRINNING FACE}")
Rows = dict[str, list[tuple[Any, ...]]]
# What a restore changes on purpose: the version rises, vendors wait, the trail goes on.
CHANGED = ("data_version", "integration", "audit")


def fill(session: Session) -> None:
    """At least one row in every table, references to later rows among them."""
    people(session)
    answers(session)
    cases(session)
    outside(session)
    rules(session)
    session.flush()


def people(session: Session) -> None:
    team, unit = make.team(session, "Nord", round_robin=True), make.unit(session)
    boss = make.user(
        session, "admin", email="boss@example.com", password_hash=passwords.hashed(PASSWORD),
        team_id=team.id, notify={"due": "mail"},
    )  # fmt: skip
    team.lead_id = team.manager_id = boss.id  # the team comes first, its lead later
    session.add_all([
        team,
        m.UserUnit(user_id=boss.id or 0, unit_id=unit.id or 0),
        m.UserSession(
            token_hash="t", csrf="c", user_id=boss.id or 0, created_at=NOW, last_seen_at=NOW,
            expires_at=NOW + timedelta(days=14),
        ),
        m.OneTimeLink(token_hash="l", purpose="reset", user_id=boss.id, expires_at=NOW),
        m.SignInFailure(subject="s", at=NOW),
        m.SignInStart(
            state_hash="s", browser_hash="b", nonce="n", verifier="v", path="/", expires_at=NOW
        ),
        m.Identity(
            issuer="https://login.example.com", subject="b", user_id=boss.id or 0, created_at=NOW,
            last_at=NOW,
        ),
        m.ApiKey(name="k", prefix="p", key_hash="h", scopes=["ingest"], created_at=NOW),
        m.Setting(key="outgoing_allow", value=["mail.intern"], updated_by=boss.id),
        m.Setting(key="csm_sees_all_units", value=False),
        m.SavedView(owner_id=boss.id or 0, name="Mine", query="view=open", created_at=NOW),
        m.Template(name="Sorry", body="We are.", owner_id=boss.id),
    ])  # fmt: skip
    vault.put(session, "vendor.slack.token", "a secret", actor_id=boss.id, now=NOW)
    audit.record(session, boss.id, "user.add", now=NOW, entity="user", entity_id=boss.id)


def answers(session: Session) -> None:
    program = m.Program(name="NPS")
    session.add(program)
    session.flush()
    survey = make.survey(session, program_id=program.id)
    account = make.account(
        session, "Östen AB", arr=Decimal("1200.50"), currency="EUR", renewal_on=date(2026, 9, 1),
        props={"plan": "Pro", "seats": 5, "tags": ["a", None, {"b": 1.5}], "ünï": True},
    )  # fmt: skip
    run = m.ImportRun(
        file_name="a.csv", file_sha256="0", survey_id=survey.id, started_at=NOW,
        mapping={"columns": {"score": "Score"}}, warnings=["one"],
    )  # fmt: skip
    session.add(run)
    session.flush()
    row = make.response(
        session, 9, comment=TEXTS[0], import_run_id=run.id, account_id=account.id,
        answered_at=NOW - timedelta(days=2, microseconds=1),
    )  # fmt: skip
    for text in TEXTS[1:]:
        make.response(session, 9, comment=text)
    session.add_all([
        m.ImportReject(import_run_id=run.id or 0, record=3, line=4, reason="no", cells=["x"]),
        m.ResponseEdit(response_id=row.id or 0, at=NOW, field="comment", before="a"),
        m.PropertyValue(name="channel", value="email"),
    ])  # fmt: skip


def cases(session: Session) -> None:
    first, second = make.case(session), make.case(session)
    boss = session.exec(sa.select(m.User.id)).scalars().first()
    tag = m.Tag(name="Invoice")
    session.add(tag)
    session.flush()
    first.status, first.merged_into = "merged", second.id  # into one that comes later
    event = m.CaseEvent(case_id=second.id or 0, at=NOW, kind="note", data={"n": 1})
    session.add_all([first, event])
    session.flush()
    session.add_all([
        m.CaseEvent(case_id=second.id or 0, at=NOW, kind="undone", undo_of=event.id),
        m.CaseTag(case_id=second.id or 0, tag_id=tag.id or 0),
        m.Draft(user_id=boss, case_id=second.id or 0, kind="note", body="I", updated_at=NOW),
        m.Presence(user_id=boss, case_id=second.id or 0, at=NOW),
        m.Ask(contact_id=second.contact_id or 0, kind="review", at=NOW),
        m.ExternalRef(entity="case", entity_id=second.id or 0, vendor="slack", remote_id="9"),
        m.Notice(user_id=boss, kind="due", about="1", at=NOW, case_id=second.id),
        m.Message(case_id=second.id or 0, kind="note", body=TEXTS[1], author_id=boss),
    ])  # fmt: skip


def outside(session: Session) -> None:
    sent = m.Delivery(
        idem_key="slack:1", vendor="slack", action="post", not_before=NOW, payload={"a": [1]}
    )
    run = m.Reconciliation(vendor="slack", started_at=NOW)
    session.add_all([sent, run])
    session.flush()
    session.add_all([
        m.DeliveryAttempt(delivery_id=sent.id or 0, at=NOW, state="failed",
                          payload_hmac=fingerprint(sent.payload)),
        m.Difference(run_id=run.id or 0, found_at=NOW, vendor="slack", delivery_id=sent.id or 0,
                     kind="missing"),
        m.Integration(name="slack", config={"channel": "#nps"}, connected_at=NOW),
        m.Job(name="order", next_at=NOW, state={"done": "x"}),
        m.Inbound(
            vendor="slack", event_id="act:1", kind="act", received_at=NOW, next_at=NOW,
            payload={"text": TEXTS[0]},
        ),
    ])  # fmt: skip


def rules(session: Session) -> None:
    rule = m.Rule(name="Low ones", position=1, live=1, live_at=NOW, created_at=NOW)
    session.add(rule)
    session.flush()
    answer = session.exec(sa.select(m.Response.id)).scalars().first()
    firing = m.RuleFiring(
        rule_id=rule.id or 0, n=1, mode="live", response_id=answer or 0, at=NOW,
        because=[{"nth": 0, "field": "score", "seen": 2}], effects=[{"do": "open"}],
    )  # fmt: skip
    session.add_all([m.RuleVersion(rule_id=rule.id or 0, n=1, body={"any": False}, made_at=NOW),
                     firing])  # fmt: skip
    session.flush()
    boss = session.exec(sa.select(m.User.id)).scalars().first()
    session.add_all([
        m.RuleLater(firing_id=firing.id or 0, nth=0, due_at=NOW),
        m.Message(response_id=answer, kind="auto", body=TEXTS[0]),
        m.Digest(user_id=boss or 0, vendor="email", hour=8, zone="UTC", made_at=NOW),
        m.RetentionRun(rule="comments", months=24, started_at=NOW),
    ])  # fmt: skip


def kept(session: Session) -> Rows:
    """Every row of every table, in order, as the desk reads it."""
    return {
        table.name: [
            tuple(row)
            for row in session.connection().execute(
                sa.select(table).order_by(*table.primary_key.columns)
            )
        ]
        for table in metadata.sorted_tables
    }


def packed(manifest: dict[str, Any], files: dict[str, bytes]) -> bytes:
    """A zip of these files with this manifest."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
        zipped.writestr(form.MANIFEST, json.dumps(manifest))
    return made.getvalue()


def member(content: bytes) -> dict[str, Any]:
    """What the manifest says of a file with this content."""
    return {"bytes": len(content), "sha256": sha256(content).hexdigest()}


def of_rows(revision: str, tables: Iterable[sa.Table], rows: dict[str, list[Any]]) -> bytes:
    """A backup of these tables and rows (values in the order of the columns)."""
    sheets, files = [], {}
    for table in tables:
        columns = form.columns(table)
        content = form.lines(columns, rows.get(table.name, []))
        files[form.member(table.name)] = content
        sheets.append(
            {"name": table.name, "columns": [c.model_dump() for c in columns]}
            | {"rows": len(rows.get(table.name, []))}
            | member(content)
        )
    manifest = {"format": 1, "revision": revision, "engine": "sqlite", "tables": sheets}
    return packed(manifest | {"made_at": NOW.isoformat()}, files)


def changed(file: Path, table: str, change: Callable[[list[Any]], object]) -> bytes:
    """The backup with the rows of a table changed by somebody who knows how: its sums are right."""
    with ZipFile(file) as zipped:
        manifest = json.loads(zipped.read(form.MANIFEST))
        files = {n: zipped.read(n) for n in zipped.namelist() if n != form.MANIFEST}
    sheet = next(sheet for sheet in manifest["tables"] if sheet["name"] == table)
    rows = [json.loads(line) for line in files[form.member(table)].splitlines()]
    change(rows)
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    files[form.member(table)] = content
    sheet |= member(content) | {"rows": len(rows)}
    return packed(manifest, files)
