"""Whoever writes into the database but has no key is found out, and the place is named."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from db import engine
from db.forgetting import rewriting
from db.models import Integration, metadata
from services import config
from services.access import Forbidden, Refused
from services.cases import pushing
from services.ledger import noting, sealing, verifying, wording, writing
from services.ledger.sealing import COLUMNS
from services.outbox import sending
from services.outbox.owing import owe
from tests import builders as make
from tests.at_once import at_once
from tests.builders import NOW
from tests.fakes import Remembering
from tests.outbox.test_outbox import PACE, Clock

ADMIN = make.actor("admin")
LEDGER, HEAD = metadata.tables["ledger"], metadata.tables["ledger_head"]
GONE = "all chains together: some were taken out as a whole, or put back to how they were before"
DELIVERY, ATTEMPT = metadata.tables["delivery"], metadata.tables["delivery_attempt"]


@pytest.fixture
def cases(desk: sa.Engine) -> Iterator[list[int]]:
    """The ids of three cases whose deliveries have left, but for the last one's."""
    assert desk
    with engine.transaction() as session:
        session.add(Integration(name="webhook", connected_at=NOW))
        found = [make.case(session) for _ in range(3)]
        for case in found:
            pushing.push(session, ADMIN, case.number, vendor="webhook", now=NOW)
    vendor = Remembering()
    for _ in found[:2]:
        claimed = sending.take("webhook", "w", PACE, Clock())
        assert claimed
        sending.note(claimed, sending.attempt(vendor, claimed), PACE, Clock())
    yield [case.id or 0 for case in found]


def tampered(act: Callable[[Session], object]) -> list[str]:
    """What the check says after the act, which then comes to nothing."""
    with Session(engine.current()) as session:
        with rewriting(session, "ledger"), rewriting(session, "delivery_attempt"):
            act(session)
        found = verifying.verify(session, ADMIN)
        said = wording.named(session, found.defects)
        assert len(said) == found.found and not found.intact
        session.rollback()
    return said or ["of another key"] * found.foreign


def do(session: Session, statement: Any) -> None:
    assert session.connection().execute(statement).rowcount


def test_a_value_changed_in_any_column_is_named(cases: list[int]) -> None:
    others: dict[str, Any] = {
        "at": NOW + timedelta(microseconds=1), "kind": "moved", "delivery_id": 99, "attempt_id": 99,
        "actor_id": 9, "why": {"event_id": 99},
    }  # fmt: skip
    mine = sa.and_(LEDGER.c.case_id == cases[0], LEDGER.c.seq == 2)

    def change(session: Session, name: str) -> None:
        do(session, LEDGER.update().where(mine).values({name: others.get(name, "f" * 64)}))

    for name in {*COLUMNS[2:], "hash"} - {"key_id"}:
        said = tampered(partial(change, name=name))
        assert any(re.match(r"case \d+: row 2 ", line) for line in said), name
    assert tampered(partial(change, name="key_id")) == ["of another key"]


def test_rows_taken_out_cut_off_and_swapped_are_named(cases: list[int]) -> None:
    first, second = cases[:2]
    mine = LEDGER.c.case_id == first
    assert (
        "row 1 is missing"
        in tampered(lambda s: do(s, LEDGER.delete().where(mine, LEDGER.c.seq == 1)))[0]
    )
    assert (
        "row 2 is missing at the end"
        in tampered(lambda s: do(s, LEDGER.delete().where(mine, LEDGER.c.seq == 2)))[0]
    )

    def swap(session: Session) -> None:
        for was, put in ((1, 9), (2, 1), (9, 2)):
            do(session, LEDGER.update().where(mine, LEDGER.c.seq == was).values(seq=put))

    assert sum("stands at another place" in line for line in tampered(swap)) == 2

    def lend(session: Session) -> None:
        do(session, LEDGER.delete().where(mine))
        theirs = LEDGER.c.case_id == second
        do(session, LEDGER.update().where(theirs).values(case_id=first))

    assert tampered(lend)


def test_a_chain_without_its_head_or_with_an_older_end_is_named(cases: list[int]) -> None:
    mine = HEAD.c.case_id == cases[0]
    assert "the end of its chain" in tampered(lambda s: do(s, HEAD.delete().where(mine)))[0]

    def shorten(session: Session) -> None:
        last = sa.and_(LEDGER.c.case_id == cases[0], LEDGER.c.seq == 2)
        do(session, LEDGER.delete().where(last))
        do(session, HEAD.update().where(mine).values(n=1))

    assert "the end of its chain" in tampered(shorten)[0]


