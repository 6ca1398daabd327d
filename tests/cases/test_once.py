"""What is sent twice under one key is done once: a double click, a program that tries again."""

import threading
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from db.engine import transaction
from db.engine import version as data_version
from db.models import ApiKey, CaseEvent, Message
from services.access import Actor, Refused, actor_for
from services.cases import verbs
from services.cases.journal import Done
from tests import builders as make
from tests.builders import NOW

KEY = "form 7 of dana@example.com"


@pytest.fixture
def me(session: Session) -> Actor:
    return actor_for(session, make.user(session, "csm"))


def note(session: Session, who: Actor, number: int, once: str | None = KEY) -> Done:
    return verbs.note(session, who, number, body="hm", now=NOW, once=once)


def call(session: Session, who: Actor, number: int, once: str | None = KEY) -> Done:
    return verbs.log_contact(
        session, who, number, way="call", body="ok", at=NOW, now=NOW, once=once
    )


@pytest.mark.parametrize("act", [note, call])
def test_the_second_time_gets_the_first_answer_and_writes_nothing(
    session: Session, me: Actor, act: Callable[..., Done]
) -> None:
    case = make.case(session)
    first = act(session, me, case.number)
    verbs.note(session, me, case.number, body="another", now=NOW)
    before = data_version(session)
    assert act(session, me, case.number) == first
    assert (case.version, data_version(session)) == (3, before)
    assert len(session.exec(select(Message)).all()) == 2


def test_a_key_counts_for_its_case_kind_and_sender_alone(session: Session, me: Actor) -> None:
    one, other = make.case(session), make.case(session)
    program = make.actor("support", key_id=make_key(session))
    done = [
        note(session, me, one.number), note(session, me, one.number, "another key"),
        note(session, me, one.number, None), note(session, me, one.number, None),
        note(session, me, other.number), call(session, me, one.number),
        note(session, program, one.number),
    ]  # fmt: skip
    assert len({each.event_id for each in done}) == 7
    assert note(session, program, one.number) == done[-1]


def test_the_journal_holds_no_key_as_it_was_given(session: Session, me: Actor) -> None:
    note(session, me, make.case(session).number)
    assert not [e for e in session.exec(select(CaseEvent)) if "dana" in str(e.data)]


def test_a_key_opens_no_case_of_another_unit(session: Session, me: Actor) -> None:
    case = make.case(session, unit_id=make.unit(session).id)
    note(session, me, case.number)
    moved = Actor(me.id, me.name, me.role, units=())
    with pytest.raises(Refused, match="There is no case"):
        note(session, moved, case.number)


@pytest.mark.usefixtures("desk")
def test_two_at_once_leave_one_note() -> None:
    with transaction() as session:
        number = make.case(session).number
        who = actor_for(session, make.user(session, "csm"))
    together, found = threading.Barrier(4), list[object]()

    def send() -> None:
        together.wait(10)
        try:
            with transaction() as session:
                found.append(note(session, who, number))
        except BaseException as error:  # a thread's error is the test's
            found.append(error)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4 and len(set(found)) == 1
    with transaction() as session:
        assert len(session.exec(select(Message)).all()) == 1


def make_key(session: Session) -> int:
    key = ApiKey(name="crm", prefix="p", key_hash="h", scopes=[], created_at=NOW)
    session.add(key)
    session.flush()
    return key.id or 0
