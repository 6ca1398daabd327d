"""What a vendor has is held against what was sent: a real SDK, a stand-in with a memory."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from db import engine
from db.models import Audit, Case, Delivery, Difference, Integration, Reconciliation
from services import config, integrations, settings
from services.access import Forbidden, Refused
from services.cases import pushing
from services.domain.differences import Gap, gaps
from services.domain.retrying import Pace
from services.outbox import sending
from services.outbox.owing import owe
from services.reconciling import noting, runs, settling
from services.vendors.base import Message
from services.worker import reconciling
from tests import builders as make
from tests.fakes import Remembering
from tests.standins import slack as slack_standin
from tests.standins import zendesk as standins
from tests.standins.serving import Fault

ADMIN = make.actor("admin")


def clock() -> datetime:
    return datetime.now(UTC)


def after(seconds: float) -> datetime:
    return clock() + timedelta(seconds=seconds)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "REST", 0)


@pytest.fixture
def zendesk(desk: sa.Engine) -> Iterator[standins.Zendesk]:
    assert desk
    with standins.Zendesk().serving() as there:
        connect("zendesk", email=there.email, token=there.token, base_url=there.url)
        yield there


def connect(name: str, **entered: str) -> None:
    with engine.transaction() as session:
        settings.put(session, "outgoing_allow", ["127.0.0.1"], actor_id=None, now=clock())
        integrations.connect(session, ADMIN, name, entered, now=clock())


def pushed(vendor: str = "zendesk", n: int = 1) -> list[int]:
    """Cases that the vendor has; their numbers."""
    numbers = []
    with engine.transaction() as session:
        for _ in range(n):
            case = make.case(session, now=clock())
            pushing.push(session, ADMIN, case.number, vendor=vendor, now=clock())
            numbers.append(case.number)
    leave(vendor)
    return numbers


def leave(name: str, most: int = 9) -> None:
    """All that is owed leaves."""
    with engine.reading() as session:
        vendor = integrations.built(session, name)
    for nth in range(most):  # Slack takes one a second
        claimed = sending.take(name, "w", Pace(), partial(after, 2 * nth))
        if claimed is not None:
            ended = sending.attempt(vendor, claimed)
            sending.note(claimed, ended, Pace(), partial(after, 2 * nth))
    with engine.transaction() as session:
        row = session.get_one(Integration, name)
        row.closed_until = None
        session.add(row)


def compared(vendor: str = "zendesk") -> Reconciliation:
    """A whole comparison, as the shell has it."""
    with engine.transaction() as session:
        (run_id,) = runs.ask(session, ADMIN, now=clock(), vendor=vendor)
    with engine.reading() as session:
        run = session.get_one(Reconciliation, run_id)
    reconciling.work(run, clock)
    with engine.reading() as session:
        return session.get_one(Reconciliation, run_id)


def found() -> list[Difference]:
    with engine.reading() as session:
        query = select(Difference).where(sa.text("settled_at IS NULL")).order_by(sa.text("id"))
        return list(session.exec(query))


def forget(there: standins.Zendesk, number: int) -> None:
    del there.tickets[number], there.audits[number]


def test_what_is_there_as_it_was_sent_makes_no_difference(zendesk: standins.Zendesk) -> None:
    pushed(n=3)
    run = compared()
    assert (run.looked, run.differences, run.cannot, run.error) == (3, 0, 0, None)
    assert len(zendesk.tickets) == 3 and found() == [] and run.ended_at is not None


def test_a_ticket_that_was_deleted_there_is_missing_and_can_be_sent_again(
    zendesk: standins.Zendesk,
) -> None:
    first, _ = pushed(n=2)
    forget(zendesk, 101)
    assert compared().differences == 1
    (row,) = found()
    assert (row.kind, row.vendor) == ("missing", "zendesk")
    with engine.transaction() as session:
        settling.send_again(session, ADMIN, row.id or 0, now=clock())
    leave("zendesk")
    assert sorted(zendesk.tickets) == [102, 103] and found() == []
    with engine.reading() as session:
        case = session.exec(select(Case).where(Case.number == first)).one()
        states = session.exec(
            select(Delivery.state).where(Delivery.case_id == case.id).order_by(sa.text("id"))
        ).all()
        assert states == ["failed", "sent"]
        said = session.exec(select(Audit).where(Audit.verb == "difference.send_again")).one()
        assert said.entity_id == row.id
    assert compared().differences == 0
    with engine.transaction() as session, pytest.raises(Refused, match="seen to it already"):
        settling.send_again(session, ADMIN, row.id or 0, now=clock())


def test_a_ticket_that_is_there_twice_is_found_and_accepted_for_good(
    zendesk: standins.Zendesk,
) -> None:
    pushed()
    zendesk.tickets[900] = zendesk.tickets[101] | {"id": 900}
    zendesk.audits[900] = [audit | {"id": 900000} for audit in zendesk.audits[101]]
    assert compared().differences == 1
    (row,) = found()
    assert (row.kind, row.data) == ("twice", {"copies": 2})
    with engine.transaction() as session, pytest.raises(Refused, match="once more"):
        settling.send_again(session, ADMIN, row.id or 0, now=clock())
    with engine.transaction() as session:
        settling.accept(session, ADMIN, row.id or 0, now=clock())
    assert compared().differences == 0 and found() == []


def test_a_ticket_in_another_state_is_found_and_gone_when_it_is_right_again(
    zendesk: standins.Zendesk,
) -> None:
    first, second = pushed(n=2)
    zendesk.tickets[101]["status"] = "solved"
    assert compared().differences == 1 and first != second
    (row,) = found()
    assert (row.kind, row.data) == ("state", {"ended": True, "ours": False})
    assert compared().differences == 1 and [each.id for each in found()] == [row.id]
    zendesk.tickets[101]["status"] = "open"
    assert compared().differences == 0 and found() == []
    with engine.reading() as session:
        assert session.get_one(Difference, row.id).how == "gone"


def test_a_comment_that_is_missing_is_found_and_leaves_again_under_its_name(
    zendesk: standins.Zendesk,
) -> None:
    (number,) = pushed()
    with engine.transaction() as session:
        case = session.exec(select(Case).where(Case.number == number)).one()
        owe(session, key="note", vendor="zendesk", action="note", body={"text": "Called"},
            now=clock(), case_id=case.id, lane=f"zendesk:{case.id}")  # fmt: skip
    leave("zendesk")
    assert compared().differences == 0
    gone = zendesk.audits[101].pop()
    assert compared().differences == 1
    (row,) = found()
    with engine.transaction() as session:
        settling.send_again(session, ADMIN, row.id or 0, now=clock())
    leave("zendesk")
    again = zendesk.audits[101][-1]
    assert again["metadata"]["custom"] == gone["metadata"]["custom"] and compared().looked == 2


def test_what_nobody_knew_about_is_looked_up_again_where_it_is_there(
    zendesk: standins.Zendesk,
) -> None:
    with engine.transaction() as session:
        case = make.case(session, now=clock())
        pushing.push(session, ADMIN, case.number, vendor="zendesk", now=clock())
    zendesk.faults.append(Fault("drop", "POST /api/v2/tickets.json"))
    leave("zendesk", most=1)
    with engine.transaction() as session:
        delivery = session.exec(select(Delivery)).one()
        assert delivery.state == "unknown"
        delivery.look_at = None
        session.add(delivery)
    assert compared().looked == 1
    leave("zendesk")
    with engine.reading() as session:
        assert session.exec(select(Delivery.state)).one() == "sent"
    assert len(zendesk.tickets) == 1


def test_posts_in_slack_are_counted_and_the_rest_is_said(desk: sa.Engine) -> None:
    assert desk
    with slack_standin.Slack().serving() as there:
        connect("slack", bot_token=there.token, channel="C0LOOP001", base_url=f"{there.url}/api/")
        pushed("slack", 3)
        posts = there.channels["C0LOOP001"]
        posts.append(dict(posts[1]))
        del posts[0]
        run = compared("slack")
        assert (run.looked, run.differences, run.cannot) == (3, 2, 0)
        assert [row.kind for row in found()] == ["missing", "twice"] and there.wrong == []


def test_a_vendor_that_does_not_answer_is_said_and_one_that_asks_for_a_rest_gets_it(
    zendesk: standins.Zendesk,
) -> None:
    pushed()
    with engine.transaction() as session:
        (run_id,) = runs.ask(session, ADMIN, now=clock())
        assert runs.ask(session, ADMIN, now=clock()) == [run_id]  # it is under way
        run = session.get_one(Reconciliation, run_id)
    zendesk.faults.append(Fault("429", seconds=90))
    state = reconciling.compare({"day": clock().date().isoformat()}, clock)
    calls = len(zendesk.calls)
    assert reconciling.compare(state, clock)["rests"] == state["rests"]
    assert len(zendesk.calls) == calls
    with engine.transaction() as session:
        row = session.get_one(Integration, "zendesk")
        row.paused_at = clock()
        session.add(row)
    reconciling.work(run, clock)
    with engine.reading() as session:
        assert "paused" in (session.get_one(Reconciliation, run_id).error or "")


def test_a_slow_vendor_does_not_take_the_turns_of_the_others(
    zendesk: standins.Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LOT", 1)
    monkeypatch.setattr(reconciling, "TURN", timedelta(seconds=0.4))
    with slack_standin.Slack().serving() as there:
        connect("slack", bot_token=there.token, channel="C0LOOP001", base_url=f"{there.url}/api/")
        pushed("slack", 2)
        pushed("zendesk")
        with engine.transaction() as session:
            runs.ask(session, ADMIN, now=clock())
        there.faults += [Fault("delay", seconds=0.5) for _ in range(4)]
        state = {"day": clock().date().isoformat()}
        for expected in (0, 1):  # Slack's turn takes all the time there is, but only once
            state = dict(reconciling.compare(state, clock))
            with engine.reading() as session:
                run = session.exec(select(Reconciliation).filter_by(vendor="zendesk")).one()
            assert run.looked == expected and len(zendesk.tickets) == 1


def test_two_who_work_on_one_run_count_everything_once(zendesk: standins.Zendesk) -> None:
    pushed(n=2)
    forget(zendesk, 101)
    with engine.transaction() as session:
        (run_id,) = runs.ask(session, ADMIN, now=clock())
    with engine.reading() as session:
        items = runs.lot(session, session.get_one(Reconciliation, run_id))
        vendor = integrations.built(session, "zendesk")
    there = vendor.there(runs.messages(items))
    for _ in range(2):
        with engine.transaction() as session:
            noting.note(session, run_id, items, there, clock())
    for error in (None, "it is late"):
        with engine.transaction() as session:
            noting.end(session, run_id, clock(), error)
    with engine.reading() as session:
        run = session.get_one(Reconciliation, run_id)
    assert (run.looked, run.differences, run.behind, run.error) == (2, 1, items[-1].id, None)


def test_a_vendor_whose_secrets_are_locked_ends_its_run_and_holds_up_no_other(
    zendesk: standins.Zendesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed()
    with engine.transaction() as session:
        (run_id,) = runs.ask(session, ADMIN, now=clock())
    monkeypatch.setenv("LOOPDESK_KEY", "another")
    config.load.cache_clear()
    reconciling.compare({"day": clock().date().isoformat()}, clock)
    monkeypatch.undo()
    config.load.cache_clear()
    with engine.reading() as session:
        assert "LOOPDESK_KEY" in (session.get_one(Reconciliation, run_id).error or "")
    assert zendesk.tickets


def test_the_night_compares_with_every_vendor_once(desk: sa.Engine) -> None:
    assert desk
    night = make.NOW.replace(hour=3)
    with engine.transaction() as session:
        session.add(Integration(name="email", connected_at=night, config={}))
        owe(session, key="m", vendor="email", action="reply", body={}, now=night).state = "sent"
        session.exec(select(Delivery)).one().ended_at = night - timedelta(days=1)
        session.exec(select(Delivery)).one().created_at = night - timedelta(days=1)
    state = reconciling.compare({}, lambda: night)
    with engine.reading() as session:
        (run,) = session.exec(select(Reconciliation)).all()
    assert (run.looked, run.cannot, run.error) == (0, 1, None) and run.ended_at == night
    assert reconciling.compare(state, lambda: night + timedelta(hours=9)) == state


def test_it_is_for_those_who_lead(desk: sa.Engine) -> None:
    assert desk
    with engine.transaction() as session:
        session.add(Integration(name="email", connected_at=make.NOW))
    for role, error in (("csm", Refused), ("support", Forbidden)):
        with engine.transaction() as session, pytest.raises(error):
            runs.ask(session, make.actor(role), now=clock())
        with engine.transaction() as session, pytest.raises(error):
            settling.accept(session, make.actor(role), 1, now=clock())
    with engine.transaction() as session, pytest.raises(Refused, match="not connected"):
        runs.ask(session, ADMIN, now=clock(), vendor="slack")


def test_a_vendor_without_a_reading_of_its_own_is_asked_one_by_one() -> None:
    vendor = Remembering()
    sent = [Message(f"k{n}", "look", {}) for n in range(3)]
    for message in sent[:2]:
        vendor.send(message)
    there: dict[str, Any] = vendor.there([*sent, Message("k9", "ask", {})])
    assert {key: each.copies for key, each in there.items()} == {"k0": 1, "k1": 1, "k2": 0}


@given(
    st.integers(0, 5), st.sampled_from([True, False, None]), st.sampled_from([True, False, None])
)
def test_nothing_differs_exactly_where_it_is_there_once_and_both_say_the_same(
    copies: int, ended: bool | None, ours: bool | None
) -> None:
    told = dict(gaps(copies, ended, ours))
    same = None in (ended, ours) or ended == ours
    assert (told == {}) == (copies == 1 and same)
    assert (Gap.MISSING in told) == (copies == 0) and (Gap.TWICE in told) == (copies > 1)
