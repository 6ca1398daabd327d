"""Erasing a person: no word of theirs is left in any table, and every figure stays as it was."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import AutoString, Session, col, select

from db.engine import is_sqlite
from db.models import (
    Ask,
    Audit,
    Case,
    Contact,
    Delivery,
    DeliveryAttempt,
    Draft,
    ExternalRef,
    ImportReject,
    ImportRun,
    Inbound,
    Integration,
    Job,
    Message,
    Notice,
    PropertyValue,
    Reconciliation,
    Response,
    ResponseEdit,
    SavedView,
    metadata,
)
from db.search import matching
from services import contact_export, customers, deliveries
from services.access import Refused
from services.answers import Person
from services.erasing.erase import erase
from services.erasing.preview import preview, sentences
from services.insights.filters import Filter
from services.insights.loop import loop
from services.insights.loop_filter import LoopFilter
from services.insights.scores import report
from services.insights.sla import sla
from services.keyed import fingerprint
from tests import builders as make
from tests.builders import NOW

ADMIN = make.actor("admin")
TEXT = (AutoString, sa.String, sa.JSON)
MARK = "zqmarker"
EMAIL, NAME = f"Dana.{MARK}@acme.example", f'Zo\u00eb "{MARK}"'
# Where words of a person can stand: each is filled below.
FILLED = {
    "contact": {"email", "email_norm", "name", "external_id", "bounced_email", "language", "props"},
    "external_ref": {"remote_id"},
    "response": {"external_id", "comment", "excluded_reason", "props"},
    "response_edit": {"before", "after"},
    "property_value": {"value"},
    "message": {"subject", "body", "message_id"},
    "draft": {"subject", "body"},
    "delivery": {"payload", "last_error"},
    "delivery_attempt": {"error"},
    "import_reject": {"value", "reason", "cells"},
    "import_run": {"error"}, "reconciliation": {"error"},
    "integration": {"last_error"}, "job": {"last_error"},
    "inbound": {"payload", "note"},
}  # fmt: skip
# What holds names of ours, of files and of vendors, states and ids.
PLAIN = {
    "contact": {"role", "population", "hold"}, "external_ref": {"entity", "vendor"},
    "response": {"source", "score_given", "scale", "channel", "touchpoint", "followup"},
    "response_edit": {"field"}, "property_value": {"name"}, "message": {"kind", "way"},
    "draft": {"kind", "way"}, "import_reject": {"column"}, "delivery_attempt": {"state",
    "remote_id", "payload_hmac"},
    "delivery": {"idem_key", "vendor", "action", "lane", "state", "leased_by", "remote_id", "link"},
    "import_run": {"kind", "state", "file_name", "file_sha256", "preset", "mapping", "warnings"},
    "inbound": {"vendor", "event_id", "kind", "thread", "state", "says"},
    "integration": {"name", "config"}, "job": {"name", "leased_by", "state"},
    "reconciliation": {"vendor"},
}  # fmt: skip
APART = {
    "account", "api_key", "ask", "audit", "case", "case_event", "case_response", "case_tag",
    "data_version", "difference", "digest", "identity", "ledger", "ledger_head", "ledger_start",
    "notice", "one_time_link", "presence", "program", "retention_run", "root_cause", "rule",
    "rule_firing", "rule_later", "rule_version", "saved_view",
    "secret", "session", "setting", "sign_in_failure", "sign_in_start", "survey", "tag", "team",
    "template", "unit", "user", "user_unit",
}  # fmt: skip


def test_every_column_is_known_to_hold_words_of_a_person_or_not() -> None:
    assert FILLED.keys() | APART == metadata.tables.keys()
    for name, words in FILLED.items():
        texts = {c.name for c in metadata.tables[name].c if isinstance(c.type, TEXT)}
        assert texts == words | PLAIN[name], name


def found(session: Session) -> set[tuple[str, str]]:
    """Every (table, column) in which the marker stands, anywhere in the database."""
    places = set()
    for table in metadata.sorted_tables:
        for row in session.connection().execute(sa.select(table)).mappings():
            places |= {
                (table.name, name) for name, value in row.items() if MARK in str(value).casefold()
            }
    return places


def indexed(session: Session) -> int:
    """How often SQLite's index of the search holds the word, in whatever part of it."""
    query = "SELECT count(*) FROM response_fts_data WHERE instr(block, ?) > 0"
    return int(session.connection().exec_driver_sql(query, (MARK.encode(),)).scalar_one())


