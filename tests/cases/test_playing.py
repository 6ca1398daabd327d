"""Working a play: what starts it, what its steps record, whom one may ask, and taking it back."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import Session, col, select

from db.models import Ask, Case, CaseEvent, Contact, User, UserUnit
from services import asks, settings, templates
from services.access import Actor, Refused, Stale, actor_for
from services.cases import drafts, merging, playing, verbs
from services.cases.journal import Done, state_hash
from services.cases.undo import undo
from services.domain.plays import Favour
from services.insights.case_file import case_file
from tests import builders as make
from tests.builders import NOW

DAY = timedelta(days=1)


@pytest.fixture
def ann(session: Session) -> User:
    return make.user(session, "csm", name="Ann Bell", team_id=make.team(session).id)


@pytest.fixture
def me(session: Session, ann: User) -> Actor:
    return actor_for(session, ann)


@pytest.fixture
def fan(session: Session, me: Actor) -> Case:
    """The case of a promoter, its play running, Ann's."""
    who = make.contact(session, "dana@acme.example")
    said = make.response(session, 10, contact_id=who.id)
    playing.open_and_start(session, me, said.id, now=NOW)
    return session.exec(select(Case)).one()


def test_a_low_answer_is_won_back_or_pointed_elsewhere(session: Session, me: Actor) -> None:
    first, second = make.case(session, 2), make.case(session, 2)
    playing.start(session, me, first.number, version=1, now=NOW)
    playing.start(session, me, second.number, version=1, now=NOW, ideal=False)
    assert (first.play, first.ideal_customer) == ("win_back", None)
    assert (second.play, second.ideal_customer) == ("point_elsewhere", False)


def test_a_play_is_opened_taken_and_started_in_one_act(fan: Case, ann: User) -> None:
    assert (fan.reason_key, fan.play, fan.assignee_id) == ("follow_up", "promoter", ann.id)


def test_a_play_that_runs_already_goes_on_with_a_further_answer(
    session: Session, me: Actor, fan: Case
) -> None:
    playing.tick(session, me, fan.number, step="thank", version=fan.version, now=NOW)
    other = make.response(session, 7, contact_id=fan.contact_id)
    assert playing.open_and_start(session, me, other.id, now=NOW) == fan.number
    assert (fan.play, fan.steps) == ("promoter", ["thank"])


def test_whoever_comes_second_is_told(session: Session, me: Actor, fan: Case) -> None:
    playing.tick(session, me, fan.number, step="thank", version=fan.version, now=NOW)
    with pytest.raises(Stale, match="Ann Bell ticked: Thank them by name"):
        playing.end(session, me, fan.number, result="thanked", version=fan.version - 1, now=NOW)


def test_a_step_that_asks_keeps_who_was_asked_and_what_came_of_it(
    session: Session, me: Actor, fan: Case, ann: User
) -> None:
    playing.tick(session, me, 1, step="review", version=fan.version, now=NOW)
    playing.favoured(
        session, me, 1, favour="review", reply="given", version=fan.version, now=NOW + DAY
    )
    (one,) = asks.of_contact(session, me, fan.contact_id)
    assert (one.favour, one.at, one.by, one.reply) == ("review", NOW, ann.name, "given")
    with pytest.raises(Refused, match="says so already"):
        playing.favoured(
            session, me, 1, favour="review", reply="given", version=fan.version, now=NOW
        )
    with pytest.raises(Refused, match="Nobody was asked"):
        playing.favoured(
            session, me, 1, favour="referral", reply="given", version=fan.version, now=NOW
        )


