"""Deliveries: what waits for a person, what they can do about it, and who sees what."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Audit, Delivery, DeliveryAttempt, Integration, Job, User, UserUnit
from services import settings
from services.domain.retrying import State
from services.insights import delivery_rows
from services.insights.delivery_rows import PAGE, View, Wanted
from services.keyed import fingerprint
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import identity, marked_up, open_page, said_last
from tests.pages.test_trends import clock

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
EVIL = "<img src=x> ![x](http://tracker.invalid/p.png)"


def person(role: str, **values: Any) -> User:
    with transaction() as session:
        return make.user(session, role, **values)


def owed(state: str = "failed", n: int = 1, **values: Any) -> list[int]:
    """`n` deliveries that stand so; their ids."""
    with transaction() as session:
        case = make.case(session)
        start = len(session.exec(select(Delivery)).all())
        rows = [
            Delivery(**{
                "idem_key": f"k{start + k}", "vendor": "zendesk", "action": "note", "state": state,
                "not_before": NOW + timedelta(minutes=5), "case_id": case.id,
                "created_at": NOW - timedelta(hours=3),
            } | values) for k in range(n)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        return [row.id or 0 for row in rows]


def connect(name: str, **values: Any) -> None:
    with transaction() as session:
        session.add(Integration(name=name, connected_at=NOW, **values))


def states() -> list[str]:
    with transaction() as session:
        return list(session.exec(select(Delivery.state).order_by(Delivery.id)))  # type: ignore[arg-type]


def rows(at: AppTest) -> list[dict[str, Any]]:
    """The rows as the page's list got them."""
    assert not at.exception
    protos = [element.proto for element in at.get("bidi_component")]
    (data,) = [json.loads(p.json) for p in protos if p.component_name == "loopdesk.deliveries"]
    return list(data["rows"])


def labels(row: dict[str, Any]) -> list[str]:
    return [one["label"] for one in row["actions"]]


def texts(at: AppTest) -> list[str]:
    return [text.value for text in at.main.text]


def press(user: User, action: str, delivery_id: int) -> AppTest:
    """Press a button of a row: it is a component's, so a page of its own stands in for it."""

    def script(action: str, delivery_id: int) -> None:
        import streamlit as st

        from pages import _delivery_list, _notice

        _notice.notice(undoes=False)
        st.button("press", key="press", on_click=_delivery_list.do, args=(action, delivery_id))

    at = AppTest.from_function(
        script, kwargs={"action": action, "delivery_id": delivery_id}, default_timeout=15
    )
    at.user = identity(user)
    at = at.run().button(key="press").click().run()
    assert not at.exception
    return at


@pytest.mark.parametrize(("role", "way"), [("admin", "Connect"), ("csm", "push a case")])
def test_a_desk_that_sent_nothing_says_what_to_do(role: str, way: str) -> None:
    at = open_page(person(role), "deliveries.py")
    assert not at.exception
    assert [head.value for head in at.header] == ["Nothing was sent yet"]
    assert any(way in text for text in texts(at))


def test_what_needs_a_person_comes_first_and_says_how_it_stands() -> None:
    connect("zendesk")
    (lost,) = owed("unknown", attempts=1, last_error=EVIL)
    owed("unknown", look_at=NOW)
    owed("sent", link="https://acme.zendesk.com/agent/tickets/7")
    at = open_page(person("support"), "deliveries.py")
    (row,) = rows(at)
    assert (row["id"], row["what"], row["vendor"]) == (lost, "Internal note", "Zendesk")
    assert (row["tone"], row["state"], row["tries"]) == ("asks", "did it arrive?", "1 try")
    assert row["case"] == "Case 1" and row["when"] == "3 h ago"
    assert labels(row) == ["It arrived", "It did not: send again"]
    assert row["error"] == EVIL and "tracker" not in marked_up(at)


def test_nothing_to_decide_opens_all_of_them() -> None:
    owed("sent", link="https://acme.zendesk.com/agent/tickets/7")
    owed("sent", link="javascript:alert(1)")
    found = rows(open_page(person("csm"), "deliveries.py"))
    assert [row["link"] for row in found] == ["", "https://acme.zendesk.com/agent/tickets/7"]


