"""Whatever is done inside the desk can be taken back: in reverse order it leaves all as it was."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sqlmodel import Session, col, select

from db.models import Case, CaseEvent, CaseResponse, Integration, Template
from services.access import Actor, Refused, actor_for
from services.cases import bulk, merging, playing, replying, tagging, verbs
from services.cases.bulk import Act, Kind
from services.cases.journal import Done, journal, state_hash, state_of
from services.cases.standing import taken_back
from services.cases.undo import undo
from services.domain import lifecycle
from services.domain.lifecycle import UNDOABLE, Move
from tests import builders as make
from tests.builders import NOW

Steps = Sequence[tuple[int, int]]  # (number, event id) of what an act did, in order
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


class Desk:
    """Two people, two cases of one company, and a way to write to its customers."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, NOW
        self.team = make.team(session, "Care")
        self.people = [actor_for(session, make.user(session, role)) for role in ("csm", "manager")]
        session.add(Integration(name="email", connected_at=NOW, config={"from_address": "a@b.c"}))
        session.add(Template(name="Sorry", language="en", body="Dear you", shared=True))
        acme = make.account(session)
        self.cases = [
            make.case(session, 2, contact_id=make.contact(session).id, account_id=acme.id)
            for _ in range(2)
        ]
        # a second answer of the first person, so that there is something to split off
        make.case(session, 1, contact_id=self.cases[0].contact_id, account_id=acme.id)

    def hashes(self) -> list[str]:
        return [state_hash(self.session, case) for case in self.cases]

    def act(self, name: str, who: Actor, n: int) -> Steps:
        """Do it to the n-th case; nothing where the case does not allow it."""
        case = self.cases[n]
        try:
            with self.session.begin_nested():
                found = ACTS[name](self, who, case)
        except Refused:
            return ()
        return [(found.number, found.event_id)] if isinstance(found, Done) else found

    def many(self, who: Actor, act: Act) -> Steps:
        """One act on both cases."""
        key = f"batch {self.now.isoformat()}"
        numbers = [case.number for case in self.cases]
        seen = bulk.preview(self.session, who, act, numbers, now=self.now)
        fine = [one for one in seen if not one.why_not]
        bulk.do(self.session, who, act, fine, batch_id=key, now=self.now)
        return bulk.steps_of(self.session, who, key)[::-1]

    def answers(self, case: Case) -> list[int]:
        query = select(CaseResponse.response_id).where(CaseResponse.case_id == case.id)
        return list(self.session.exec(query.order_by(col(CaseResponse.response_id))))

    def last_answer(self) -> int | None:
        return self.session.exec(select(sa.func.max(CaseResponse.response_id))).one()


