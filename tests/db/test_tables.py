"""The constraints live in the database: each refuses what it must, on both engines."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import Session

from db.models import Audit, Case, CaseEvent, Contact, Delivery, DeliveryAttempt, RootCause
from services.keyed import fingerprint
from tests import builders as make
from tests.builders import NOW


@pytest.mark.parametrize(
    "wrong",
    [
        {"score": 11},
        {"score": -1},
        {"band": 2},
        {"scale": "1-3"},
        {"scale": "1-10", "score": 0},
        {"followup": "maybe"},
        {"excluded_at": NOW},
        {"excluded_reason": "no reason without a time"},
        {"survey_id": 999_999},
    ],
    ids=str,
)
def test_a_response_off_the_rules_is_refused(session: Session, wrong: dict[str, object]) -> None:
    row = make.response(session, 3)
    session.commit()
    with pytest.raises(IntegrityError):
        session.connection().execute(
            sa.update(sa.table("response", *map(sa.column, wrong))).values(wrong)
        )
    session.rollback()
    session.refresh(row)
    assert (row.score, row.excluded_at, row.excluded_reason) == (3, None, None)


def test_the_same_answer_of_a_source_is_kept_once(session: Session) -> None:
    make.response(session, source="delighted", external_id="1")
    with pytest.raises(IntegrityError):
        make.response(session, source="delighted", external_id="1")


def test_an_anonymous_answer_has_no_contact(session: Session) -> None:
    person = make.contact(session)
    with pytest.raises(IntegrityError):
        make.response(session, anonymous=True, contact_id=person.id)


def test_a_contact_has_one_unresolved_case_a_reason(session: Session) -> None:
    person = make.contact(session)
    cause = RootCause(name="Price")
    session.add(cause)
    session.flush()
    done = {"status": "resolved", "outcome": "kept", "root_cause_id": cause.id}
    for number, values in enumerate([done, done, {}]):
        session.add(Case(number=number, contact_id=person.id, opened_at=NOW, **values))
    session.flush()
    session.add(Case(number=9, contact_id=person.id, opened_at=NOW))
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_resolved_case_says_why(session: Session) -> None:
    session.add(Case(number=1, opened_at=NOW, status="resolved"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_an_erased_contact_has_no_name(session: Session) -> None:
    session.add(Contact(name="Dana", erased_at=NOW))
    with pytest.raises(IntegrityError):
        session.flush()


def _journal_rows(session: Session) -> None:
    session.add(Case(id=1, number=1, opened_at=NOW))
    session.add(Delivery(id=1, idem_key="k", vendor="slack", action="post", not_before=NOW))
    session.flush()
    session.add(CaseEvent(case_id=1, at=NOW, kind="opened"))
    session.add(DeliveryAttempt(delivery_id=1, at=NOW, state="sent", payload_hmac=fingerprint({})))
    session.add(Audit(at=NOW, verb="sign_in"))
    session.commit()


@pytest.mark.parametrize("table", ["case_event", "delivery_attempt", "audit"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_a_journal_cannot_be_changed(session: Session, table: str, change: str) -> None:
    _journal_rows(session)
    with pytest.raises(DatabaseError, match="append-only"):
        session.connection().exec_driver_sql(change.format(table))
    session.rollback()
    left = session.connection().exec_driver_sql(f"SELECT count(*) FROM {table}")  # noqa: S608
    assert left.scalar_one() == 1
