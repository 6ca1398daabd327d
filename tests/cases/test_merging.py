"""Merging and splitting cases: what moves, what is refused, and taking it back exactly."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from db.models import (
    Case,
    CaseEvent,
    CaseResponse,
    CaseTag,
    Contact,
    Delivery,
    Draft,
    Message,
    Response,
    RootCause,
)
from services.access import Actor, Forbidden, Refused, Stale, actor_for
from services.cases import drafts, merging, opening, tagging, verbs
from services.cases.answered import take
from services.cases.journal import Done, journal, state_hash, state_of
from services.cases.lineage import root_of
from services.cases.undo import undo
from services.domain import lifecycle
from services.domain.retrying import State as Delivered
from services.insights import delivery_rows
from services.insights.case_file import case_file
from services.insights.case_filter import CaseFilter, View
from services.insights.queue import queue
from services.outbox.owing import owe
from services.vendors.base import Update
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def me(session: Session) -> Actor:
    user = make.user(session, "manager", name="Max Sol", team_id=make.team(session).id)
    return actor_for(session, user)


@pytest.fixture
def pair(session: Session) -> tuple[Case, Case]:
    """Two cases of one company: of Dana, and of Eli half an hour later."""
    acme = make.account(session)
    dana, eli = (
        make.contact(session, f"{name}@example.com", name=name, account_id=acme.id)
        for name in ("Dana", "Eli")
    )
    first = make.case(session, 3, contact_id=dana.id, account_id=acme.id, comment="slow")
    half = NOW + timedelta(minutes=30)
    second = make.case(session, 2, contact_id=eli.id, account_id=acme.id, comment="bad", now=half)
    return first, second


def put_together(session: Session, me: Actor, goes: Case, stays: Case) -> Done:
    return merging.merge(
        session, me, goes.number, into=stays.number, version=goes.version,
        into_version=stays.version, now=LATER,
    )  # fmt: skip


def responses(session: Session, case: Case) -> set[int]:
    query = select(CaseResponse.response_id).where(CaseResponse.case_id == case.id)
    return set(session.exec(query))


def agree(session: Session) -> None:
    """Journal and row of every case tell the same, and a person has one open case for a reason."""
    for case in session.exec(select(Case)):
        events = journal(session, case.id or 0)
        assert lifecycle.fold(e.data["changes"] for e in events) == state_of(case)
        assert [e.data["version"] for e in events] == list(range(1, case.version + 1))


def test_what_a_case_holds_is_found_on_the_one_it_went_into(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    verbs.note(session, me, goes.number, body="Called twice", now=LATER)
    tagging.tag(session, me, goes.number, name="export", now=LATER)
    tagging.tag(session, me, stays.number, name="vip", now=LATER)
    due, both = goes.first_due, responses(session, goes) | responses(session, stays)
    put_together(session, me, goes, stays)
    assert (goes.status, goes.merged_into, goes.due_at) == ("merged", stays.id, None)
    assert (stays.due_at, stays.opened_at) == (due, NOW)
    assert responses(session, stays) == both and responses(session, goes) == set()
    file = case_file(session, me, stays.number, now=LATER)
    assert {answer.comment for answer in file.answers} == {"slow", "bad"}
    assert [step.body for step in file.steps if step.body] == ["Called twice"]
    said = [f"{step.who} {step.said}" for step in file.steps]
    assert f"Max Sol left a note, on case {goes.number}" in said
    assert said[0] == f"Max Sol merged case {goes.number} into it"
    assert (file.row.contact, file.row.score, file.row.tags) == ("Eli", 2, ("export", "vip"))
    gone = case_file(session, me, goes.number, now=LATER)
    assert (gone.merged_into, gone.steps[0].said) == (2, "merged it into case 2")
    agree(session)


def test_a_merge_taken_back_leaves_both_cases_as_they_were(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    tagging.tag(session, me, goes.number, name="export", now=LATER)
    verbs.log_contact(session, me, goes.number, way="call", body="ok", at=LATER, now=LATER)
    before = [state_hash(session, case) for case in pair]
    done = put_together(session, me, goes, stays)
    after = [state_hash(session, case) for case in pair]
    back = undo(session, me, stays.number, done.event_id, now=LATER)
    assert [state_hash(session, case) for case in pair] == before
    again = undo(session, me, stays.number, back.event_id, now=LATER)
    assert [state_hash(session, case) for case in pair] == after
    undo(session, me, stays.number, again.event_id, now=LATER)
    assert [state_hash(session, case) for case in pair] == before
    agree(session)


def test_of_one_person_the_first_contact_counts_for_both(session: Session, me: Actor) -> None:
    dana = make.contact(session)
    low = make.case(session, 3, contact_id=dana.id)
    high = make.response(session, 9, contact_id=dana.id)
    number = opening.open_by_hand(session, me, high.id or 0, now=LATER)
    other = session.exec(select(Case).where(Case.number == number)).one()
    call = verbs.log_contact(session, me, number, way="call", body="ok", at=LATER, now=LATER)
    assert call
    done = put_together(session, me, other, low)
    assert (low.contacted_at, low.due_at) == (LATER, low.close_due)
    own = verbs.log_contact(
        session, me, low.number, way="call", body="again", at=LATER + timedelta(hours=1),
        now=LATER + timedelta(hours=1),
    )  # fmt: skip
    undo(session, me, low.number, own.event_id, now=LATER + timedelta(hours=1))
    assert low.contacted_at == LATER  # what the other case brought still stands
    undo(session, me, low.number, done.event_id, now=LATER)
    assert (low.contacted_at, other.contacted_at) == (None, LATER)
    agree(session)


def test_further_answers_join_the_case_that_theirs_was_merged_into(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    make.response(session, 10, contact_id=stays.contact_id, answered_at=NOW - timedelta(days=60))
    put_together(session, me, goes, stays)
    about, why = stays.response_id, stays.priority_reasons
    assert "flip" in {reason["code"] for reason in why}
    joined = make.case(session, 0, contact_id=goes.contact_id, comment="still", now=LATER)
    assert joined.id == stays.id
    # it is about Eli, and stays so
    assert (stays.response_id, stays.priority_reasons) == (about, why)
    last = case_file(session, me, stays.number, now=LATER).steps[0]
    assert last.said == "added a further answer of another person"
    merged = session.exec(select(CaseEvent).where(CaseEvent.kind == "absorbed")).one()
    undo(session, me, stays.number, merged.id or 0, now=LATER)
    assert joined.id == make.case(session, 1, contact_id=stays.contact_id, now=LATER).id
    assert goes.id == make.case(session, 1, contact_id=goes.contact_id, now=LATER).id
    agree(session)


def test_what_the_customer_writes_back_reaches_the_case_that_is_worked_on(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    session.add(Message(case_id=goes.id or 0, kind="reply", message_id="<ours@desk>", body="Hi",
                        contact_id=goes.contact_id))  # fmt: skip
    session.flush()
    put_together(session, me, goes, stays)
    update = Update(
        kind="answer", key="<theirs@out>", at=LATER, thread=("<ours@desk>",), text="Thanks"
    )
    assert take(session, update, LATER) == "answer"
    got = session.exec(select(Message).where(Message.message_id == "<theirs@out>")).one()
    assert got.case_id == stays.id


@pytest.mark.parametrize("same", [True, False])
def test_mail_to_a_merged_case_that_is_done_goes_to_the_one_that_is_open(
    session: Session, me: Actor, pair: tuple[Case, Case], same: bool
) -> None:
    goes, stays = pair
    if same:  # two cases of one person have two reasons
        said = make.response(session, 9, contact_id=stays.contact_id, account_id=stays.account_id)
        number = opening.open_by_hand(session, me, said.id or 0, now=NOW)
        goes = session.exec(select(Case).where(Case.number == number)).one()
    session.add(Message(case_id=goes.id or 0, kind="reply", message_id="<ours@desk>", body="Hi",
                        contact_id=goes.contact_id))  # fmt: skip
    session.flush()
    put_together(session, me, goes, stays)
    cause = session.exec(select(RootCause.id)).first() or 0
    verbs.resolve(session, me, stays.number, outcome="solved", root_cause_id=cause,
                  version=stays.version, now=LATER)  # fmt: skip
    latest = make.case(session, 1, contact_id=stays.contact_id, now=LATER)
    assert latest.id != stays.id
    update = Update(
        kind="answer", key="<theirs@out>", at=LATER, thread=("<ours@desk>",), text="Thanks"
    )
    assert take(session, update, LATER) == "answer"
    got = session.exec(select(Message).where(Message.message_id == "<theirs@out>")).one()
    assert (got.case_id, stays.status) == (latest.id, "resolved")


def test_a_tag_that_was_put_on_by_hand_since_keeps_a_merge_from_being_put_in_again(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    tagging.tag(session, me, goes.number, name="export", now=LATER)
    done = put_together(session, me, goes, stays)
    back = undo(session, me, stays.number, done.event_id, now=LATER)
    tagging.tag(session, me, stays.number, name="export", now=LATER)
    with pytest.raises(Refused, match="its tags changed since"):
        undo(session, me, stays.number, back.event_id, now=LATER)


@pytest.mark.parametrize("state", ["pending", "sending", "unknown"])
def test_a_reply_on_its_way_keeps_a_case_where_it_is(
    session: Session, me: Actor, pair: tuple[Case, Case], state: str
) -> None:
    goes, stays = pair
    sent = owe(
        session, key="k", vendor="email", action="reply", body={}, now=NOW, case_id=goes.id,
        state=state,
    )  # fmt: skip
    with pytest.raises(Refused, match=f"A reply is on its way from case {goes.number}"):
        put_together(session, me, goes, stays)
    sent.state = Delivered.SENT.value
    session.add(sent)
    put_together(session, me, goes, stays)
    listed = delivery_rows.listed(session, me, delivery_rows.Wanted(case=stays.number), limit=9)
    assert [row.id for row in listed] == [sent.id]


def test_only_cases_that_belong_together_are_merged(session: Session, me: Actor) -> None:
    one, other = make.case(session), make.case(session)
    with pytest.raises(Refused, match="of one person or one company"):
        put_together(session, me, one, other)
    with pytest.raises(Refused, match="not merged with itself"):
        put_together(session, me, one, one)
    acme = make.account(session)
    here, there = (make.case(session, account_id=acme.id, unit_id=u) for u in (
        make.unit(session).id, make.unit(session, "APAC").id,
    ))  # fmt: skip
    with pytest.raises(Refused, match="different units"):
        put_together(session, me, here, there)


def test_who_was_slower_is_told_and_changes_nothing(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    verbs.note(session, me, stays.number, body="hm", now=LATER)
    with pytest.raises(Stale, match="left a note"):
        merging.merge(session, me, 1, into=2, version=1, into_version=1, now=LATER)
    assert (goes.status, stays.status) == ("new", "new")


def test_a_csm_merges_within_their_team_and_support_does_not(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    team = make.team(session, "Mine")
    csm = actor_for(session, make.user(session, "csm", team_id=team.id))
    with pytest.raises(Refused, match="neither yours nor your team's"):
        put_together(session, csm, *pair)
    for case in pair:
        verbs.assign_team(
            session, me, case.number, team_id=team.id or 0, version=case.version, now=LATER
        )
    put_together(session, csm, *pair)
    with pytest.raises(Forbidden):
        put_together(session, actor_for(session, make.user(session, "support")), *pair)


def test_a_merge_is_not_taken_back_over_later_work(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    done = put_together(session, me, goes, stays)
    there = sorted(responses(session, stays))
    parted = merging.split(
        session, me, stays.number, responses=[there[0]], version=stays.version, now=LATER
    )
    with pytest.raises(Refused, match="answers have left case 2 since"):
        undo(session, me, stays.number, done.event_id, now=LATER)
    undo(session, me, stays.number, parted.event_id, now=LATER)
    other = actor_for(session, make.user(session, "manager", name="Bob Ito"))
    verbs.note(session, other, stays.number, body="hm", now=LATER)
    with pytest.raises(Refused, match="Bob Ito left a note since"):
        undo(session, me, stays.number, done.event_id, now=LATER)
    with pytest.raises(Refused, match="it is taken back on case 2"):
        undo(session, me, 1, journal(session, goes.id or 0)[-1].id or 0, now=LATER)
    agree(session)


def test_what_is_typed_on_the_case_that_goes_is_kept(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    drafts.save(session, me, goes.number, kind="note", body="Half a", now=LATER)
    drafts.save(session, me, goes.number, kind="reply", body="Dear Dana", now=LATER)
    done = put_together(session, me, goes, stays)
    mine = drafts.mine(session, me, stays.number)
    assert {kind: typed.body for kind, typed in mine.items()} == {"note": "Half a"}
    undo(session, me, stays.number, done.event_id, now=LATER)  # a reply to Dana is none to Eli
    assert drafts.mine(session, me, goes.number)["reply"].body == "Dear Dana"
    assert len(session.exec(select(Draft)).all()) == 2


def test_a_merged_case_counts_once(session: Session, me: Actor, pair: tuple[Case, Case]) -> None:
    put_together(session, me, *pair)
    for view in (View.OPEN, View.ANY):
        page = queue(session, me, CaseFilter(view), now=LATER, me=me.id)
        assert [row.number for row in page.rows] == [2] and page.total == 1


def test_a_merged_case_is_no_earlier_case_of_its_person(session: Session, me: Actor) -> None:
    case, _first, last = two_answers(session)
    done = merging.split(session, me, 1, responses=[last], version=case.version, now=LATER)
    assert "repeated" in {reason["code"] for reason in case.priority_reasons}
    new = session.exec(select(Case).where(Case.number == done.new)).one()
    put_together(session, me, new, case)
    assert "repeated" not in {reason["code"] for reason in case.priority_reasons}


def test_chains_of_merges_lead_to_the_case_that_is_left(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    third = make.case(session, account_id=goes.account_id)
    put_together(session, me, goes, stays)
    put_together(session, me, stays, third)
    assert root_of(session, goes).id == third.id
    assert case_file(session, me, 1, now=LATER).merged_into == third.number
    assert make.case(session, 1, contact_id=goes.contact_id, now=LATER).id == third.id
    assert "opened it because the answer is low, on case 1" in [
        step.said for step in case_file(session, me, third.number, now=LATER).steps
    ]


def two_answers(session: Session) -> tuple[Case, int, int]:
    """A case with two low answers of one person, half an hour apart."""
    dana = make.contact(session)
    case = make.case(session, 3, contact_id=dana.id)
    first = case.response_id or 0
    make.case(session, 2, contact_id=dana.id, now=NOW + timedelta(minutes=30))
    return case, first, case.response_id or 0


def test_answers_that_are_split_off_have_a_case_of_their_own(session: Session, me: Actor) -> None:
    case, first, last = two_answers(session)
    before = state_hash(session, case)
    done = merging.split(session, me, 1, responses=[last], version=case.version, now=LATER)
    new = session.exec(select(Case).where(Case.number == done.new)).one()
    assert (responses(session, case), responses(session, new)) == ({first}, {last})
    assert (case.response_id, new.response_id, new.reason_key) == (first, last, "second")
    assert new.opened_at == NOW + timedelta(minutes=30) and new.first_due is not None
    assert journal(session, new.id or 0)[0].kind == "split_off"
    back = undo(session, me, 1, done.event_id, now=LATER)
    assert state_hash(session, case) == before
    assert (new.status, new.merged_into, responses(session, new)) == ("merged", case.id, set())
    undo(session, me, 1, back.event_id, now=LATER)
    assert (new.status, responses(session, new)) == ("new", {last})
    agree(session)


def test_a_split_is_not_taken_back_once_the_new_case_was_worked_on(
    session: Session, me: Actor
) -> None:
    case, _first, last = two_answers(session)
    done = merging.split(session, me, 1, responses=[last], version=case.version, now=LATER)
    verbs.note(session, me, done.new, body="hm", now=LATER)
    with pytest.raises(Refused, match="case 2 was worked on since"):
        undo(session, me, 1, done.event_id, now=LATER)
    steps = case_file(session, me, 1, now=LATER).steps
    assert not any(step.mine for step in steps)


def test_a_split_leaves_no_case_empty_and_opens_no_second_one(session: Session, me: Actor) -> None:
    case, first, last = two_answers(session)
    who = session.get_one(Contact, case.contact_id)
    who.name = "Dana"
    stay = "At least one answer of Dana must stay on this case"
    for chosen, why in (([first, last], stay), ([], "Choose answers"), ([999], "Choose")):
        with pytest.raises(Refused, match=why):
            merging.split(session, me, 1, responses=chosen, version=case.version, now=LATER)
    make.case(session, 1, contact_id=case.contact_id, now=LATER)
    merging.split(session, me, 1, responses=[last], version=case.version, now=LATER)
    with pytest.raises(Refused, match="another open case for it already"):
        merging.split(
            session, me, 1, responses=[case.response_id or 0], version=case.version, now=LATER
        )
    assert session.exec(select(Response.id).where(col(Response.id).in_([first]))).one() == first
    assert session.exec(select(CaseTag)).all() == [] and session.exec(select(Delivery)).all() == []