Doing = Callable[[Desk, Actor, Case], Done | Steps]
# One line for each thing that people do inside the desk.
ACTS: dict[str, Doing] = {
    "assign": lambda d, a, c: verbs.assign(
        d.session, a, c.number, to=a.id, version=c.version, now=d.now
    ),
    "unassign": lambda d, a, c: verbs.assign(
        d.session, a, c.number, to=None, version=c.version, now=d.now
    ),
    "team": lambda d, a, c: verbs.assign_team(
        d.session, a, c.number, team_id=d.team.id or 0, version=c.version, now=d.now
    ),
    "note": lambda d, a, c: verbs.note(d.session, a, c.number, body="hm", now=d.now),
    "contact": lambda d, a, c: verbs.log_contact(
        d.session, a, c.number, way="call", body="ok", at=d.now, now=d.now
    ),
    "wait": lambda d, a, c: verbs.wait(d.session, a, c.number, version=c.version, now=d.now),
    "resume": lambda d, a, c: verbs.resume(d.session, a, c.number, version=c.version, now=d.now),
    "snooze": lambda d, a, c: verbs.snooze(
        d.session, a, c.number, until=d.now + timedelta(hours=9), version=c.version, now=d.now
    ),
    "wake": lambda d, a, c: verbs.wake(d.session, a, c.number, version=c.version, now=d.now),
    "resolve": lambda d, a, c: verbs.resolve(
        d.session, a, c.number, outcome="solved", root_cause_id=1, version=c.version, now=d.now
    ),
    "reopen": lambda d, a, c: verbs.reopen(d.session, a, c.number, version=c.version, now=d.now),
    "reply": lambda d, a, c: replying.reply(
        d.session, a, c.number, way="email", body="Dear you", then="wait", now=d.now
    ),
    "tag": lambda d, a, c: tagging.tag(d.session, a, c.number, name="slow", now=d.now),
    "untag": lambda d, a, c: tagging.untag(d.session, a, c.number, name="slow", now=d.now),
    "judge": lambda d, a, c: playing.judge(
        d.session, a, c.number, ideal=True, version=c.version, now=d.now
    ),
    "play": lambda d, a, c: playing.start(d.session, a, c.number, version=c.version, now=d.now),
    "bulk tag": lambda d, a, _: d.many(a, Act(Kind.TAG, {"name": "slow"})),
    "bulk assign": lambda d, a, _: d.many(a, Act(Kind.ASSIGN, {"to": a.id})),
    "bulk send": lambda d, a, _: d.many(a, Act(Kind.SEND, {"name": "Sorry", "way": "email"})),
    "merge": lambda d, a, c: merging.merge(
        d.session, a, c.number, into=(o := d.cases[d.cases[0] is c]).number, version=c.version,
        into_version=o.version, now=d.now,
    ),
    "split": lambda d, a, c: merging.split(
        d.session, a, c.number, responses=d.answers(c)[-1:], version=c.version, now=d.now
    ),
}  # fmt: skip
WORK = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 1), st.integers(1, 4000)),
    min_size=1, max_size=9,
)  # fmt: skip


@pytest.mark.slow
def test_any_work_taken_back_in_reverse_leaves_every_case_as_it_was(desk: sa.Engine) -> None:
    @given(WORK)
    @settings(
        max_examples=40 if desk.dialect.name == "sqlite" else 12, deadline=None,
        suppress_health_check=SLOW,
    )  # fmt: skip
    def holds(work: list[tuple[str, int, int]]) -> None:
        with Session(desk, expire_on_commit=False) as session:
            at_work(session, work)
            session.rollback()

    holds()


def at_work(session: Session, work: list[tuple[str, int, int]]) -> None:
    desk = Desk(session)
    boss = desk.people[1]
    before, done = desk.hashes(), []
    for name, n, minutes in work:
        desk.now += timedelta(minutes=minutes)
        steps = desk.act(name, boss, n)
        done += steps
        assert not steps or desk.hashes() != before or "un" in name or name in TURNS, name
    for number, event_id in reversed(done):
        undo(session, boss, number, event_id, now=desk.now)
    assert desk.hashes() == before
    for case in desk.cases:
        told = lifecycle.fold(e.data["changes"] for e in journal(session, case.id or 0))
        assert told == state_of(case)


@pytest.mark.slow
def test_a_merge_goes_back_and_forth_with_the_answers_that_came_since(desk: sa.Engine) -> None:
    @given(WORK, st.integers(0, 1))
    @settings(
        max_examples=25 if desk.dialect.name == "sqlite" else 8, deadline=None,
        suppress_health_check=SLOW,
    )  # fmt: skip
    def holds(work: list[tuple[str, int, int]], n: int) -> None:
        with Session(desk, expire_on_commit=False) as session:
            back_and_forth(session, work, n)
            session.rollback()

    holds()


