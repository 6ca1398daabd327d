"""What is old goes, what is young or worked on stays, no figure changes; once, with a report."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db import engine
from db.models import (
    Audit,
    Case,
    Contact,
    Delivery,
    DeliveryAttempt,
    Draft,
    ImportReject,
    ImportRun,
    Inbound,
    Message,
    Response,
    RetentionRun,
    RootCause,
    UserSession,
)
from services import vendor_scores
from services.access import Forbidden, Refused
from services.cases import verbs
from services.erasing.erase import erase
from services.insights import Filter, report
from services.insights.verbatims import verbatims
from services.keyed import fingerprint
from services.ledger.verifying import verify
from services.outbox.owing import owe, withdraw
from services.retention import choosing, holding, running
from services.retention.rules import RULES
from services.worker import jobs
from tests import builders as make
from tests.builders import NOW

ADMIN = make.actor("admin")
OLD, YOUNG = NOW - timedelta(days=5 * 365), NOW - timedelta(days=20)
ALL = {name: rule.least for name, rule in RULES.items()}
NIGHT = NOW + timedelta(hours=14)  # 02:00 of the next day


@pytest.fixture
def company(session: Session) -> Iterator[Session]:
    """Five years of one company: old and young of everything, and one old case that is open."""
    for at in (OLD, YOUNG):
        person = make.contact(
            session, f"dana{at.year}@example.com", name=f"Dana {at.year}", created_at=at
        )
        case = make.case(session, 2, now=at, contact_id=person.id, comment=f"asleep {at.year}")
        verbs.note(session, ADMIN, case.number, body=f"note {at.year}", now=at)
        resolve(session, case, at)
        user = make.user(session, "csm")
        carried(session, case, at)
        session.add(UserSession(token_hash=f"t{at}", csrf="c", user_id=user.id or 0, created_at=at,
                                expires_at=at, last_seen_at=at))  # fmt: skip
        session.add(Draft(user_id=user.id or 0, case_id=case.id or 0, kind="note", body="d",
                          updated_at=at))  # fmt: skip
        session.add_all(
            Inbound(vendor="zendesk", event_id=f"{nth}{at}", kind="look", case_id=case.id,
                    received_at=at, next_at=at, state="done")
            for nth in range(2)
        )  # fmt: skip
        run = ImportRun(file_name="a.csv", file_sha256="0", started_at=at)
        session.add(run)
        session.flush()
        session.add(ImportReject(import_run_id=run.id or 0, record=1, line=2, reason="no score"))
    open_ = make.contact(session, "open@example.com", name="Olga Open", created_at=OLD)
    make.case(session, 1, now=OLD, contact_id=open_.id, comment="asleep and open")
    make.contact(session, "never@example.com", do_not_contact=True, created_at=OLD)
    make.response(session, 9, answered_at=OLD, comment="asleep and anonymous")
    session.commit()
    yield session


def resolve(session: Session, case: Case, at: datetime) -> None:
    why = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(
        session, ADMIN, case.number, outcome="solved", root_cause_id=why, version=case.version,
        now=at,
    )  # fmt: skip


def carried(session: Session, case: Case, at: datetime) -> None:
    """Something sent to a vendor, after a try that failed."""
    sent = owe(session, key=f"k{at}", vendor="slack", action="post", body={"card": "words"},
               now=at, case_id=case.id)  # fmt: skip
    sent.state, sent.ended_at, sent.last_error = "sent", at, "words"
    session.add(sent)
    session.add(DeliveryAttempt(delivery_id=sent.id or 0, at=at, state="failed", error="words",
                                payload_hmac=fingerprint(sent.payload)))  # fmt: skip
    session.flush()


def run(session: Session, months: dict[str, int]) -> int:
    """A whole round; how many lots it took."""
    place: running.Place | None = running.Place()
    lots = 0
    while place is not None:
        place = running.lot(session, months, place, NOW)
        lots += 1
    session.commit()
    session.expire_all()
    return lots


def figures(session: Session) -> Any:
    found = report(session, ADMIN, Filter(range="all"), now=NOW)
    return found, session.exec(select(sa.func.count()).select_from(Case)).one()


def removed(session: Session) -> dict[str, dict[str, int]]:
    return {one.run.rule: one.run.counts for one in choosing.reports(session, ADMIN)}


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_changes_a_figure_and_what_was_counted_before_is_what_goes(
    company: Session, rule: str
) -> None:
    before = figures(company)
    told = choosing.preview(company, ADMIN, rule, ALL[rule], now=NOW)
    run(company, {rule: ALL[rule]})
    assert figures(company) == before
    went = removed(company)[rule]
    assert went == {one.name: one.n for one in told.found if one.n} != {}
    again = choosing.preview(company, ADMIN, rule, ALL[rule], now=NOW)
    assert [one.n for one in again.found] == [0] * len(again.found)


def test_doing_it_again_changes_nothing_and_reports_nothing(company: Session) -> None:
    run(company, ALL)
    version, told = engine.version(company), removed(company)
    # Who was erased took their messages and deliveries along.
    assert told.keys() == {"comments", "contacts", "inbound", "traces"}
    run(company, ALL)
    assert engine.version(company) == version
    assert removed(company) == told and len(choosing.reports(company, ADMIN)) == 4


def test_old_comments_go_also_from_the_search_and_young_and_open_ones_stay(
    company: Session,
) -> None:
    seq = engine.version(company)
    run(company, {"comments": 36})
    left = {row.comment for row in company.exec(select(Response)) if row.comment}
    assert left == {f"asleep {YOUNG.year}", "asleep and open"}
    found = verbatims(company, ADMIN, Filter(range="all", text="asleep"), now=NOW)
    assert {row.comment for row in found.rows} == left
    changed = company.exec(select(Response).where(Response.change_seq > seq)).all()
    assert len(changed) == 2 and all(row.comment is None for row in changed)
    assert choosing.preview(company, ADMIN, "comments", 36, now=NOW).surveys == ()


def test_who_is_not_heard_of_is_erased_but_nobody_who_is_or_must_be_left_alone(
    company: Session,
) -> None:
    assert [name for _, name, _ in choosing.people(company, ADMIN, 36, now=NOW)] == [
        f"Dana {OLD.year}"
    ]
    run(company, {"contacts": 36})
    people = company.exec(select(Contact).order_by(Contact.id)).all()  # type: ignore[arg-type]
    assert [person.email for person in people] == [
        None, f"dana{YOUNG.year}@example.com", "open@example.com", "never@example.com",
    ]  # fmt: skip
    assert people[0].erased_at == NOW


def test_a_person_on_whose_case_something_was_done_lately_stays(company: Session) -> None:
    case = company.exec(select(Case).order_by(Case.id)).first()  # type: ignore[arg-type]
    assert case is not None
    verbs.note(company, ADMIN, case.number, body="She called", now=YOUNG)
    run(company, {"contacts": 12})
    assert company.exec(select(Contact).where(Contact.erased_at != None)).all() == []  # noqa: E711


def test_messages_of_long_closed_cases_are_emptied_and_their_drafts_removed(
    company: Session,
) -> None:
    run(company, {"messages": 24})
    told = company.exec(select(Message.body, Message.erased_at).order_by(Message.id)).all()  # type: ignore[call-overload]
    assert told == [(None, NOW), (f"note {YOUNG.year}", None)]
    assert len(company.exec(select(Draft)).all()) == 1


def test_what_was_sent_goes_and_its_fingerprint_stays(company: Session) -> None:
    run(company, {"deliveries": 12})
    old, young = company.exec(select(Delivery).order_by(Delivery.id)).all()  # type: ignore[arg-type]
    assert (old.payload, old.last_error, old.state) == ({"erased": True}, "(erased)", "sent")
    assert (young.payload, young.last_error) == ({"card": "words"}, "words")
    tries = company.exec(select(DeliveryAttempt).order_by(DeliveryAttempt.id)).all()  # type: ignore[arg-type]
    told = fingerprint({"card": "words"})
    assert [(one.error, one.payload_hmac) for one in tries] == [
        ("(erased)", told), ("words", told),
    ]  # fmt: skip


def test_the_ledger_is_as_valid_after_every_rule_as_before(company: Session) -> None:
    case = company.exec(select(Case).order_by(Case.id)).first()  # type: ignore[arg-type]
    assert case is not None
    sent = owe(company, key="late", vendor="slack", action="post", body={"card": "words"},
               now=OLD, case_id=case.id)  # fmt: skip
    withdraw(company, sent, "words", OLD)
    company.commit()
    before = verify(company, ADMIN)
    assert before.rows > 0 and not before.defects
    run(company, ALL)
    assert company.get_one(Delivery, sent.id).payload == {"erased": True}
    assert not verify(company, ADMIN).defects


def test_traces_go_and_those_of_yesterday_stay(company: Session) -> None:
    run(company, {"traces": 6})
    for table in (UserSession, Draft, ImportReject):
        assert len(company.exec(select(table)).all()) == 1


def test_what_came_in_goes_but_not_what_waits_nor_the_first_of_a_vendor(company: Session) -> None:
    late = {"received_at": OLD, "next_at": OLD, "vendor": "zendesk"}
    company.add(Inbound(event_id="waits", kind="look", **late))
    company.add(Inbound(event_id="ahead", kind="change", state="done", at=YOUNG, **late))
    company.add(Inbound(event_id="lost", kind="act", state="failed", payload={"t": "x"}, **late))
    run(company, {"inbound": 12})
    left = set(company.exec(select(Inbound.event_id)).all())
    assert left == {f"0{OLD}", f"0{YOUNG}", f"1{YOUNG}", "waits", "ahead"}
    assert removed(company) == {"inbound": {"events": 2}}


def test_a_round_that_is_cut_off_goes_on_and_is_one_line_of_the_report(company: Session) -> None:
    part = RULES["comments"].parts[0]
    assert part.lot == 500
    place = running.lot(company, {"comments": 6}, running.Place(), NOW)
    company.commit()
    assert place == running.Place("comments", 0, place.behind) and place is not None
    (begun,) = company.exec(select(RetentionRun)).all()
    assert begun.ended_at is None
    run(company, {"comments": 6})
    (ended,) = company.exec(select(RetentionRun)).all()
    assert ended.ended_at == NOW and ended.counts == {"comments": 2}


@pytest.mark.parametrize("kind", ["contact", "account"])
def test_who_is_on_hold_keeps_everything_until_they_are_released(
    company: Session, kind: str
) -> None:
    dana = company.exec(select(Contact).order_by(Contact.id)).first()  # type: ignore[arg-type]
    assert dana is not None
    acme = make.account(company, "Acme Corp")
    dana.account_id = acme.id
    company.exec(sa.update(Response).where(Response.contact_id == dana.id)  # type: ignore
                 .values(account_id=acme.id))  # fmt: skip
    who = {"contact": str(dana.email).upper(), "account": "  acme  CORP "}[kind]
    held = holding.hold(company, ADMIN, kind, who, "court case 7", now=NOW)
    rules = {name: n for name, n in ALL.items() if name != "traces"}
    run(company, rules)
    assert removed(company) == {"comments": {"comments": 1}}  # of somebody without a name
    with pytest.raises(Refused, match="on hold: court case 7"):
        erase(company, ADMIN, dana.id or 0, now=NOW)
    assert [one.reason for one in holding.held(company, ADMIN)] == ["court case 7"]
    holding.release(company, ADMIN, kind, held, now=NOW)
    run(company, {"contacts": 36})
    assert dana.erased_at == NOW and holding.held(company, ADMIN) == []
    told = company.exec(select(Audit).where(Audit.entity == kind)).all()
    assert [row.verb for row in told if row.verb != "contact.erase"] == [
        "retention.hold", "retention.release",
    ]  # fmt: skip
    assert all("court" not in str(row.data) for row in told)


def test_what_was_sent_outside_cases_is_kept_for_who_is_on_hold_too(company: Session) -> None:
    dana, olga = company.exec(select(Contact).where(Contact.created_at == OLD).limit(2))
    for who in (dana, olga):
        answer = make.response(company, 9, contact_id=who.id, answered_at=OLD)
        thanks = Message(kind="auto", response_id=answer.id, contact_id=who.id, body="Thanks",
                         created_at=OLD)  # fmt: skip
        company.add(thanks)
        company.flush()
        for key, of in ((f"auto{who.id}", thanks.id), (vendor_scores.key(answer.id), None)):
            sent = owe(company, key=key, vendor="email", action="auto", body={"to": who.email},
                       now=OLD, message_id=of)  # fmt: skip
            sent.state, sent.ended_at = "sent", OLD
            company.add(sent)
            company.flush()
            company.add(DeliveryAttempt(delivery_id=sent.id or 0, at=OLD, state="failed",
                                        error=str(who.email),
                                        payload_hmac=fingerprint(sent.payload)))  # fmt: skip
    holding.hold(company, ADMIN, "contact", str(dana.email), "court case 7", now=NOW)
    told = choosing.preview(company, ADMIN, "deliveries", 12, now=NOW)
    run(company, {"deliveries": 12})
    assert removed(company) == {"deliveries": {one.name: one.n for one in told.found}}
    assert [one.n for one in told.found] == [2, 2]
    of_case = {"card": "words"}
    kept = [one.payload for one in company.exec(select(Delivery)) if "erased" not in one.payload]
    assert kept == [of_case, of_case, {"to": dana.email}, {"to": dana.email}]
    said = set(company.exec(select(DeliveryAttempt.error)).all())
    assert said == {"words", dana.email, "(erased)"}


def test_a_hold_names_somebody_and_says_why(company: Session) -> None:
    for kind, who, why in (
        ("contact", "nobody@example.com", "why"), ("account", "Nobody", "why"),
        ("contact", f"dana{OLD.year}@example.com", "  "),
    ):  # fmt: skip
        with pytest.raises(Refused):
            holding.hold(company, ADMIN, kind, who, why, now=NOW)
    with pytest.raises(Refused):
        holding.release(company, ADMIN, "contact", 1, now=NOW)


def test_rules_are_off_need_a_word_and_keep_to_their_least(company: Session) -> None:
    assert choosing.chosen(company, ADMIN) == {}
    for months, word in ((5, "REMOVE"), (241, "REMOVE"), (36, "remove"), (True, "REMOVE")):
        with pytest.raises(Refused):
            choosing.switch(company, ADMIN, "comments", months, word=word, now=NOW)
    with pytest.raises(Refused):
        choosing.switch(company, ADMIN, "everything", 36, word="REMOVE", now=NOW)
    choosing.switch(company, ADMIN, "comments", 36, word="REMOVE", now=NOW)
    assert choosing.chosen(company, ADMIN) == {"comments": 36}
    choosing.switch(company, ADMIN, "comments", None, now=NOW)
    assert choosing.chosen(company, ADMIN) == {}
    told = company.exec(select(Audit).where(Audit.verb.startswith("retention"))).all()  # type: ignore[attr-defined]
    assert [(row.verb, row.data) for row in told] == [
        ("retention.on", {"rule": "comments", "months": 36}),
        ("retention.off", {"rule": "comments"}),
    ]


def test_the_night_does_what_is_on_once_and_writes_the_report(company: Session) -> None:
    choosing.switch(company, ADMIN, "comments", 36, word="REMOVE", now=NOW)
    company.commit()
    state = jobs.retention({}, lambda: NOW)
    assert state == {"done": "2026-06-15"} and removed(company) == {"comments": {"comments": 2}}
    company.commit()
    make.response(company, 8, answered_at=OLD, comment="late")
    company.commit()
    company.commit()
    assert jobs.retention(state, lambda: NIGHT - timedelta(minutes=1)) == state
    assert len(choosing.reports(company, ADMIN)) == 1
    company.commit()
    assert jobs.retention(state, lambda: NIGHT) == {"done": "2026-06-16"}
    company.expire_all()
    lines = choosing.as_csv(company, ADMIN).splitlines()
    assert len(lines) == 3 and ",comments,36,comments,1,the desk" in lines[1]


def test_only_an_admin_sees_or_changes_a_rule(company: Session) -> None:
    for role in ("manager", "csm", "support"):
        with pytest.raises(Forbidden):
            choosing.preview(company, make.actor(role), "comments", 36, now=NOW)


def test_the_index_of_the_search_forgets_once_a_run_and_not_for_each_person(
    company: Session,
) -> None:
    if not engine.is_sqlite(company):
        pytest.skip("PostgreSQL's index holds what the rows hold")
    for n in range(3):
        person = make.contact(company, f"p{n}@example.com", created_at=OLD)
        make.response(company, 3, contact_id=person.id, comment="zqgone", answered_at=OLD)
    company.commit()
    said: list[str] = []
    sa.event.listen(company.get_bind(), "before_cursor_execute", lambda *of: said.append(of[2]))
    run(company, {"contacts": 36})
    assert sum("'optimize'" in one for one in said) == 1
    held = "SELECT count(*) FROM response_fts_data WHERE instr(block, 'zqgone') > 0"
    assert company.connection().exec_driver_sql(held).scalar_one() == 0