def test_one_favour_in_a_while_and_the_same_one_in_a_longer_while(
    session: Session, me: Actor, fan: Case
) -> None:
    def ask(step: str, days: int) -> Done:
        at = NOW + days * DAY
        return playing.tick(session, me, 1, step=step, version=fan.version, now=at)

    ask("review", 0)
    with pytest.raises(Refused, match="review on 15 Jun 2026; again from 13 Sep 2026 on"):
        ask("referral", 89)
    ask("referral", 90)
    playing.end(session, me, 1, result="helped", version=fan.version, now=NOW)
    verbs.resolve(
        session, me, 1, outcome="solved", root_cause_id=1, version=fan.version, now=NOW + 100 * DAY
    )
    again = make.response(session, 9, contact_id=fan.contact_id)
    number = playing.open_and_start(session, me, again.id, now=NOW + 200 * DAY)
    second = session.exec(select(Case).where(Case.number == number)).one()
    with pytest.raises(Refused, match="asked for a review on 15 Jun 2026; again from 15 Jun 2027"):
        playing.tick(
            session, me, number, step="review", version=second.version, now=NOW + 364 * DAY
        )
    settings.put(session, "ask_same_days", 200, actor_id=None, now=NOW)
    playing.tick(session, me, number, step="review", version=second.version, now=NOW + 364 * DAY)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda _, c: setattr(c, "do_not_contact", True), "must not be contacted"),
        (lambda _, c: setattr(c, "erased_at", NOW), "was erased"),
        (
            lambda s, c: make.response(s, 9, contact_id=c.id, followup="declined", answered_at=NOW),
            "declined a follow-up",
        ),
        (lambda s, c: make.case(s, 1, contact_id=c.id), "Case 2 about a low answer of this person"),
    ],
)
def test_who_may_not_be_asked_is_not(
    session: Session, me: Actor, fan: Case, spoil: Callable[[Session, Contact], object], why: str
) -> None:
    contact = session.get(Contact, fan.contact_id)
    assert contact is not None
    contact.email_norm = None
    spoil(session, contact)
    session.flush()
    with pytest.raises(Refused, match=why):
        playing.tick(session, me, 1, step="review", version=fan.version, now=NOW)
    assert session.exec(select(Ask)).all() == []
    playing.tick(session, me, 1, step="thank", version=fan.version, now=NOW)  # no asking


def test_nobody_known_can_be_asked(session: Session, me: Actor) -> None:
    said = make.response(session, 10)
    number = playing.open_and_start(session, me, said.id, now=NOW)
    with pytest.raises(Refused, match="Nobody knows who answered"):
        playing.tick(session, me, number, step="review", version=3, now=NOW)


def test_a_case_in_another_unit_stands_in_the_way_without_its_number(session: Session) -> None:
    north, south = make.unit(session, "North"), make.unit(session, "South")
    user, who = make.user(session, "csm"), make.contact(session)
    session.add(UserUnit(user_id=user.id, unit_id=north.id))
    settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    actor = actor_for(session, user)
    make.case(session, 1, contact_id=who.id, unit_id=south.id)
    why = asks.why_not(session, who.id, Favour.REVIEW, NOW, seen=actor)
    assert why == "A case in another unit about a low answer of this person is open: solve that "\
        "first."  # fmt: skip
    assert asks.of_contact(session, actor, who.id) == ()


def test_a_play_taken_back_step_by_step_leaves_the_case_as_it_was(
    session: Session, me: Actor, fan: Case
) -> None:
    acts: list[Callable[[int], Done]] = [
        lambda v: playing.tick(session, me, 1, step="thank", version=v, now=NOW),
        lambda v: playing.tick(session, me, 1, step="review", version=v, now=NOW),
        lambda v: playing.favoured(
            session, me, 1, favour="review", reply="declined", version=v, now=NOW
        ),
        lambda v: playing.untick(session, me, 1, step="review", version=v, now=NOW),
        lambda v: playing.judge(session, me, 1, ideal=True, version=v, now=NOW),
        lambda v: playing.end(session, me, 1, result="declined", version=v, now=NOW),
    ]
    hashes, done = [state_hash(session, fan)], list[Done]()
    for act in acts:
        done.append(act(fan.version))
        hashes.append(state_hash(session, fan))
    assert all(one != other for one, other in pairwise(hashes))
    for back, before in zip(reversed(done), reversed(hashes[:-1]), strict=True):
        undo(session, me, 1, back.event_id, now=NOW)
        assert state_hash(session, fan) == before
    assert session.exec(select(Ask).where(col(Ask.undone_at).is_(None))).all() == []


