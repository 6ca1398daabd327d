"""Case queue: tabs, the list with its reasons, the chosen case, and acting on what is seen."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Case, RootCause, User, UserUnit
from services import settings
from services.access import actor_for
from services.cases import causes, verbs
from services.domain.lifecycle import Outcome
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import marked_up, notices, open_page, said_last
from tests.pages.test_trends import EVIL, clock, parts, url

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@dataclass
class Company:
    """A desk with three open cases (1 to 3) and two people."""

    ann: User
    bob: User


@pytest.fixture
def company() -> Company:
    with transaction() as session:
        ann = make.user(session, "csm", name="Ann Bell")
        bob = make.user(session, "support", name="Bob Ito")
        acme = make.account(session)
        for n, score in enumerate((6, 1, 6)):
            dana = make.contact(session, f"d{n}@example.com", name=f"Dana {n}", account_id=acme.id)
            make.case(
                session, score, contact_id=dana.id, account_id=acme.id, comment=f"slow export {n}",
                now=NOW + timedelta(minutes=n),
            )  # fmt: skip
        return Company(ann, bob)


def rows(at: AppTest) -> list[dict[str, Any]]:
    found = parts(at, "queue")
    return list(found[0]["rows"]) if found else []


def numbers(at: AppTest) -> list[int]:
    return [row["number"] for row in rows(at)]


def case(number: int) -> Case:
    with transaction() as session:
        return session.exec(select(Case).where(Case.number == number)).one()


def said(at: AppTest) -> list[str]:
    return [text.value for text in at.text]


def test_an_empty_desk_says_what_opens_a_case() -> None:
    with transaction() as session:
        user = make.user(session, "support")
    at = open_page(user, "case_queue.py")
    assert not at.exception
    assert at.header[0].value == "All open: none"
    assert any("opens one by itself" in text for text in said(at))


def test_the_queue_opens_where_there_is_work(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py")
    assert at.segmented_control(key="f_view").value == "unassigned" and url(at) == {}
    with transaction() as session:
        ann = actor_for(session, company.ann)
        verbs.assign(session, ann, 2, to=company.ann.id, version=1, now=NOW)
    assert at.run().segmented_control(key="f_view").value == "unassigned"  # nothing jumps
    again = open_page(company.ann, "case_queue.py")
    assert again.segmented_control(key="f_view").value == "mine" and numbers(again) == [2]
    assert numbers(open_page(company.ann, "case_queue.py", {"view": "open"})) == [2, 1, 3]


def test_a_search_that_finds_nothing_here_says_where_it_does(company: Company) -> None:
    with transaction() as session:
        verbs.wait(session, actor_for(session, company.ann), 3, version=1, now=NOW)
    at = open_page(company.ann, "case_queue.py", {"view": "mine", "q": "dana"})
    assert at.header[0].value == "My open: no cases match"
    found = [one.proto.body for one in at.get("html")]
    assert any("queue?view=open&amp;q=dana" in one and "2 open: show" in one for one in found)
    assert any("queue?view=waiting&amp;q=dana" in one and "1 waiting: show" in one for one in found)
    at = open_page(company.ann, "case_queue.py", {"view": "mine", "q": "case 3"})
    assert any("case?number=3" in one.proto.body for one in at.get("html"))


def test_a_root_cause_is_told_by_its_name(company: Company) -> None:
    with transaction() as session:
        cause = session.exec(select(RootCause)).first()
    assert cause is not None
    at = open_page(company.ann, "case_queue.py", {"cause": str(cause.id)})
    assert f"Only root cause {cause.name}" in said(at)
    with transaction() as session:
        causes.retire(session, make.actor("manager"), cause.id or 0, now=NOW)
    assert f"Only root cause {cause.name}" in said(at.run())


def test_taking_from_somebody_is_called_so(company: Company) -> None:
    with transaction() as session:
        bob = actor_for(session, company.bob)
        verbs.assign(session, bob, 2, to=company.bob.id, version=1, now=NOW)
    at = open_page(company.ann, "case_queue.py", {"view": "open", "case": "2"})
    labels = [[one["label"] for one in row["actions"]] for row in rows(at)]
    assert labels == [["Take over"], ["Take"], ["Take"]]
    assert at.button(key="act_take").label == "Take over"
    assert "Owner: Bob Ito" in parts(at, "facts")[0]["subtitle"]
    assert parts(at, "journal")[0]["rows"][0]["said"] == "assigned it to Bob Ito"


def test_cases_stand_in_their_order_with_the_reason(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py")
    assert not at.exception
    assert numbers(at) == [2, 1, 3]
    first = rows(at)[0]
    assert first["why"] == ["lowest scores"] and rows(at)[1]["why"] == []
    assert (first["customer"], first["account"], first["said"]) == (
        "Dana 1", "Acme", "slow export 1",
    )  # fmt: skip
    assert (first["score"], first["tone"], first["owner"]) == ("1", "low", "")
    assert first["due"] == "contact in 3\N{NO-BREAK SPACE}d"
    assert first["exact"].startswith("First contact due Thu")
    assert at.caption[0].value.startswith("1–3 of 3 cases")


def test_the_tabs_say_how_many_and_are_in_the_address(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py")
    assert "Unassigned 3" in at.segmented_control(key="f_view").options
    at.segmented_control(key="f_view").select("mine").run()
    assert url(at)["view"] == ["mine"] and numbers(at) == []
    assert at.header[0].value == "My open: none"


def test_search_and_filters_begin_at_the_top_and_forget_the_choice(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py", {"case": "1"})
    at.text_input(key="f_text").set_value("dana 2").run()
    assert url(at) == {"q": ["dana 2"], "view": ["unassigned"]} and numbers(at) == [3]
    assert any("containing dana 2" in text for text in said(at))
    at.text_input(key="f_text").set_value("nothing like it").run()
    assert at.header[0].value == "Unassigned: no cases match"
    assert "Nor in any other tab." in said(at)
    at.button(key="loosen").click().run()
    assert numbers(at) == [2, 1, 3]


def test_the_chosen_case_is_the_one_of_the_number_wherever_it_stands(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py", {"case": "3"})
    assert parts(at, "queue")[0]["chosen"] == 3
    assert parts(at, "facts")[0]["title"] == "Case 3: Dana 2"
    at.button(key="act_take").click().run()
    assert case(3).assignee_id == company.ann.id and case(1).assignee_id is None
    assert said_last(at) == "Case 3: Assigned to you." and notices(at)["undo"]


def test_whoever_comes_second_is_told_and_changes_nothing(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py", {"case": "2"})
    with transaction() as session:
        bob = actor_for(session, company.bob)
        verbs.assign(session, bob, 2, to=company.bob.id, version=1, now=NOW)
    at.button(key="act_take").click().run()
    assert case(2).assignee_id == company.bob.id
    assert "Bob Ito assigned it to Bob Ito. Nothing was changed." in said_last(at)


def test_a_case_is_resolved_beside_the_list(company: Company) -> None:
    with transaction() as session:
        cause = session.exec(select(RootCause.id)).first()
    at = open_page(company.ann, "case_queue.py", {"case": "2"})
    at.button(key="resolve").click().run()
    assert "Say how it ended" in at.error[0].value and case(2).status == "new"
    at.selectbox(key="resolve_outcome_2").select(Outcome.SOLVED)
    at.selectbox(key="resolve_cause_2").select(cause)
    at.button(key="resolve").click().run()
    assert (case(2).status, case(2).outcome, case(2).root_cause_id) == ("resolved", "solved", cause)
    assert numbers(at) == [1, 3]
    assert at.button(key="act_reopen") is not None  # the chosen one is still there, as it is now
    at.button(key="act_reopen").click().run()
    assert case(2).status == "open" and numbers(at) == [2, 1, 3]


def test_waiting_and_sleeping_cases_leave_the_list_and_come_back(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py", {"case": "2"})
    at.button(key="act_wait").click().run()
    assert case(2).status == "waiting" and numbers(at) == [1, 3]
    assert ("waiting since just now", "") in [
        (chip["text"], chip["shape"]) for chip in parts(at, "facts")[0]["chips"]
    ]
    at.button(key="act_resume").click().run()
    assert numbers(at) == [2, 1, 3]
    at.button(key="snooze_Tomorrow, 09:00").click().run()
    assert case(2).snoozed_until == NOW.replace(hour=9, minute=0) + timedelta(days=1)
    assert numbers(at) == [1, 3]
    at.button(key="act_wake").click().run()
    assert numbers(at) == [2, 1, 3]


def test_a_case_is_handed_to_somebody_and_to_a_team(company: Company) -> None:
    with transaction() as session:
        team = make.team(session, "Support")
    at = open_page(company.ann, "case_queue.py", {"case": "1"})
    at.selectbox(key="assign_1_1").select(company.bob.id).run()
    assert case(1).assignee_id == company.bob.id
    at.selectbox(key="team_1_2").select(team.id).run()
    assert (case(1).assignee_id, case(1).team_id) == (None, team.id)


def test_nothing_of_another_unit_is_listed_or_opened(company: Company) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=None, now=NOW)
        north = make.unit(session)
        session.add(UserUnit(user_id=company.ann.id, unit_id=north.id))
        mine = make.case(session, 6, unit_id=north.id)
    at = open_page(company.ann, "case_queue.py", {"case": "1"})
    assert numbers(at) == [mine.number]
    assert "There is no case 1 here. Nothing was changed." in said(at)


def test_what_customers_write_is_shown_as_text_only(company: Company) -> None:
    with transaction() as session:
        firm = make.account(session, EVIL)
        evil = make.contact(session, "e@example.com", name=EVIL, account_id=firm.id)
        bad = make.case(session, 0, contact_id=evil.id, account_id=firm.id, comment=EVIL)
    at = open_page(company.ann, "case_queue.py", {"case": str(bad.number), "q": EVIL[:50]})
    assert not at.exception
    assert "tracker" not in marked_up(at)


@pytest.mark.parametrize("query", [{"case": "x"}, {"view": "nowhere"}, {"at": "down~x~1"}])
def test_a_wrong_address_is_no_error(company: Company, query: dict[str, str]) -> None:
    at = open_page(company.ann, "case_queue.py", query)
    assert not at.exception and len(rows(at)) == 3


def test_a_colleagues_name_is_no_markdown_either(company: Company) -> None:
    at = open_page(company.ann, "case_queue.py", {"case": "2"})
    with transaction() as session:
        evil = make.user(session, "csm", name=EVIL)
        verbs.assign(session, actor_for(session, evil), 2, to=evil.id, version=1, now=NOW)
    at.button(key="act_take").click().run()
    assert "Nothing was changed" in said_last(at) and EVIL in said_last(at)
    assert not at.error and "tracker" not in marked_up(at)