def dana(session: Session) -> Contact:
    """A person with words in every place that can hold some."""
    acme = make.account(session)
    person = make.contact(
        session, EMAIL, name=NAME, external_id=f"id-{MARK}", bounced_email=EMAIL.casefold(),
        language=MARK, props={"nick": MARK}, account_id=acme.id,
    )  # fmt: skip
    own: dict[str, Any] = {"contact_id": person.id, "account_id": acme.id}
    answer = make.response(
        session, 9, comment=f"So {MARK}", external_id=f"{EMAIL}/1",
        answered_at=NOW - timedelta(days=60), excluded_at=NOW, excluded_reason=MARK, **own,
    )  # fmt: skip
    case = make.case(
        session, 2, comment=f"Never {MARK} again", props={"plan": "pro", "nick": MARK}, **own
    )
    session.add(ResponseEdit(response_id=answer.id, at=NOW, field="f", before=MARK, after=MARK))
    session.add_all(
        PropertyValue(name=f"props.{name}", value=value)
        for name, value in (("plan", "pro"), ("nick", MARK))
    )
    _written(session, person, case)
    _imported(session)
    session.add(ExternalRef(entity="contact", entity_id=person.id, vendor="intercom",
                            remote_id=f"ic-{MARK}"))  # fmt: skip
    session.add(ExternalRef(entity="case", entity_id=case.id, vendor="zendesk", remote_id="4711"))
    session.add(Ask(contact_id=person.id, case_id=case.id, kind="review", at=NOW))
    session.add(Inbound(
        vendor="zendesk", event_id="audit:1", kind="change", case_id=case.id, received_at=NOW,
        next_at=NOW, payload={"facts": [{"what": "note", "text": MARK}]}, note=f"no such {EMAIL}",
    ))  # fmt: skip
    session.flush()
    return person


def _written(session: Session, person: Contact, case: Case) -> None:
    writer = make.user(session)
    texts: dict[str, Any] = {"case_id": case.id, "subject": MARK, "body": MARK, "created_at": NOW}
    reply = Message(kind="reply", contact_id=person.id, message_id=f"<a@{MARK}.example>", **texts)
    session.add_all((reply, Message(kind="note", **texts)))
    session.add(Draft(user_id=writer.id, case_id=case.id, kind="note", body=MARK, subject=MARK,
                      updated_at=NOW))  # fmt: skip
    session.flush()
    owe(session, "sent", "sent", case_id=case.id, message_id=reply.id, remote_id="<b@ours>")
    owe(session, "push", "sent", vendor="zendesk", case_id=case.id, remote_id="4711",
        link="https://acme.zendesk.example/4711")  # fmt: skip
    owe(session, "later", "pending", case_id=case.id, actor_id=writer.id)
    owe(session, "lost", "unknown", case_id=case.id, look_at=NOW)
    owe(session, "notice", "pending", user_id=writer.id, action="notice", last_error=None, payload={
        "text": f"Case {case.number} ({NAME}, Acme) was assigned to you.\nCase 99 (Tom) too."
    })  # fmt: skip
    session.add(Integration(name="email", connected_at=NOW, last_error=f"no mailbox {EMAIL}"))
    session.add(Job(name="mailbox", next_at=NOW, last_error=f"no mailbox {EMAIL}"))
    session.add(Reconciliation(vendor="slack", started_at=NOW, error=f"no {EMAIL}"))
    session.add(Notice(user_id=writer.id, kind="assigned", case_id=case.id, about="a", at=NOW))


def owe(session: Session, key: str, state: str, **values: Any) -> Delivery:
    """A delivery with words and a failed try."""
    row = Delivery(**{
        "idem_key": key, "state": state, "vendor": "email", "action": "reply", "not_before": NOW,
        "payload": {"to": {"address": EMAIL}, "text": MARK}, "last_error": f"550 {EMAIL}",
    } | values)  # fmt: skip
    session.add(row)
    session.flush()
    session.add(DeliveryAttempt(delivery_id=row.id, at=NOW, state="pending", error=row.last_error,
                                payload_hmac=fingerprint(row.payload)))  # fmt: skip
    return row


def _imported(session: Session) -> None:
    run = ImportRun(file_name="a.csv", file_sha256="s", started_at=NOW, error=f"at {EMAIL}")
    session.add(run)
    session.flush()
    rows = {
        1: ([EMAIL.upper(), "eleven"], ""), 2: (["eleven", NAME], ""), 3: ([], EMAIL),
        4: (["tom@acme.example", "Zo\u00eb"], "x"),
    }  # fmt: skip
    for n, (cells, value) in rows.items():
        session.add(ImportReject(import_run_id=run.id, record=n, line=n, value=value, cells=cells,
                                 reason=f"{value} is no score"))  # fmt: skip


