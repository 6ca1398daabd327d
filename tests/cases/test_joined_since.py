"""A merge that is taken back gives the leaving case the answers of its person that came since."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from db.models import Case, Response
from services.access import Actor, Refused
from services.cases import merging, opening, verbs
from services.cases.journal import journal, state_hash
from services.cases.undo import undo
from services.insights.case_file import case_file
from tests import builders as make
from tests.builders import NOW
from tests.cases.test_merging import LATER, agree, me, pair, put_together, responses

__all__ = ["me", "pair"]  # fixtures
STILL = LATER + timedelta(hours=1)


def answer(session: Session, case: Case, score: int = 0, **values: object) -> int:
    """A further low answer of the person of a case; its id."""
    make.case(session, score, contact_id=case.contact_id, now=STILL, **values)
    return session.exec(select(Response.id).order_by(col(Response.id).desc())).first() or 0


def hashes(session: Session, cases: Sequence[Case]) -> list[str]:
    return [state_hash(session, case) for case in cases]


def said(session: Session, me: Actor, case: Case) -> list[str]:
    return [step.said for step in case_file(session, me, case.number, now=STILL).steps]


def test_an_answer_goes_back_with_the_case_of_its_person(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    before = state_hash(session, stays)
    done = put_together(session, me, goes, stays)
    late, own = answer(session, goes, followup="requested"), answer(session, stays)
    assert stays.asked
    back = undo(session, me, stays.number, done.event_id, now=STILL)
    assert back.told == "took back the merge; 1 answer that came since went back with case 1"
    assert late in responses(session, goes) and own in responses(session, stays)
    assert (goes.response_id, goes.asked, goes.status) == (late, True, "new")
    assert (stays.response_id, stays.asked) == (own, False)
    assert (
        said(session, me, goes)[0] == "brought a further answer of the same person back from case 2"
    )
    assert before != state_hash(session, stays)  # Eli's own further answer is there
    agree(session)


def test_the_case_that_stays_is_as_it_was_before_the_merge(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    before = state_hash(session, stays)
    done = put_together(session, me, goes, stays)
    answer(session, goes, followup="requested")
    undo(session, me, stays.number, done.event_id, now=STILL)
    assert state_hash(session, stays) == before


@pytest.mark.parametrize("goer", ["new", "waiting", "asleep", "contacted"])
def test_back_and_forth_gives_the_same_each_time(
    session: Session, me: Actor, pair: tuple[Case, Case], goer: str
) -> None:
    goes, stays = pair
    given = {"version": goes.version, "now": NOW}
    if goer == "waiting":
        verbs.wait(session, me, goes.number, **given)
    elif goer == "asleep":
        verbs.snooze(session, me, goes.number, until=NOW + timedelta(days=9), **given)
    elif goer == "contacted":
        verbs.log_contact(session, me, goes.number, way="call", body="ok", at=NOW, now=NOW)
    event = put_together(session, me, goes, stays).event_id
    answer(session, goes)
    merged, late = hashes(session, pair), goes.version
    parted: list[str] = []
    for _ in range(2):
        event = undo(session, me, stays.number, event, now=STILL).event_id
        assert hashes(session, pair) == (parted or (parted := hashes(session, pair)))
        assert (goes.snoozed_until, goes.paused_at) == (None, None)
        event = undo(session, me, stays.number, event, now=STILL).event_id
        assert hashes(session, pair) == merged
    assert [e.kind for e in journal(session, goes.id or 0)[late:]] == [
        "undone", "joined", "merged", "undone", "merged",
    ]  # fmt: skip
    agree(session)


def test_what_its_person_answers_between_two_merges_goes_along_too(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    event = put_together(session, me, goes, stays).event_id
    first = answer(session, goes)
    for _ in range(2):
        event = undo(session, me, stays.number, event, now=STILL).event_id
    second = answer(session, goes)
    back = undo(session, me, stays.number, event, now=STILL)
    assert {first, second} <= responses(session, goes)
    assert back.told.endswith("1 answer that came since went back with case 1")
    agree(session)


def test_of_one_person_the_answer_stays_and_the_words_say_so(session: Session, me: Actor) -> None:
    dana = make.contact(session)
    low = make.case(session, 3, contact_id=dana.id)
    high = make.response(session, 9, contact_id=dana.id)
    number = opening.open_by_hand(session, me, high.id or 0, now=NOW)
    other = session.exec(select(Case).where(Case.number == number)).one()
    done = put_together(session, me, other, low)
    late = answer(session, low)
    back = undo(session, me, low.number, done.event_id, now=STILL)
    assert late in responses(session, low)
    assert back.told == (
        "took back the merge; 1 answer that came since stays, as both cases are of the same person"
    )


def test_an_answer_that_has_left_since_keeps_the_merge_from_being_put_in_again(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    done = put_together(session, me, goes, stays)
    late = answer(session, goes)
    back = undo(session, me, stays.number, done.event_id, now=STILL)
    merging.split(session, me, goes.number, responses=[late], version=goes.version, now=STILL)
    with pytest.raises(Refused, match="answers have left case 1 since"):
        undo(session, me, stays.number, back.event_id, now=STILL)


def test_a_case_that_was_worked_on_since_is_not_put_in_again(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    done = put_together(session, me, goes, stays)
    answer(session, goes)
    back = undo(session, me, stays.number, done.event_id, now=STILL)
    answer(session, goes)
    with pytest.raises(Refused, match="case 1 was worked on since"):
        undo(session, me, stays.number, back.event_id, now=STILL)


def test_through_two_merges_an_answer_finds_home_step_by_step(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    third = make.case(session, account_id=goes.account_id)
    inner = put_together(session, me, goes, stays)
    outer = put_together(session, me, stays, third)
    late = answer(session, goes)
    assert late in responses(session, third)
    undo(session, me, third.number, outer.event_id, now=STILL)
    assert late in responses(session, stays) and stays.response_id != late
    undo(session, me, stays.number, inner.event_id, now=STILL)
    assert late in responses(session, goes)
    agree(session)


def test_an_answer_of_somebody_in_another_merged_case_stays_with_that_one(
    session: Session, me: Actor, pair: tuple[Case, Case]
) -> None:
    goes, stays = pair
    third = make.case(session, contact_id=make.contact(session).id, account_id=goes.account_id)
    first = put_together(session, me, goes, stays)
    last = put_together(session, me, third, stays)
    late = answer(session, goes)
    assert undo(session, me, stays.number, last.event_id, now=STILL).told == "took back the merge"
    assert late in responses(session, stays)
    undo(session, me, stays.number, first.event_id, now=STILL)
    assert late in responses(session, goes)
