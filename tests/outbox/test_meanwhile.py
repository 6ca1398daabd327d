"""What happens to a delivery, and to its case, while it is being sent."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import select

from db import engine
from db.models import Case, Delivery, Integration, Message, Notice
from services.access import actor_for
from services.cases import answered, replying
from services.cases.journal import held
from services.domain.retrying import Pace, State
from services.outbox import claiming, sending
from services.outbox.owing import owe
from services.outbox.recording import Ended
from services.vendors.base import Receipt, Update, VendorError
from tests import builders as make
from tests.builders import NOW
from tests.conftest import make_database

PACE = Pace()


def owed(vendor: str = "webhook") -> tuple[int, int]:
    """A delivery of a case that somebody caused; its id and the case's number."""
    with engine.transaction() as session:
        session.add(Integration(name=vendor, connected_at=NOW))
        ana = make.user(session, notify={"way": "email"})
        case = make.case(session)
        made = owe(
            session, key="k", vendor=vendor, action="event", body={}, now=NOW, case_id=case.id,
            actor_id=ana.id,
        )  # fmt: skip
        return made.id or 0, case.number


def test_a_receipt_that_comes_late_keeps_it_from_being_sent_again(desk: sa.Engine) -> None:
    assert desk
    id_, _ = owed()
    claimed = sending.take("webhook", "w1", PACE, lambda: NOW)
    assert claimed is not None
    with engine.transaction() as session:  # given up for lost, looked for and not found
        found = session.get(Delivery, id_)
        assert found is not None
        found.state, found.leased_by, found.lease_until = "pending", None, None
        session.add(found)
    late = Ended(receipt=Receipt("r1"))
    assert sending.note(claimed, late, PACE, lambda: NOW) is State.SENT
    assert sending.take("webhook", "w2", PACE, lambda: NOW) is None


def test_a_failure_is_recorded_while_somebody_works_on_the_case(tmp_path: Path) -> None:
    # On PostgreSQL: a notice refers to the case, whose row is locked; whoever locked it may want
    # the delivery next (taking a reply back), and each would wait for the other.
    for url in make_database("postgresql", tmp_path):
        desk = engine.use(url)
        _, number = owed()
        claimed = sending.take("webhook", "w1", PACE, lambda: NOW)
        assert claimed is not None
        sa.event.listen(
            desk, "begin", lambda c: c.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        )  # what waits has lost
        no = Ended(error=VendorError("no", permanent=True))
        with engine.transaction() as session:
            held(session, make.actor(), number, None)
            assert sending.note(claimed, no, PACE, lambda: NOW) is State.FAILED
        with engine.reading() as session:
            assert session.exec(select(Notice.kind)).all() == ["failed"]
        desk.dispose()


def test_what_was_cut_off_at_a_vendor_that_is_gone_waits_for_a_person(desk: sa.Engine) -> None:
    assert desk
    id_, _ = owed()
    assert sending.take("webhook", "w1", Pace(lease=-1), lambda: NOW) is not None
    with engine.transaction() as session:
        session.delete(session.get(Integration, "webhook"))
    with engine.transaction() as session:
        assert claiming.expire(session, NOW) == 1
        found = session.get(Delivery, id_)
        assert found is not None and (found.state, found.look_at) == ("unknown", None)


def test_a_failure_at_a_vendor_that_is_gone_meanwhile_waits_for_a_person(desk: sa.Engine) -> None:
    assert desk
    id_, _ = owed()
    claimed = sending.take("webhook", "w1", PACE, lambda: NOW)
    assert claimed is not None
    with engine.transaction() as session:
        session.delete(session.get(Integration, "webhook"))
    cut = Ended(error=VendorError("cut off", unsure=True))
    assert sending.note(claimed, cut, PACE, lambda: NOW) is State.UNKNOWN
    with engine.reading() as session:
        found = session.get(Delivery, id_)
        assert found is not None and found.look_at is None


def test_a_mail_that_came_back_while_it_was_sent_reached_nobody(desk: sa.Engine) -> None:
    assert desk
    with engine.transaction() as session:
        session.add(Integration(name="email", connected_at=NOW, config={"from_address": "c@d.ex"}))
        person = make.contact(session, "dana@acme.example")
        case = make.case(session, contact_id=person.id)
        ana = actor_for(session, make.user(session))
        replying.reply(session, ana, case.number, way="email", body="Hi", now=NOW)
    later = NOW + timedelta(minutes=1)
    claimed = sending.take("email", "w1", PACE, lambda: later)
    assert claimed is not None
    with engine.transaction() as session:
        key = session.exec(select(Message.message_id)).one() or ""
        came = Update("bounce", "b1", later, thread=(key,), failed="dana@acme.example", hard=True)
        assert answered.take(session, came, later) == "bounce"
    assert sending.note(claimed, Ended(receipt=Receipt("r")), PACE, lambda: later) is None
    with engine.reading() as session:
        assert session.exec(select(Delivery.state)).one() == "failed"
        assert session.exec(select(Case.contacted_at)).one() is None