def test_an_asking_comes_back_with_its_step_unless_somebody_asked_meanwhile(
    session: Session, me: Actor, fan: Case
) -> None:
    done = playing.tick(session, me, 1, step="review", version=fan.version, now=NOW)
    back = undo(session, me, 1, done.event_id, now=NOW)
    again = undo(session, me, 1, back.event_id, now=NOW)
    assert session.exec(select(Ask)).one().undone_at is None
    gone = undo(session, me, 1, again.event_id, now=NOW)
    playing.tick(session, me, 1, step="referral", version=fan.version, now=NOW)
    with pytest.raises(Refused):
        undo(session, me, 1, gone.event_id, now=NOW)


def test_a_start_is_not_taken_back_from_under_its_steps(
    session: Session, me: Actor, fan: Case
) -> None:
    begun = session.exec(select(CaseEvent).where(CaseEvent.kind == "played")).one()
    playing.tick(session, me, 1, step="thank", version=fan.version, now=NOW)
    with pytest.raises(Refused, match="its play has gone on since"):
        undo(session, me, 1, begun.id or 0, now=NOW)


def test_what_makes_no_sense_is_refused_and_changes_nothing(
    session: Session, me: Actor, fan: Case
) -> None:
    before, v = state_hash(session, fan), fan.version
    for wrong in (
        lambda: playing.start(session, me, 1, version=v, now=NOW, play="promoter"),
        lambda: playing.start(session, me, 1, version=v, now=NOW, play="nonsense"),
        lambda: playing.tick(session, me, 1, step="nonsense", version=v, now=NOW),
        lambda: playing.untick(session, me, 1, step="review", version=v, now=NOW),
        lambda: playing.end(session, me, 1, result="won", version=v, now=NOW),
        lambda: playing.favoured(session, me, 1, favour="x", reply="given", version=v, now=NOW),
    ):
        with pytest.raises(Refused):
            wrong()
    assert state_hash(session, fan) == before


def test_the_journal_says_what_was_done(session: Session, me: Actor, fan: Case) -> None:
    done = playing.tick(session, me, 1, step="thank", version=fan.version, now=NOW)
    undo(session, me, 1, done.event_id, now=NOW)
    said = [step.said for step in case_file(session, me, 1, now=NOW).steps]
    assert said[:3] == [
        "took back a move of the play", "ticked: Thank them by name for what they said",
        "started the play Thank and ask",
    ]  # fmt: skip


def test_the_reply_of_a_step_is_begun_from_a_template_and_never_over_another(
    session: Session, me: Actor, fan: Case
) -> None:
    found = templates.save(
        session, me, name="Ask", language="en", subject="A favour", shared=False,
        body="Hi {{contact.first_name|there}}, would you write a review?", now=NOW,
    )  # fmt: skip
    playing.begin_reply(session, me, fan.number, template_id=found, now=NOW)
    typed = drafts.mine(session, me, 1)["reply"]
    assert (typed.subject, typed.body) == ("A favour", "Hi there, would you write a review?")
    with pytest.raises(Refused, match="begun already"):
        playing.begin_reply(session, me, fan.number, template_id=found, now=NOW)


def test_a_case_on_a_play_is_not_merged_away_before_the_play_has_ended(
    session: Session, fan: Case
) -> None:
    boss, other = make.actor("manager"), make.case(session, 3, contact_id=fan.contact_id)
    versions = {"version": fan.version, "into_version": other.version}
    with pytest.raises(Refused, match="has not ended"):
        merging.merge(session, boss, fan.number, into=other.number, **versions, now=NOW)
    merging.merge(
        session, boss, other.number, into=fan.number, version=other.version,
        into_version=fan.version, now=NOW,
    )  # fmt: skip
    assert other.merged_into == fan.id