def back_and_forth(session: Session, work: list[tuple[str, int, int]], n: int) -> None:
    desk = Desk(session)
    boss, goes, stays = desk.people[1], desk.cases[n], desk.cases[1 - n]
    for name, which, minutes in work:
        desk.now += timedelta(minutes=minutes)
        desk.act(name, boss, which)
    merged = desk.act("merge", boss, n)
    if not merged:
        return
    desk.now += timedelta(hours=1)
    late = make.case(session, 1, contact_id=goes.contact_id, now=desk.now)
    known, event_id = {0: desk.hashes()}, merged[0][1]
    for turn in range(1, 5):
        try:
            with session.begin_nested():
                done = undo(session, boss, stays.number, event_id, now=desk.now)
        except Refused:  # it woke what slept in both: that stands in the way
            assert turn == 1 and desk.hashes() == known[0]
            return
        event_id = done.event_id
        assert desk.hashes() == known.setdefault(turn % 2, desk.hashes())
        if late is stays:
            assert desk.answers(goes if turn % 2 else stays)[-1] == desk.last_answer()
    for case in desk.cases:
        told = lifecycle.fold(e.data["changes"] for e in journal(session, case.id or 0))
        assert told == state_of(case)


TURNS = {"resume", "wake", "reopen"}  # these may lead back to where it began


class Two(RuleBasedStateMachine):
    """A CSM and a manager on one case; whatever they did, either tries to take it back."""

    engine: sa.Engine

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(self.engine, expire_on_commit=False)
        self.desk = Desk(self.session)
        self.case = self.desk.cases[0]
        self.hashes = {self.case.version: self.hash()}

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()

    def hash(self) -> str:
        return state_hash(self.session, self.case)

    @rule(name=st.sampled_from(sorted(set(ACTS) - {"merge", "split"})), person=st.integers(0, 1))
    def acts(self, name: str, person: int) -> None:
        self.desk.now += timedelta(minutes=7)
        self.desk.act(name, self.desk.people[person], 0)
        self.hashes[self.case.version] = self.hash()

    @rule(back=st.integers(1, 4), person=st.integers(0, 1))
    def takes_back(self, back: int, person: int) -> None:
        events, who = journal(self.session, self.case.id or 0), self.desk.people[person]
        event = events[max(0, len(events) - back)]
        expected, before, version = self.refusal(events, event, who), self.hash(), self.case.version
        try:
            with self.session.begin_nested():
                undo(self.session, who, self.case.number, event.id or 0, now=self.desk.now)
        except Refused as refused:
            words = str(refused)
            assert (self.hash(), self.case.version) == (before, version)
            assert expected in words if expected else any(why in words for why in OWN_WORK), words
            return
        assert expected is None
        if event is events[-1]:
            assert self.hash() == self.hashes[version - 1]
        self.hashes[self.case.version] = self.hash()

    def refusal(self, events: list[CaseEvent], event: CaseEvent, who: Actor) -> str | None:
        """Why it must be refused, by contracts: never over what somebody else did since."""
        csm, _ = self.desk.people
        if Move(event.kind) not in UNDOABLE:
            return "nothing to take back"
        if event.id in taken_back(events):
            return "taken back"
        source = event
        while source.undo_of is not None:
            source = next(one for one in events if one.id == source.undo_of)
        if "delivery_id" in source.data and source is not event:
            return "write it again"
        if who is csm and event.actor_id != csm.id:
            return "somebody else's doing"
        strangers = {person.id for person in self.desk.people} - {who.id, event.actor_id}
        if any(one.actor_id in strangers for one in events[events.index(event) + 1 :]):
            return "cannot be taken back any more"
        return None


# What stands in the way of one's own earlier work: later work on the same thing.
OWN_WORK = ("changed since", "cannot be undone", "gone on since")


@pytest.mark.slow
def test_nobody_takes_back_over_somebody_elses_later_work(desk: sa.Engine) -> None:
    class Here(Two):
        engine = desk

    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Here,
        settings=settings(
            max_examples=25 if desk.dialect.name == "sqlite" else 6, stateful_step_count=12,
            deadline=None, suppress_health_check=SLOW,
        ),
    )  # fmt: skip