@pytest.mark.parametrize(
    ("vendor", "told"),
    [
        ({}, "leaves in 5\N{NO-BREAK SPACE}min"),
        ({"paused_at": NOW}, "waits: Zendesk is paused since Mon 15 Jun, 12:00"),
        ({"broken_at": NOW}, "waits: Zendesk is to be reconnected"),
        (None, "waits: Zendesk is not connected"),
    ],
)
def test_what_is_pending_says_when_it_leaves_or_why_not(
    vendor: dict[str, Any] | None, told: str
) -> None:
    if vendor is not None:
        connect("zendesk", **vendor)
    owed("pending")
    (row,) = rows(open_page(person("csm"), "deliveries.py", {"view": "pending"}))
    assert row["next"] == told and labels(row) == ["Cancel"]


def test_what_waits_behind_another_one_of_its_case_says_so() -> None:
    connect("zendesk")
    owed("pending", 2, lane="zendesk:1")
    later, first = rows(open_page(person("csm"), "deliveries.py", {"view": "pending"}))
    assert later["next"] == "waits for an earlier one of this case"
    assert first["next"] == "leaves in 5\N{NO-BREAK SPACE}min"


def test_every_delivery_is_in_one_tab() -> None:
    for state in State:
        owed(state)
    owed("unknown", look_at=NOW)
    with transaction() as session:
        found = delivery_rows.tabs(session, make.actor("manager"), Wanted())
        held = {
            view: len(delivery_rows.listed(session, make.actor("manager"), Wanted(view=view)))
            for view in View
        }
    assert found == held
    assert found == {"person": 2, "pending": 3, "sent": 1, "cancelled": 1, "all": 7}


def test_filters_stand_in_the_address() -> None:
    owed("failed", vendor="slack", action="post")
    owed("failed", 2)
    at = open_page(person("csm"), "deliveries.py", {"vendor": "slack", "view": "person"})
    assert len(rows(at)) == 1 and "Only to Slack" in texts(at)
    at.button(key="clear").click().run()
    assert len(rows(at)) == 3
    at.number_input(key="f_case").set_value(2).run()
    assert len(rows(at)) == 2 and at.query_params["case"] == "2"
    at.number_input(key="f_case").set_value(99).run()
    assert at.header[0].value == "Needs a person: no deliveries match"


def test_fifty_a_page_and_the_older_ones_behind() -> None:
    ids = owed("failed", PAGE + 3)
    at = open_page(person("csm"), "deliveries.py")
    assert [row["id"] for row in rows(at)] == ids[:2:-1]
    at.button(key="older").click().run()
    assert [row["id"] for row in rows(at)] == ids[2::-1]
    assert at.button(key="older").disabled
    at.button(key="newest").click().run()
    assert len(rows(at)) == PAGE


def test_its_steps_are_shown_where_one_asks_for_them() -> None:
    (one,) = owed("pending")
    for state, said in (("pending", "busy"), ("failed", EVIL)):
        with transaction() as session:
            session.get_one(Delivery, one).state = state
            tried = {"at": NOW, "state": state, "error": said, "payload_hmac": fingerprint({})}
            session.add(DeliveryAttempt(delivery_id=one, **tried))
    (row,) = rows(open_page(person("csm"), "deliveries.py", {"open": str(one)}))
    assert [(each["what"], each["said"]) for each in row["steps"]] == [
        ("owed", ""), ("tried: it did not leave", "busy"), ("tried: failed", EVIL),
    ]  # fmt: skip
    assert row["steps"][1]["print"] == fingerprint({})[:12]


@pytest.mark.parametrize(("role", "told"), [("manager", True), ("csm", False)])
def test_those_who_lead_read_whether_the_ledger_is_intact(role: str, told: bool) -> None:
    owed("sent")
    at = open_page(person(role), "deliveries.py")
    assert any("has not been checked yet" in text for text in texts(at)) == told
    last = {"at": NOW.isoformat(), "intact": False, "said": "1 row of 1 chain, checked.",
            "named": ["case 1: row 1 was changed (delivery 1)"]}  # fmt: skip
    with transaction() as session:
        session.add(Job(name="ledger", next_at=NOW, state={"last": last}))
    at = open_page(person(role), "deliveries.py")
    assert any("row 1 was changed" in text for text in texts(at)) == told
    assert any("not as it was written" in head.value for head in at.header) == told


def test_a_check_that_broke_off_is_told_in_place_of_the_good_one_before_it() -> None:
    owed("sent")
    last = {"at": NOW.isoformat(), "intact": True, "said": "1 row of 1 chain, all intact.",
            "named": []}  # fmt: skip
    with transaction() as session:
        session.add(Job(name="ledger", next_at=NOW, last_at=NOW, state={"last": last},
                        last_error="DatabaseError"))  # fmt: skip
    at = open_page(person("admin"), "deliveries.py")
    assert [head.value for head in at.header] == ["The ledger could not be checked"]
    said = " ".join(texts(at))
    assert "did not come to its end (DatabaseError)" in said and "intact" not in said