def tom(session: Session) -> Case:
    """Somebody else with the same plan, whose words stay."""
    who = make.contact(session, "tom@acme.example", name="Tom")
    case = make.case(session, 1, comment="Tom speaks", props={"plan": "pro"}, contact_id=who.id)
    session.add(Message(case_id=case.id, kind="note", body="Called Tom", created_at=NOW))
    owe(session, "toms", "pending", case_id=case.id, payload={"text": "Tom"}, last_error=None)
    session.flush()
    return case


def test_no_word_of_an_erased_person_is_left_anywhere(session: Session) -> None:
    toms, person = tom(session), dana(session)
    everywhere = {(table, name) for table, names in FILLED.items() for name in names}
    assert found(session) == everywhere
    told = preview(session, ADMIN, person.id or 0)
    done = erase(session, ADMIN, person.id or 0, now=NOW)
    assert found(session) == set()
    hits = matching(session, MARK)
    assert hits is not None and session.connection().execute(hits).all() == []
    assert done == told
    assert done.counts == {
        "answers": 2, "comments": 2, "messages": 2, "drafts": 1, "deliveries": 4, "waiting": 1,
        "rejects": 3,
    }  # fmt: skip
    session.refresh(toms)
    assert "Tom speaks" in str(session.exec(select(Response.comment)).all())
    assert "Called Tom" in session.exec(select(Message.body)).all()
    assert session.exec(select(PropertyValue.value)).all() == ["pro"]
    kept = session.exec(select(ImportReject.cells).where(ImportReject.record == 4)).one()
    assert kept == ["tom@acme.example", "Zo\u00eb"]


def test_the_index_of_the_search_forgets_too(session: Session) -> None:
    if not is_sqlite(session):
        pytest.skip("PostgreSQL's index holds what the rows hold")
    person = dana(session)
    assert indexed(session) > 0
    erase(session, ADMIN, person.id or 0, now=NOW)
    assert indexed(session) == 0


def test_every_figure_stays_and_the_change_can_be_followed(session: Session) -> None:
    tom(session)
    person = dana(session)
    before = figures(session)
    seqs = dict(session.exec(select(Response.id, Response.change_seq)).all())
    case = session.exec(select(Case).where(Case.contact_id == person.id)).one()
    was = (case.number, case.status, case.due_at, case.priority, case.change_seq)
    erase(session, ADMIN, person.id or 0, now=NOW)
    assert figures(session) == before
    case = session.exec(select(Case).where(Case.contact_id == person.id)).one()
    assert (case.number, case.status, case.due_at, case.priority) == was[:4]
    assert case.change_seq > max(was[4], *seqs.values())
    for row in session.exec(select(Response)):
        mine = row.contact_id == person.id
        assert row.change_seq == (case.change_seq if mine else seqs[row.id])


def figures(session: Session) -> list[Any]:
    meant, everything = Filter(range="all"), LoopFilter(range="all")
    return [
        report(session, ADMIN, meant, now=NOW),
        loop(session, ADMIN, everything, now=NOW),
        sla(session, ADMIN, everything, now=NOW),
    ]


def test_what_waits_is_cancelled_and_nothing_is_sent_again(session: Session) -> None:
    toms = tom(session)
    person = dana(session)
    erase(session, ADMIN, person.id or 0, now=NOW)
    rows = {row.idem_key: row for row in session.exec(select(Delivery))}
    states = {key: row.state for key, row in rows.items()}
    assert states == {
        "sent": "sent", "push": "sent", "later": "cancelled", "lost": "unknown",
        "notice": "pending", "toms": "pending",
    }  # fmt: skip
    assert rows["notice"].payload["text"].splitlines() == [
        "A case of a person who was erased.", "Case 99 (Tom) too.",
    ]  # fmt: skip
    assert rows["lost"].look_at is None and toms.id == rows["toms"].case_id
    with pytest.raises(Refused, match="person was erased"):
        deliveries.replay(session, ADMIN, rows["later"].id or 0, now=NOW)
    deliveries.decide(session, ADMIN, rows["lost"].id or 0, arrived=False, now=NOW)
    assert (rows["lost"].state, rows["lost"].ended_at) == ("cancelled", NOW)


def test_a_journal_takes_no_change_after_an_erasure(session: Session) -> None:
    erase(session, ADMIN, dana(session).id or 0, now=NOW)
    session.commit()
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        session.connection().execute(sa.update(DeliveryAttempt).values(error="x"))
    session.rollback()


def test_the_trail_says_who_erased_whom_and_no_word_more(session: Session) -> None:
    person, boss = dana(session), make.user(session, "admin")
    erase(session, make.actor("admin", id=boss.id), person.id or 0, now=NOW)
    line = session.exec(select(Audit).where(Audit.verb == "contact.erase")).one()
    assert (line.actor_id, line.entity, line.entity_id) == (boss.id, "contact", person.id)
    assert line.data["answers"] == 2 and all(isinstance(n, int) for n in line.data.values())


