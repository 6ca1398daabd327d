"""The list of deliveries on each engine: tabs, narrowing, tries, and acts on many at once."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from db.models import Delivery, DeliveryAttempt, Message
from services import deliveries
from services.access import Forbidden, Refused
from services.domain.retrying import State
from services.insights import delivery_rows
from services.insights.delivery_rows import View, Wanted
from services.insights.delivery_steps import steps
from services.keyed import fingerprint
from tests import builders as make
from tests.builders import NOW

LEAD = make.actor("manager")


def owed(session: Session, state: str, **values: Any) -> Delivery:
    n = len(session.exec(select(Delivery)).all())
    row = Delivery(
        **{"idem_key": f"k{n}", "vendor": "slack", "action": "update", "state": state,
           "not_before": NOW, "created_at": NOW} | values
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def states(session: Session) -> list[str]:
    return [row.state for row in delivery_rows.listed(session, LEAD, Wanted())]


def test_the_tabs_hold_every_delivery_once(session: Session) -> None:
    for state in State:
        owed(session, state)
    owed(session, "unknown", look_at=NOW)
    found = delivery_rows.tabs(session, LEAD, Wanted(view=View.SENT))
    assert found == {"person": 2, "pending": 3, "sent": 1, "cancelled": 1, "all": 7}
    for view in View:
        assert len(delivery_rows.listed(session, LEAD, Wanted(view=view))) == found[view]


def test_it_is_narrowed_by_vendor_case_and_state(session: Session) -> None:
    case = make.case(session)
    owed(session, "failed", case_id=case.id)
    owed(session, "sent", case_id=case.id, vendor="zendesk")
    owed(session, "failed")
    for wanted, n in (
        (Wanted(case=case.number), 2),
        (Wanted(vendor="zendesk"), 1),
        (Wanted((State.FAILED,)), 2),
        (Wanted((State.FAILED,), "slack", case.number, View.PERSON), 1),
        (Wanted(case=99), 0),
    ):
        assert len(delivery_rows.listed(session, LEAD, wanted)) == n
        assert sum(delivery_rows.counts(session, LEAD, wanted).values()) == n


def test_a_wanted_list_has_a_form_in_the_address() -> None:
    wanted = Wanted((State.FAILED, State.UNKNOWN), "email", 12, View.PERSON)
    assert Wanted.from_query(wanted.to_query()) == (wanted, [])
    found, notices = Wanted.from_query({"vendor": ["x"], "state": ["lost"], "case": ["0"]})
    assert found == Wanted() and len(notices) == 3


def test_only_the_next_of_a_lane_is_not_behind(session: Session) -> None:
    owed(session, "sent", lane="slack:1")
    for _ in range(2):
        owed(session, "pending", lane="slack:1")
    owed(session, "pending", lane="slack:2")
    owed(session, "pending")
    found = delivery_rows.listed(session, LEAD, Wanted())
    assert [row.behind for row in found] == [False, False, True, False, False]


def test_the_steps_of_a_delivery_are_for_those_who_see_it(session: Session) -> None:
    one = owed(session, "pending", user_id=make.user(session).id)
    for minutes in (0, 5):
        at = NOW + timedelta(minutes=minutes)
        carried = fingerprint(one.payload)
        session.add(
            DeliveryAttempt(delivery_id=one.id or 0, at=at, state="pending", payload_hmac=carried)
        )
        session.commit()  # what is committed is in the ledger
    found = steps(session, make.actor("admin"), one.id or 0)
    assert [each.at for each in found if each.kind == "attempt"] == [
        NOW, NOW + timedelta(minutes=5),
    ]  # fmt: skip
    assert steps(session, LEAD, one.id or 0) == []


def test_many_at_once_takes_what_is_meant_and_leaves_out_what_is_over(session: Session) -> None:
    case = make.case(session)
    gone = Message(case_id=case.id or 0, kind="reply", body="Hello", undone_at=NOW)
    session.add(gone)
    session.flush()
    owed(session, "failed")
    owed(session, "failed", vendor="email", action="reply", message_id=gone.id, case_id=case.id)
    owed(session, "failed", vendor="zendesk")
    owed(session, "sent")
    assert deliveries.replay_all(session, LEAD, Wanted(vendor="slack"), now=NOW) == (1, 0)
    assert deliveries.replay_all(session, LEAD, Wanted(), now=NOW) == (1, 1)
    assert states(session) == ["sent", "pending", "failed", "pending"]
    assert deliveries.cancel_all(session, LEAD, Wanted(), now=NOW) == (2, 0)
    assert states(session) == ["sent", "cancelled", "failed", "cancelled"]


def test_many_at_once_is_for_those_who_lead(session: Session) -> None:
    owed(session, "failed")
    with pytest.raises(Refused, match="for managers and admins"):
        deliveries.replay_all(session, make.actor("csm"), Wanted(), now=NOW)
    with pytest.raises(Forbidden):
        deliveries.cancel_all(session, make.actor("support"), Wanted(), now=NOW)