def test_what_the_ledger_is_about_cannot_be_changed_either(cases: list[int]) -> None:
    one = DELIVERY.c.case_id == cases[2]
    sent = DELIVERY.update().where(one).values(state="sent", remote_id="made up")
    assert "stands otherwise" in tampered(lambda s: do(s, sent))[0]
    assert (
        "is another than row"
        in tampered(lambda s: do(s, ATTEMPT.update().values(payload_hmac="0")))[0]
    )
    first = sa.select(sa.func.min(ATTEMPT.c.id)).scalar_subquery()
    gone = ATTEMPT.delete().where(ATTEMPT.c.id == first)
    assert "of row 2 is gone" in tampered(lambda s: do(s, gone))[0]
    put = {"delivery_id": 1, "at": NOW, "state": "sent", "payload_hmac": "h"}
    assert "has no row" in tampered(lambda s: do(s, ATTEMPT.insert().values(put)))[0]


def test_what_was_to_be_sent_cannot_be_put_into_other_words(cases: list[int]) -> None:
    """Neither after it has left nor before, and not even for the time of the sending."""
    sent, waits = (DELIVERY.c.case_id == case for case in (cases[0], cases[2]))
    for one in (sent, waits):
        change = DELIVERY.update().where(one).values(payload={"text": "other words"})
        assert "holds something else" in tampered(lambda s, change=change: do(s, change))[0]
    with engine.reading() as session:
        true = session.connection().execute(sa.select(DELIVERY.c.payload).where(waits)).scalar_one()
    for words in ({"text": "other words"}, true):
        with engine.transaction() as session:
            do(session, DELIVERY.update().where(waits).values(payload=words))
        if words != true:
            claimed = sending.take("webhook", "w", PACE, Clock())
            assert claimed
            sending.note(claimed, sending.attempt(Remembering(), claimed), PACE, Clock())
    with engine.transaction() as session:
        found = verifying.verify(session, ADMIN)
        assert "carried something else" in "".join(wording.named(session, found.defects))
        assert found.found == 1
        with rewriting(session, "ledger"), rewriting(session, "delivery_attempt"):
            for table in (LEDGER, HEAD, ATTEMPT, DELIVERY):
                do(session, table.delete())


def test_a_chain_cut_off_before_the_desk_goes_on_with_it_says_so_for_ever(cases: list[int]) -> None:
    def act(session: Session) -> None:
        do(session, LEDGER.delete().where(LEDGER.c.case_id == cases[0], LEDGER.c.seq == 2))
        first = sa.select(LEDGER.c.hash).where(LEDGER.c.case_id == cases[0])
        do(session, HEAD.update().where(HEAD.c.case_id == cases[0]).values(
            n=1, hash=first.scalar_subquery()
        ))  # fmt: skip
        owe(session, key="n", vendor="webhook", action="event", body={}, now=NOW,
            case_id=cases[0])  # fmt: skip
        writing.append(session, noting.woven(session.info[noting.NOTES].steps))

    assert any("does not follow" in line for line in tampered(act))


def test_the_ledger_itself_takes_no_change(cases: list[int]) -> None:
    for statement in (LEDGER.update().values(state="sent"), LEDGER.delete()):
        with (
            pytest.raises(sa.exc.DatabaseError, match="append-only"),
            engine.transaction() as session,
        ):
            session.connection().execute(statement)
    assert cases