@pytest.mark.parametrize(
    ("state", "action", "becomes"),
    [
        ("failed", "replay", "pending"), ("cancelled", "replay", "pending"),
        ("pending", "cancel", "cancelled"), ("unknown", "arrived", "sent"),
        ("unknown", "again", "pending"),
    ],
)  # fmt: skip
def test_a_button_of_a_row_does_what_it_says(state: str, action: str, becomes: str) -> None:
    (one,) = owed(state)
    press(person("support"), action, one)
    assert states() == [becomes]
    with transaction() as session:
        assert len(session.exec(select(Audit).where(Audit.entity == "delivery")).all()) == 1


def test_whoever_comes_second_is_told_and_changes_nothing() -> None:
    (one,) = owed("sent")
    at = press(person("csm"), "replay", one)
    assert said_last(at) == (
        "It is sent: only what failed can be replayed. Nothing was changed."
    )  # fmt: skip
    assert states() == ["sent"]


def test_a_failed_push_is_not_replayed_once_the_vendor_gets_the_case() -> None:
    connect("zendesk")
    with transaction() as session:
        case_id = make.case(session).id
    same = {"action": "ticket", "case_id": case_id, "lane": f"zendesk:{case_id}"}
    (one,) = owed("failed", **same)
    owed("pending", **same)
    at = press(person("csm"), "replay", one)
    assert "on its way to Zendesk already" in said_last(at)
    assert states() == ["failed", "pending"]


def test_a_manager_replays_all_that_failed_of_one_vendor() -> None:
    owed("failed", 3)
    owed("failed", vendor="slack", action="update")
    at = open_page(person("manager"), "deliveries.py", {"vendor": "zendesk", "view": "person"})
    assert any(
        text.startswith("3 failed deliveries to Zendesk: they are sent again") for text in texts(at)
    )
    at.button(key="do_replay").click().run()
    assert said_last(at) == "3 deliveries sent again."
    assert states() == ["pending"] * 3 + ["failed"]


def test_a_manager_cancels_all_that_is_pending() -> None:
    owed("pending", 2)
    owed("sending")
    at = open_page(person("manager"), "deliveries.py", {"view": "pending"})
    at.button(key="do_cancel").click().run()
    assert states() == ["cancelled", "cancelled", "sending"]
    assert said_last(at) == "2 deliveries cancelled."


@pytest.mark.parametrize("role", ["csm", "support"])
def test_many_at_once_are_not_offered_to_those_who_do_not_lead(role: str) -> None:
    owed("failed", 2)
    at = open_page(person(role), "deliveries.py")
    assert len(rows(at)) == 2
    assert not [button for button in at.button if button.key in ("do_replay", "do_cancel")]


def test_a_notice_is_seen_by_admins_and_by_whom_it_is_for() -> None:
    ann = person("csm")
    owed("sent", vendor="email", action="notice", user_id=ann.id, case_id=None)
    for user, n in ((ann, 1), (person("admin"), 1), (person("manager"), 0)):
        with transaction() as session:
            actor = make.actor(user.role, id=user.id)
            assert len(delivery_rows.listed(session, actor, Wanted())) == n
    assert [row["case"] for row in rows(open_page(ann, "deliveries.py"))] == [""]


def test_deliveries_of_other_units_are_not_seen_but_own_notices_are() -> None:
    with transaction() as session:
        ann, unit = make.user(session, "csm"), make.unit(session)
        session.add(UserUnit(user_id=ann.id, unit_id=unit.id))
        settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
    owed("failed")
    owed("failed", vendor="slack", action="direct", user_id=ann.id, case_id=None)
    (row,) = rows(open_page(ann, "deliveries.py"))
    assert row["what"] == "Message to a colleague"
    at = press(ann, "replay", row["id"] - 1)
    assert "no such delivery" in said_last(at)


def test_an_address_that_spells_nonsense_still_opens() -> None:
    owed("failed")
    query = {"view": "x", "vendor": "nobody", "case": "-1", "at": "y", "open": "z"}
    at = open_page(person("csm"), "deliveries.py", query)
    assert len(rows(at)) == 1
    assert sum("not known here" in text for text in texts(at)) == 3
