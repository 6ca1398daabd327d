"""On the pages: what came in from vendors, and what waits because both sides changed it."""

from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, CaseEvent, Delivery, ExternalRef, Inbound, Integration, User
from services import views
from services.access import SHELL, actor_for
from services.cases import verbs
from services.cases.journal import held, keep
from services.domain.lifecycle import Move
from services.domain.syncing import Waits
from services.insights.case_filter import CaseFilter, View
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, open_page, said_last
from tests.pages.test_case_queue import numbers
from tests.pages.test_trends import clock, url

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
EVIL = "<img src=x> ![x](http://tracker.invalid/p.png)"


def desk(role: str = "admin", **values: Any) -> User:
    """Case 1 is 101 in Zendesk."""
    with transaction() as session:
        session.add(Integration(name="zendesk", connected_at=NOW))
        user = make.user(session, role)
        case = make.case(session, 2, **values)
        session.add(ExternalRef(entity="case", entity_id=case.id or 0, vendor="zendesk",
                                remote_id="101"))  # fmt: skip
        return user


def both_changed() -> None:
    with transaction() as session:
        case = held(session, SHELL, 1, None)
        keep(
            session, SHELL, case, case.state, Move.CONFLICTED, now=NOW, there="zendesk",
            field="status", theirs="waiting", ours="open",
        )  # fmt: skip


def case_row() -> Case:
    with transaction() as session:
        return session.exec(select(Case)).one()


def texts(at: AppTest) -> str:
    return " ".join(text.value for text in at.main.text)


def came(state: str = "done", n: int = 1, **values: Any) -> None:
    with transaction() as session:
        for k in range(n):
            row = {"vendor": "zendesk", "event_id": f"{state}{k}", "kind": "change", "case_id": 1,
                   "received_at": NOW, "next_at": NOW, "state": state,
                   "says": {"reply": True, "status": True}}  # fmt: skip
            session.add(Inbound(**row | values))


def opened(user: User) -> AppTest:
    at = open_page(user, "integrations.py")
    at.session_state["came_zendesk"] = True
    return at.run()


def html(at: AppTest) -> str:
    return " ".join(str(one.proto.body) for one in at.get("html"))


def test_a_case_that_one_side_changed_asks_nothing() -> None:
    at = open_page(desk("csm"), "case.py", {"number": "1"})
    assert not at.exception
    assert not [b for b in at.button if (b.key or "").startswith(("take_theirs", "keep_ours"))]


def test_both_values_are_shown_and_theirs_can_be_taken() -> None:
    user = desk("support")
    both_changed()
    at = open_page(user, "case.py", {"number": "1"})
    assert "changed it in Zendesk while it changed here: waiting there, open here" in texts(at)
    [take] = [b for b in at.button if (b.key or "").startswith("take_theirs")]
    assert take.label == "Take what Zendesk says"
    take.click().run()
    assert (case_row().status, said_last(at)) == ("waiting", "Case 1: As in Zendesk now.")
    assert not [b for b in at.button if (b.key or "").startswith("take_theirs")]


def test_ours_can_be_kept_and_zendesk_is_told() -> None:
    user = desk("csm")
    both_changed()
    at = open_page(user, "case.py", {"number": "1"})
    [ours] = [b for b in at.button if (b.key or "").startswith("keep_ours")]
    ours.click().run()
    with transaction() as session:
        assert session.exec(select(Delivery.action)).all() == ["status"]
        assert session.exec(select(CaseEvent.kind)).all()[-1] == "settled"


def test_solved_there_is_resolved_with_the_usual_button_or_refused() -> None:
    user = desk("csm")
    with transaction() as session:
        case = held(session, SHELL, 1, None)
        keep(session, SHELL, case, case.state, Move.DONE_THERE, now=NOW, there="zendesk")
    at = open_page(user, "case.py", {"number": "1"})
    assert "solved it in Zendesk: say here how it ended, and why it arose" in texts(at)
    labels = [button.label for button in at.button]
    assert "Not solved: tell Zendesk" in labels and "Take what Zendesk says" not in labels


def test_nothing_that_came_in_says_so_and_tells_where_to_send_it() -> None:
    at = opened(desk())
    assert not at.exception
    codes = [code.value for code in at.code]
    assert codes[0].endswith("/webhooks/zendesk")
    assert codes[1] == '{"ticket_id": "{{ticket.id}}"}'
    assert "Nothing has come in yet." in texts(at)


def test_what_came_in_is_listed_with_why_it_was_left_and_what_failed_is_tried_again() -> None:
    user = desk()
    came("done", 12)
    came("ignored", 1, note="the status was so here already")
    came("failed", 2, note=EVIL)
    at = opened(user)
    assert "So far: 12 done, 1 ignored, 2 failed" in texts(at)
    assert html(at).count('class="ld-came-row"') == 10
    assert "ignored: the status was so here already" in html(at)
    assert "case?number=1" in html(at) and "reply, status" in html(at)
    assert "<img src=x" not in html(at) and "tracker" not in marked_up(at)
    at.button(key="again_zendesk").click().run()
    assert said_last(at) == "It is tried again."
    with transaction() as session:
        states = session.exec(select(Inbound.state)).all()
    assert states.count("new") == 2 and "failed" not in states


def test_a_stale_button_decides_nothing_twice() -> None:
    user = desk("csm")
    both_changed()
    at = open_page(user, "case.py", {"number": "1"})
    [ours] = [b for b in at.button if (b.key or "").startswith("keep_ours")]
    with transaction() as session:
        verbs.wait(session, SHELL, 1, version=case_row().version, now=NOW)
    ours.click().run()
    assert "decided already" in said_last(at)


def test_the_queue_shows_what_waits_for_a_decision_with_its_filter() -> None:
    user = desk("csm")
    both_changed()
    with transaction() as session:
        make.case(session, 5)
    at = open_page(user, "case_queue.py", {"view": "open"})
    at.session_state["f_more"] = True
    at.run()
    at.multiselect(key="f_waits").select(Waits.CHANGED).run()
    assert not at.exception
    assert url(at)["waits"] == ["changed"] and numbers(at) == [1]
    assert any("changed on both sides" in text.value for text in at.text)
    with transaction() as session:
        wanted, me = CaseFilter(View.OPEN, waits=(Waits.CHANGED,)), actor_for(session, user)
        views.save(session, me, name="Ours or theirs", filter=wanted, now=NOW)
    assert "Ours or theirs 1" in html(open_page(user, "case_queue.py", {"view": "open"}))
    empty = open_page(user, "case_queue.py", {"view": "open", "waits": "solved"})
    assert numbers(empty) == []