def test_one_case_is_checked_by_itself_and_a_key_of_others_is_said(
    cases: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.reading() as session:
        assert verifying.verify(session, ADMIN, number=1).rows == 2
    with engine.reading() as session, pytest.raises(Refused, match="no case 99"):
        verifying.verify(session, ADMIN, number=99)
    with engine.reading() as session, pytest.raises(Forbidden):
        verifying.verify(session, make.actor("csm"))
    monkeypatch.setenv("LOOPDESK_KEY", "of another desk")
    config.load.cache_clear()
    with engine.reading() as session:
        found = verifying.verify(session, ADMIN)
    assert not found.found and found.foreign == found.rows + found.chains and not found.intact
    assert "another key" in wording.told(found) and cases
    with engine.transaction() as session:  # the desk goes on under its own
        owe(session, key="n", vendor="webhook", action="event", body={}, now=NOW, case_id=cases[0])
    with engine.reading() as session:
        assert not verifying.verify(session, ADMIN).found
    monkeypatch.undo()
    config.load.cache_clear()


def test_many_who_append_at_once_wait_for_each_other_in_one_order(cases: list[int]) -> None:
    """One owes for all cases, others for each of them the other way round, workers record."""
    failed: list[BaseException] = []
    turns = iter(range(100))

    def work() -> None:
        nth = next(turns)
        try:
            for round_ in range(8):
                with engine.transaction() as session:
                    for case_id in cases if nth % 2 else cases[::-1]:
                        owe(session, key=f"{nth}:{round_}:{case_id}", vendor="slack",
                            action="post", body={}, now=NOW, case_id=case_id)  # fmt: skip
        except BaseException as error:
            failed.append(error)

    at_once(work, 4)
    assert failed == []
    with engine.reading() as session:
        found = verifying.verify(session, ADMIN)
    assert found.intact and found.rows == 5 + 4 * 8 * 3


def test_a_chain_taken_out_with_all_that_it_is_about_is_missed(cases: list[int]) -> None:
    def act(session: Session) -> None:
        mine = sa.select(DELIVERY.c.id).where(DELIVERY.c.case_id == cases[0])
        do(session, LEDGER.delete().where(LEDGER.c.case_id == cases[0]))
        do(session, HEAD.delete().where(HEAD.c.case_id == cases[0]))
        do(session, ATTEMPT.delete().where(ATTEMPT.c.delivery_id.in_(mine)))
        do(session, DELIVERY.delete().where(DELIVERY.c.case_id == cases[0]))

    def and_go_on(session: Session) -> None:
        act(session)
        owe(session, key="n", vendor="webhook", action="event", body={}, now=NOW,
            case_id=cases[0])  # fmt: skip
        writing.append(session, noting.woven(session.info[noting.NOTES].steps))

    for way in (act, and_go_on):
        assert tampered(way) == [GONE]
    whole = HEAD.c.case_id == -1
    assert tampered(lambda s: do(s, HEAD.delete().where(whole))) == [GONE]
    for name, value in (("n", 4), ("key_id", "other"), ("hash", "f" * 64), ("seal", "no number")):
        change = HEAD.update().where(whole).values({name: value})
        assert tampered(partial(do, statement=change)) == [GONE]


def test_a_chain_put_back_to_how_it_was_is_missed(desk: sa.Engine) -> None:
    assert desk
    tables = (LEDGER, HEAD, DELIVERY)
    with engine.transaction() as session:
        session.add(Integration(name="webhook", connected_at=NOW))
        first, second = make.case(session), make.case(session)
        pushing.push(session, ADMIN, first.number, vendor="webhook", now=NOW)
    with engine.reading() as session:
        mine = {table: session.connection().execute(sa.select(table)).mappings().all()
                for table in tables}  # fmt: skip
    claimed = sending.take("webhook", "w", PACE, Clock())
    assert claimed
    sending.note(claimed, sending.attempt(Remembering(), claimed), PACE, Clock())
    with engine.transaction() as session:
        pushing.push(session, ADMIN, second.number, vendor="webhook", now=NOW)

    def act(session: Session) -> None:
        do(session, ATTEMPT.delete())
        for table in tables:
            do(session, table.delete().where(table.c.case_id == first.id))
            old = [dict(row) for row in mine[table] if row["case_id"] == first.id]
            session.connection().execute(table.insert(), old)

    assert tampered(act) == [GONE]


def test_chains_from_before_they_were_counted_are_counted_from_then_on(cases: list[int]) -> None:
    with Session(engine.current()) as session:
        do(session, HEAD.delete().where(HEAD.c.case_id == -1))
        key = sealing.desk_key()
        for head in session.connection().execute(sa.select(HEAD)).all():
            seal = key.uncounted(head.case_id, head.n, head.hash)
            do(session, HEAD.update().where(HEAD.c.case_id == head.case_id).values(seal=seal))
        session.commit()
    for key_ in ("", "n"):
        with engine.transaction() as session:
            if key_:
                owe(session, key=key_, vendor="webhook", action="event", body={}, now=NOW,
                    case_id=cases[1])  # fmt: skip
        with engine.reading() as session:
            assert verifying.verify(session, ADMIN).intact

    def act(session: Session) -> None:
        do(session, HEAD.update().where(HEAD.c.case_id == -1).values(seal=""))

    assert tampered(act) == [GONE]
