"""After an erasure not even the bytes of SQLite's file hold a word of the person."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session, select

from db.engine import transaction
from db.models import Delivery, Difference, Reconciliation
from services.erasing.erase import erase
from services.worker import telling
from tests import builders as make
from tests.builders import NOW
from tests.rules.desks import LOW, MINUTE, answered, mailing, rule, turn
from tests.test_erasing import ADMIN, EMAIL, MARK, NAME, dana

WORDS = (MARK, "hopeless")
ABOUT = (
    "contact", "response", "response_fts", "case", "case_event", "message", "draft", "delivery",
    "delivery_attempt", "ledger", "rule_firing", "rule_later", "inbound", "difference", "notice",
)  # fmt: skip


def ruled() -> None:
    """Rules that meet what the person says and is, and do what rules can."""
    with transaction() as session:
        mailing(session, body="Thank you, {{contact.name}}: {{comment}}")
        boss = make.user(session, "admin", notify={"way": "email"})
        says = {"field": "comment", "op": "contains", "value": ["hope"]}
        nick = {"field": "property", "name": "nick", "op": "is_not", "value": ["other"]}
        tell = {"do": "notify", "to": "user", "id": boss.id}
        rule(session, "Low", [LOW, says], [tell, {"do": "open"}])
        rule(session, "Late", [LOW], [{"do": "message", "template": "Thanks", "after": 10}])
        rule(session, "Nick", [nick], [{"do": "tag", "name": "vip"}])
    told = {"email": EMAIL, "name": NAME, "comment": f"A hopeless {MARK}", "score": 1}
    answered(NOW, told | {"properties": {"nick": MARK}})
    turn(NOW)
    telling.send({}, lambda: NOW + MINUTE)
    turn(NOW + timedelta(minutes=11))


def differing(session: Session) -> None:
    run = Reconciliation(vendor="zendesk", started_at=NOW)
    session.add(run)
    one = session.exec(select(Delivery).where(Delivery.idem_key == "push")).one()
    session.flush()
    session.add(Difference(run_id=run.id or 0, found_at=NOW, vendor="zendesk", kind="missing",
                           case_id=one.case_id, delivery_id=one.id or 0))  # fmt: skip


def in_file(file: Path) -> set[str]:
    """Which of the words stand anywhere in what is on the disk."""
    held = b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*")).lower()
    return {word for word in WORDS if word.encode() in held}


def emptied(desk: sa.Engine) -> None:
    """What was written over goes from the disk, as the guide says."""
    with desk.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        connection.rollback()
        raw.execute("VACUUM")
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_the_file_holds_no_word_of_an_erased_person(sqlite_desk: sa.Engine) -> None:
    file = Path(str(sqlite_desk.url.database))
    with transaction() as session:
        person = dana(session)
        person.bounced_email = None  # or no rule would write to them
    ruled()
    with transaction() as session:
        differing(session)
    with sqlite_desk.connect() as connection:
        for name in ABOUT:
            assert connection.exec_driver_sql(f'SELECT 1 FROM "{name}"').first(), name
    assert in_file(file) == set(WORDS)
    with transaction() as session:
        erase(session, ADMIN, person.id or 0, now=NOW + timedelta(hours=1))
    emptied(sqlite_desk)
    assert in_file(file) == set()
