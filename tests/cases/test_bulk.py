"""Many cases at once: what is previewed is what is done, and all of it is taken back at once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from db.engine import version
from db.models import Case, CaseEvent, Contact, Delivery, Integration, Response, Template
from services.access import Actor, Forbidden, actor_for
from services.cases import bulk, drafts, verbs
from services.cases.bulk import Act, Kind, Touched
from services.cases.journal import journal, state_hash
from services.domain.retrying import Pace
from services.outbox.claiming import claim
from tests import builders as make
from tests.builders import NOW

LATER = NOW + timedelta(hours=1)
ASLEEP = Act(Kind.SNOOZE, {"until": LATER})


@pytest.fixture
def boss(session: Session) -> Actor:
    session.add(
        Integration(name="email", connected_at=NOW, config={"from_address": "care@desk.example"})
    )
    for language, body in (("en", "Dear {{contact.first_name}}"), ("de", "Guten Tag")):
        session.add(Template(name="Sorry", language=language, body=body, shared=True))
    return actor_for(session, make.user(session, "manager", name="Max Boss"))


def cases(session: Session, n: int) -> list[Case]:
    found = []
    for k in range(n):
        who = make.contact(session, f"c{k + 1}@example.com", name=f"Dana {'ABCDEFGHIJ'[k]}lt")
        found.append(make.case(session, 3, contact_id=who.id))
    return found


def do(session: Session, who: Actor, act: Act, seen: Sequence[Touched], key: str) -> list[Touched]:
    fine = [one for one in seen if not one.why_not]
    return bulk.do(session, who, act, fine, batch_id=key, now=NOW)


def undo(session: Session, who: Actor, key: str) -> list[Touched]:
    return bulk.take_back(session, who, bulk.steps_of(session, who, key), now=NOW)


def why(found: Sequence[Touched]) -> dict[int, str]:
    return {one.number: one.why_not for one in found if one.why_not}


def done(found: Sequence[Touched]) -> list[int]:
    return [one.number for one in found if not one.why_not]


def test_a_preview_names_each_case_and_changes_nothing(session: Session, boss: Actor) -> None:
    one, two, _ = cases(session, 3)
    verbs.assign(session, boss, 2, to=boss.id, version=1, now=NOW)
    hashes, before = [state_hash(session, case) for case in (one, two)], version(session)
    act = Act(Kind.ASSIGN, {"to": boss.id})
    found = bulk.preview(session, boss, act, [1, 2, 3, 99], now=NOW)
    assert done(found) == [1, 3]
    assert why(found) == {2: "It is assigned like this already.", 99: "There is no case 99 here."}
    assert [one.who for one in found] == ["Dana Alt", "Dana Blt", "Dana Clt", ""]
    assert [state_hash(session, case) for case in (one, two)] == hashes
    assert session.scalar(select(func.count()).select_from(CaseEvent)) == 4
    assert version(session) == before


ROOT = 1
ACTS: list[tuple[Act, dict[str, Any]]] = [
    (Act(Kind.ASSIGN, {"to": 1}), {"assignee_id": 1}),
    (Act(Kind.TEAM, {"team_id": 1}), {"team_id": 1}),
    (Act(Kind.TAG, {"name": "export"}), {}),
    (ASLEEP, {"snoozed_until": LATER}),
    (Act(Kind.RESOLVE, {"outcome": "solved", "root_cause_id": ROOT}), {"status": "resolved"}),
    (Act(Kind.SEND, {"name": "Sorry", "way": "email", "then": "wait"}), {"status": "waiting"}),
]
AGAIN = [act for act, _ in ACTS if act.kind is not Kind.SEND]  # a message is written anew


@pytest.mark.parametrize(("act", "then"), ACTS, ids=[act.kind.value for act, _ in ACTS])
def test_each_act_does_what_it_previewed_once_and_is_taken_back_whole(
    session: Session, boss: Actor, act: Act, then: dict[str, Any]
) -> None:
    make.team(session)
    found = cases(session, 3)
    hashes = [state_hash(session, case) for case in found]
    seen = bulk.preview(session, boss, act, [1, 2, 3], now=NOW)
    for _ in range(2):  # a double click
        assert done(do(session, boss, act, seen, "key")) == [1, 2, 3]
    for case, before in zip(found, hashes, strict=True):
        assert state_hash(session, case) != before
        assert {name: getattr(case, name) for name in then} == then
        (event,) = journal(session, case.id or 0)[1:]
        assert event.batch_id == "key"
    back = undo(session, boss, "key")
    assert done(back) == [3, 2, 1]
    assert [state_hash(session, case) for case in found] == hashes
    assert undo(session, boss, "key") == []  # pressed twice
    assert drafts.mine(session, boss, 1) == {}


def test_tags_are_taken_off_and_cases_woken_together(session: Session, boss: Actor) -> None:
    cases(session, 2)
    for act, key in ((Act(Kind.TAG, {"name": "a"}), "t"), (ASLEEP, "s")):
        do(session, boss, act, bulk.preview(session, boss, act, [1], now=NOW), key)
    for act, words in (
        (Act(Kind.UNTAG, {"name": "A"}), "It does not have this tag."),
        (Act(Kind.WAKE), "It is not snoozed."),
    ):
        seen = bulk.preview(session, boss, act, [1, 2], now=NOW)
        assert (done(seen), why(seen)) == ([1], {2: words})


def test_what_changed_since_the_preview_is_left_alone_and_named(
    session: Session, boss: Actor
) -> None:
    cases(session, 2)
    seen = bulk.preview(session, boss, ASLEEP, [1, 2], now=NOW)
    bob = actor_for(session, make.user(session, "csm", name="Bob Ito"))
    verbs.note(session, bob, 2, body="hm", now=NOW)
    found = do(session, boss, ASLEEP, seen, "key")
    assert done(found) == [1]
    assert why(found)[2].endswith("changed while you looked at it: Bob Ito left a note.")
    verbs.note(session, bob, 1, body="hm", now=NOW)
    assert why(undo(session, boss, "key")) == {
        1: "It cannot be taken back any more: Bob Ito left a note since."
    }


def test_a_message_goes_to_everybody_who_may_be_written_to_once(
    session: Session, boss: Actor
) -> None:
    found = cases(session, 6)
    people = [case.contact_id for case in found]
    for case, values in (
        (found[1], {"do_not_contact": True}), (found[2], {"bounced_email": "c3@example.com"}),
        (found[3], {"name": None}), (found[4], {"language": "de-AT", "name": None}),
    ):  # fmt: skip
        person = session.get(Contact, case.contact_id)
        for name, value in values.items():
            setattr(person, name, value)
    drafts.save(session, boss, 6, kind="reply", body="I am just", now=NOW)
    verbs.resolve(session, boss, 1, outcome="solved", root_cause_id=ROOT, version=1, now=NOW)
    again = make.case(session, 3, contact_id=people[0])
    nobody = make.contact(session, name="Nora Nolt")
    declined = make.case(session, 3, contact_id=nobody.id)
    session.get(Response, declined.response_id).followup = "declined"  # type: ignore[union-attr]
    session.flush()
    act = Act(Kind.SEND, {"name": "Sorry", "way": "email"})
    numbers = [1, 2, 3, 4, 5, 6, again.number, declined.number]
    seen = bulk.preview(session, boss, act, numbers, now=NOW)
    assert [(one.number, one.to) for one in seen if one.to] == [
        (1, "c1@example.com"), (5, "c5@example.com"),
    ]  # fmt: skip
    assert why(seen) == {
        2: "The person must not be contacted.",
        3: "Mail to this address came back: ask for another one.",
        4: "{{contact.first_name}} still stands in it: write what belongs there.",
        6: "Your reply is begun there: send it or empty it first.",
        again.number: "The same person is written to from case 1.",
        declined.number: "The person declined a follow-up.",
    }
    later = bulk.preview(session, boss, act, [again.number], now=NOW, before=seen)
    assert why(later) == {again.number: "The same person is written to from case 1."}
    do(session, boss, act, seen, "key")
    bodies = [
        one.payload["text"] for one in session.exec(select(Delivery).order_by(col(Delivery.id)))
    ]
    assert bodies == ["Dear Dana", "Guten Tag"]
    assert drafts.mine(session, boss, 6)["reply"].body == "I am just"


def test_what_is_sent_is_what_was_previewed(session: Session, boss: Actor) -> None:
    one, two, three = (session.get_one(Contact, case.contact_id) for case in cases(session, 3))
    one.language = two.language = "de"
    session.flush()
    act = Act(Kind.SEND, {"name": "Sorry", "way": "email"})
    seen = bulk.preview(session, boss, act, [1, 2, 3], now=NOW)
    two.email = two.email_norm = "elsewhere@example.com"
    english = session.exec(select(Template).where(Template.language == "en")).one()
    english.body += ", we are so sorry"
    session.flush()
    found = do(session, boss, act, seen, "key")
    assert done(found) == [1]
    assert why(found) == {
        2: "Its address is another one than the preview showed.",
        3: "Its text is another one than the preview showed.",
    }
    assert len(session.exec(select(Delivery)).all()) == 1 and three.email == "c3@example.com"
    one.name = "Somebody Else"  # no field of the text: it reads as before
    seen = bulk.preview(session, boss, act, [1, 2, 3], now=NOW)
    assert done(do(session, boss, act, seen, "again")) == [1, 2, 3]


@pytest.mark.parametrize("act", AGAIN, ids=[act.kind.value for act in AGAIN])
def test_what_was_undone_and_put_in_again_by_itself_is_taken_back_with_the_rest(
    session: Session, boss: Actor, act: Act
) -> None:
    make.team(session)
    found = cases(session, 3)
    hashes = [state_hash(session, case) for case in found]
    do(session, boss, act, bulk.preview(session, boss, act, [1, 2, 3], now=NOW), "key")
    steps = dict(bulk.steps_of(session, boss, "key"))
    for number, turns in ((1, 2), (2, 1)):
        event_id = steps[number]
        for _ in range(turns):
            (one,) = bulk.take_back(session, boss, [(number, event_id)], now=NOW)
            event_id = one.event_id or 0
    assert bulk.steps_of(session, boss, "key") == [(3, steps[3]), (1, steps[1])]
    back = undo(session, boss, "key")
    assert (done(back), why(back)) == ([3, 1], {})
    assert [state_hash(session, case) for case in found] == hashes
    assert bulk.steps_of(session, boss, "key") == []


def test_messages_that_have_left_are_named_and_the_rest_is_taken_back(
    session: Session, boss: Actor
) -> None:
    cases(session, 2)
    act = Act(Kind.SEND, {"name": "Sorry", "way": "email", "then": "wait"})
    do(session, boss, act, bulk.preview(session, boss, act, [1, 2], now=NOW), "key")
    claimed = claim(session, "email", NOW + timedelta(seconds=31), "w", Pace())
    assert claimed is not None
    back = undo(session, boss, "key")
    assert (done(back), why(back)) == (
        [2], {1: "It has left: what was sent cannot be taken back."},
    )  # fmt: skip


def test_who_leads_nothing_acts_on_their_own_and_their_teams_cases(
    session: Session, boss: Actor
) -> None:
    team = make.team(session)
    ann = actor_for(session, make.user(session, "csm", name="Ann Bell", team_id=team.id))
    cases(session, 3)
    verbs.assign_team(session, boss, 2, team_id=team.id or 0, version=1, now=NOW)
    free = actor_for(session, make.user(session, "csm"))
    verbs.assign(session, boss, 3, to=free.id, version=1, now=NOW)
    far = "It is neither yours nor your team's: work on it by itself."
    assert why(bulk.preview(session, ann, ASLEEP, [1, 2, 3], now=NOW)) == {1: far, 3: far}
    assert why(bulk.preview(session, free, ASLEEP, [1, 2, 3], now=NOW)) == {1: far, 2: far}
    assert done(bulk.preview(session, boss, ASLEEP, [1, 2, 3], now=NOW)) == [1, 2, 3]
    support = actor_for(session, make.user(session, "support"))
    with pytest.raises(Forbidden):
        bulk.preview(session, support, ASLEEP, [1], now=NOW)


def test_nothing_is_told_or_done_of_cases_of_another_unit(session: Session, boss: Actor) -> None:
    unit = make.unit(session)
    make.case(session, 3, unit_id=unit.id)
    do(session, boss, ASLEEP, bulk.preview(session, boss, ASLEEP, [1], now=NOW), "key")
    elsewhere = make.actor("manager", units=())
    assert bulk.steps_of(session, elsewhere, "key") == []
    (found,) = bulk.preview(session, elsewhere, ASLEEP, [1], now=NOW)
    assert (found.who, found.why_not) == ("", "There is no case 1 here.")
