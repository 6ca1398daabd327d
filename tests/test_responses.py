"""Keeping answers, on both engines: once, together, and in a feed that misses nothing."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import reading, transaction, version
from db.models import Contact, Response, Survey
from services.answers import Answer, Batch, Person
from services.responses import Keeper, Stored, as_text
from tests import builders as make
from tests.builders import NOW

pytestmark = pytest.mark.usefixtures("desk")


def answer(external_id: str, **values: object) -> Answer:
    given = {
        "external_id": external_id, "score_given": "3", "score": 3, "band": -1, "comment": "slow",
        "channel": "email", "touchpoint": None, "answered_at": as_text(NOW),
        "followup": "not_asked", "anonymous": False, "is_test": False, "props": "{}",
        "email_norm": None, "account_norm": None,
    }  # fmt: skip
    return Answer(**(given | values))  # type: ignore[arg-type]


def batch(*answers: Answer, people: tuple[str, ...] = ()) -> Batch:
    named = {mail: Person(mail, mail, None, None, "example.com") for mail in people}
    return Batch([list(column) for column in zip(*answers, strict=True)], named)


def survey() -> Survey:
    with transaction() as session:
        return make.survey(session)


def ids() -> list[str]:
    with reading() as session:
        return sorted(session.exec(select(Response.external_id)))


def test_what_is_known_is_counted_and_left_alone() -> None:
    keeper = Keeper(survey(), "test")
    with transaction() as session:
        assert keeper.store(session, batch(answer("a"), answer("b")), NOW) == Stored(
            2, 0, (2, 0, 0)
        )
    with transaction() as session:
        again = batch(answer("b", comment="changed"), answer("c", score=9, band=1))
        assert Keeper(survey(), "test").store(session, again, NOW) == Stored(1, 1, (0, 0, 1))
    assert ids() == ["a", "b", "c"]
    with reading() as session:
        assert set(session.exec(select(Response.comment))) == {"slow"}


def test_an_empty_batch_is_nothing() -> None:
    with transaction() as session:
        assert Keeper(survey(), "test").store(session, Batch(), NOW) == Stored()


def test_answers_live_or_die_with_the_transaction() -> None:
    asked, before = survey(), None
    with reading() as session:
        before = version(session)
    with pytest.raises(OSError), transaction() as session:
        Keeper(asked, "test").store(
            session, batch(answer("a", email_norm="d@example.com"), people=("d@example.com",)), NOW
        )
        raise OSError
    with reading() as session:
        assert (ids(), session.exec(select(Contact)).all(), version(session)) == ([], [], before)


def test_a_contact_erased_meanwhile_does_not_come_back_from_memory() -> None:
    mail = "dana@example.com"
    keeper = Keeper(survey(), "test")
    with transaction() as session:
        keeper.store(session, batch(answer("a", email_norm=mail), people=(mail,)), NOW)
    with transaction() as session:
        erased = session.exec(select(Contact)).one()
        erased.email = erased.email_norm = None
        erased.erased_at = NOW
        make.response(session, 9)  # as every write that a page can show, it raises the version
    with transaction() as session:
        keeper.store(session, batch(answer("b", email_norm=mail)), NOW)
    with reading() as session:
        owner = session.exec(select(Response.contact_id).where(Response.external_id == "b")).one()
    assert owner != erased.id


def test_the_same_answer_from_many_at_once_is_kept_once() -> None:
    asked, results, errors = survey(), list[Stored](), list[BaseException]()
    start = threading.Barrier(6)

    def send() -> None:
        try:
            start.wait(10)
            with transaction() as session:
                rows = batch(
                    *(answer(str(i), email_norm=f"p{i}@example.com") for i in range(5)),
                    people=tuple(f"p{i}@example.com" for i in range(5)),
                )
                results.append(Keeper(asked, "test").store(session, rows, NOW))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert sum((result.new for result in results), 0) == 5
    assert ids() == ["0", "1", "2", "3", "4"]
    with reading() as session:
        assert len(session.exec(select(Contact)).all()) == 5


def test_a_reader_that_follows_the_change_seq_misses_nothing() -> None:
    asked, done = survey(), threading.Event()
    seen: set[int] = set()
    last = 0

    def write(name: str) -> None:
        for i in range(15):
            with transaction() as session:
                Keeper(asked, name).store(session, batch(answer(f"{name}{i}")), NOW)

    def fresh(session: Session) -> list[tuple[int, int]]:
        query = sa.select(Response.id, Response.change_seq).where(Response.change_seq > last)
        return [(row[0], row[1]) for row in session.connection().execute(query)]

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    while not done.is_set():
        if not any(writer.is_alive() for writer in writers):
            done.set()
        with reading() as session:
            for row_id, seq in fresh(session):
                seen.add(row_id)
                last = max(last, seq)
    with reading() as session:
        assert seen == set(session.exec(select(Response.id)))
    assert len(seen) == 45


def test_times_are_kept_to_the_microsecond_in_utc() -> None:
    moment = NOW + timedelta(microseconds=7)
    with transaction() as session:
        Keeper(survey(), "test").store(
            session, batch(answer("a", answered_at=as_text(moment))), NOW
        )
    with reading() as session:
        row = session.exec(select(Response)).one()
    assert (row.answered_at, row.received_at) == (moment, NOW)
