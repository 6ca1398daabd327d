"""Whatever people do, in any order, on both engines: all is legal, and journal and row agree."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from db.engine import transaction
from db.models import Case, CaseEvent, Response, RootCause
from services.access import Actor, Refused, actor_for
from services.cases import opening, verbs
from services.cases.breaches import sweep
from services.cases.journal import journal, rank_of, state_of
from services.cases.undo import undo
from services.domain import lifecycle
from services.domain.lifecycle import FROM, UNRESOLVED, Move
from tests import builders as make
from tests.builders import NOW

NAMES = (
    "assign", "unassign", "note", "contact", "wait", "resume", "snooze", "wake", "resolve",
    "reopen", "answer", "sweep", "undo",
)  # fmt: skip
steps = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 1), st.integers(1, 4000)), max_size=14
)


class Desk:
    """Two people on one case; each step happens some minutes after the one before."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, NOW
        self.people = [actor_for(session, make.user(session, role)) for role in ("csm", "manager")]
        self.cause = session.exec(select(RootCause.id)).first() or 0
        self.case = make.case(session)

    def act(self, name: str, who: Actor) -> None:
        session, now, number = self.session, self.now, self.case.number
        given = {"version": self.case.version, "now": now}
        acts: dict[str, Callable[[], object]] = {
            "assign": lambda: verbs.assign(session, who, number, to=who.id, **given),
            "unassign": lambda: verbs.assign(session, who, number, to=None, **given),
            "note": lambda: verbs.note(session, who, number, body="hm", now=now),
            "contact": lambda: verbs.log_contact(
                session, who, number, way="call", body="ok", at=now, now=now
            ),
            "wait": lambda: verbs.wait(session, who, number, **given),
            "resume": lambda: verbs.resume(session, who, number, **given),
            "snooze": lambda: verbs.snooze(
                session, who, number, until=now + timedelta(hours=9), **given
            ),
            "wake": lambda: verbs.wake(session, who, number, **given),
            "resolve": lambda: verbs.resolve(
                session, who, number, outcome="solved", root_cause_id=self.cause, **given
            ),
            "reopen": lambda: verbs.reopen(session, who, number, **given),
            "answer": lambda: make.case(session, 3, contact_id=self.case.contact_id, now=now),
            "sweep": lambda: sweep(session, now),
            "undo": lambda: undo(
                session, who, number, journal(session, self.case.id or 0)[-1].id or 0, now=now
            ),
        }
        acts[name]()


@pytest.mark.slow
@given(steps)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_work_leaves_every_case_legal_and_told(
    desk: sa.Engine, steps: list[tuple[str, int, int]]
) -> None:
    with Session(desk, expire_on_commit=False) as session:
        work = Desk(session)
        for name, person, minutes in steps:
            work.now += timedelta(minutes=minutes)
            try:
                work.act(name, work.people[person])
            except Refused:
                assert work.case.version == len(journal(session, work.case.id or 0))
        check(session)
        session.rollback()


def check(session: Session) -> None:
    """Everything that must hold of all cases, whatever was done."""
    for case in session.exec(select(Case)):
        events = journal(session, case.id or 0)
        state = state_of(case)
        assert lifecycle.fold(e.data["changes"] for e in events) == state
        assert [e.data["version"] for e in events] == list(range(1, case.version + 1))
        assert case.rank_at == rank_of(state, case.priority_reasons)
        for before, after in zip(events, events[1:], strict=False):
            status = lifecycle.fold(e.data["changes"] for e in events[: events.index(after)]).status
            assert status in FROM[Move(after.kind)], (before.kind, after.kind)
    pairs = Counter(
        (case.contact_id, case.reason_key)
        for case in session.exec(select(Case).where(col(Case.status).in_(UNRESOLVED)))
    )
    assert all(n == 1 for n in pairs.values())


@pytest.mark.usefixtures("desk")
def test_eight_writers_at_once_open_one_case_a_person_and_lose_nothing() -> None:
    with transaction() as session:
        contacts = [make.contact(session).id or 0 for _ in range(4)]
        make.survey(session)
        make.unit(session)
        people = [actor_for(session, make.user(session, "csm")) for _ in range(8)]
        cause = session.exec(select(RootCause.id)).first() or 0
    errors: list[BaseException] = []

    def write(n: int) -> None:
        rng = random.Random(n)
        try:
            for _ in range(12):
                answer_or_work(rng, people[n], contacts, cause)
        except BaseException as error:  # a thread's error is the test's
            errors.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    with transaction() as session:
        check(session)
        numbers = sorted(session.exec(select(Case.number)))
        assert numbers == list(range(1, len(numbers) + 1))
        answers = session.exec(
            select(CaseEvent).where(col(CaseEvent.kind).in_(("opened", "joined")))
        )
        assert len(answers.all()) == sum(
            len(contact_answers(session, key)) for key in contacts
        )  # each low answer is in exactly one journal


def answer_or_work(rng: random.Random, who: Actor, contacts: list[int], cause: int) -> None:
    """A low answer of somebody, or the end of a case that is open; each in its own transaction."""
    with transaction() as session:
        if rng.random() < 0.6:
            row = make.response(session, 3, contact_id=rng.choice(contacts), answered_at=NOW)
            opening.open_written(session, row.change_seq, opening.policy(session, NOW), NOW)
            return
    try:
        with transaction() as session:
            query = select(Case).where(col(Case.status).in_(UNRESOLVED))
            case = session.exec(query).first()
            if case is not None:
                verbs.resolve(
                    session, who, case.number, outcome="solved", root_cause_id=cause,
                    version=case.version, now=NOW,
                )  # fmt: skip
    except Refused:
        return  # somebody was faster, and said so


def contact_answers(session: Session, contact_id: int) -> list[int]:
    query = select(Response.id).where(Response.contact_id == contact_id)
    return [key or 0 for key in session.exec(query)]