def test_a_person_is_erased_once_and_not_while_something_leaves(session: Session) -> None:
    person = dana(session)
    case = session.exec(select(Case).where(Case.contact_id == person.id)).one()
    leaving = owe(
        session, "now", "sending", case_id=case.id, lease_until=NOW + timedelta(minutes=1)
    )
    with pytest.raises(Refused, match="leaving at this moment"):
        erase(session, ADMIN, person.id or 0, now=NOW)
    assert session.get_one(Contact, person.id).name == NAME
    leaving.lease_until = NOW - timedelta(minutes=1)  # its worker died: a person decides
    erase(session, ADMIN, person.id or 0, now=NOW)
    assert (leaving.state, leaving.look_at) == ("unknown", None)
    with pytest.raises(Refused, match="was erased"):
        erase(session, ADMIN, person.id or 0, now=NOW)
    with pytest.raises(Refused, match="was erased"):
        contact_export.export(session, ADMIN, person.id or 0, now=NOW)
    with pytest.raises(Refused, match="no such person"):
        erase(session, ADMIN, 999, now=NOW)


def test_the_same_address_is_somebody_new_later(session: Session) -> None:
    person = dana(session)
    erase(session, ADMIN, person.id or 0, now=NOW)
    again = Person(EMAIL.casefold(), EMAIL, NAME, None, "acme.example")
    (place,) = customers.contacts(session, [again], NOW).values()
    assert place.contact_id not in (None, person.id)
    assert session.get_one(Contact, person.id).name is None


def test_the_preview_names_what_others_have_and_what_to_look_at(session: Session) -> None:
    person, toms = dana(session), tom(session)
    session.add(SavedView(owner_id=make.user(session).id or 0, name="v", created_at=NOW,
                          query=f"view=open&q=dana.{MARK}%40acme.example"))  # fmt: skip
    answer = make.response(session, 3, contact_id=person.id, comment=MARK)
    link = metadata.tables["case_response"].insert()
    session.connection().execute(link.values(case_id=toms.id, response_id=answer.id, joined_at=NOW))
    told = preview(session, ADMIN, person.id or 0)
    assert [(r.vendor, r.what, r.remote_id, r.link) for r in told.remote] == [
        ("Intercom", "contact", f"ic-{MARK}", None),
        ("Zendesk", "case", "4711", "https://acme.zendesk.example/4711"),
    ]
    assert (told.elsewhere, told.views) == ((toms.number,), 1)
    said = " ".join(sentences(told))
    assert "Of 3 answers score, date and survey stay" in said and "3 comments" in said
    assert f"cases of others that hold an answer of theirs: {toms.number}." in said
    assert "1 saved view with their name" in said
    # What told of Tom's case with the answer in it goes, his own messages stay.
    erase(session, ADMIN, person.id or 0, now=NOW)
    pushed = session.exec(select(Delivery).where(col(Delivery.idem_key) == "toms")).one()
    assert pushed.state == "cancelled"
    assert "Called Tom" in session.exec(select(Message.body)).all()


def test_the_export_holds_all_of_one_person_and_nothing_of_others(session: Session) -> None:
    tom(session)
    person = dana(session)
    session.commit()  # what is committed is in the ledger
    text = contact_export.export(session, make.actor("manager"), person.id or 0, now=NOW)
    whole = json.loads(text)
    assert whole["contact"]["name"] == NAME and whole["contact"]["account"] == "Acme"
    assert [a["comment"] for a in whole["answers"]] == [f"So {MARK}", f"Never {MARK} again"]
    assert whole["answers"][0]["edits"] == [
        {"at": NOW.isoformat(), "field": "f", "before": MARK, "after": MARK}
    ]
    assert [c["answers"][0]["response_id"] for c in whole["cases"]] == [whole["answers"][1]["id"]]
    assert {m["kind"] for m in whole["messages"]} == {"reply", "note"}
    assert len(whole["deliveries"]) == 4 and whole["deliveries"][0]["tries"][0]["error"]
    assert whole["deliveries"][0]["steps"][0]["kind"] == "owed"
    assert [ask["kind"] for ask in whole["asked_for"]] == ["review"]
    assert (len(whole["drafts"]), len(whole["rows_not_imported"])) == (1, 3)
    assert whole["at_vendors"] == [{"vendor": "intercom", "remote_id": f"ic-{MARK}"}]
    assert "Tom" not in text
    line = session.exec(select(Audit).where(Audit.verb == "export.contact")).one()
    assert (line.entity_id, line.data) == (person.id, {"answers": 2, "cases": 1, "messages": 2})
