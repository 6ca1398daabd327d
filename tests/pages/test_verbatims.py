"""Verbatims: every response with its place in the list, found, and excluded by those who may."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from db.engine import transaction
from db.models import Response, User, UserUnit
from pages._look import shown
from services import settings
from services.access import Actor
from services.domain.roles import Verb
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import identity, open_page
from tests.pages.test_trends import EVIL, clock, parts, readable, url

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")
OPEN = {"name": "open", "label": "Open a case"}


@dataclass
class Company:
    """A desk with sixty responses: its manager and the ids of its units."""

    boss: User
    north: int
    south: int


@pytest.fixture
def company() -> Company:
    """Sixty answers, one an hour: each third with a comment, each sixth of the South."""
    with transaction() as session:
        boss = make.user(session, "manager", name="Ann")
        north, south = make.unit(session, "North"), make.unit(session, "South")
        dana = make.contact(session, "dana@example.com", name="Dana Reyes")
        for n in range(60):
            said = f"slow support {n}" if n % 3 == 0 else None
            make.response(
                session, 2 if said else 9, comment=said,
                contact_id=dana.id, unit_id=(south if n % 6 == 0 else north).id,
                channel="email", answered_at=NOW - timedelta(hours=n + 1), props={"plan": "pro"},
            )  # fmt: skip
        return Company(boss, north.id or 0, south.id or 0)


def cards(at: AppTest) -> list[dict[str, Any]]:
    found = parts(at, "cards")
    return list(found[0]["rows"]) if found else []


def kept(response_id: int) -> Response:
    with transaction() as session:
        return session.get_one(Response, response_id)


# --- reading


def test_an_empty_desk_says_so() -> None:
    with transaction() as session:
        user = make.user(session, "support")
    at = open_page(user, "verbatims.py")
    assert not at.exception
    assert at.header[0].value == "No responses yet"


def test_rows_come_newest_first_and_say_of_how_many(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py")
    assert not at.exception
    rows = cards(at)
    assert len(rows) == 25 and rows[0]["when"] == "1 h ago" and rows[24]["when"] == "1 d ago"
    assert at.caption[0].value.startswith("1–25 of 60 rows, newest first, 1 Jul 2025 – 15 Jun 2026")
    first = rows[0]
    assert (first["score"], first["band"], first["tone"]) == ("2", "detractor", "low")
    assert (first["name"], first["others"]) == ("Dana Reyes", ["dana@example.com"])
    assert first["exact"] == "15 Jun 2026, 11:00 (UTC)"
    assert ["channel", "email"] in first["facts"] and ["plan", "pro"] in first["props"]


def test_older_rows_and_back_again_with_the_place_in_the_url(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py")
    first = [row["id"] for row in cards(at)]
    assert at.button(key="newer").disabled
    at.button(key="older").click().run()
    assert at.caption[0].value.startswith("26–50 of 60 rows") and "at" in url(at)
    again = open_page(company.boss, "verbatims.py", {"at": url(at)["at"][0]})
    assert [row["id"] for row in cards(again)] == [row["id"] for row in cards(at)]
    at.button(key="older").click().run()
    assert at.caption[0].value.startswith("51–60 of 60 rows") and at.button(key="older").disabled
    at.button(key="newer").click().run()
    at.button(key="newer").click().run()
    assert [row["id"] for row in cards(at)] == first


def test_fifty_rows_a_page_if_wanted(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py")
    at.selectbox(key="size").select(50).run()
    assert len(cards(at)) == 50


def test_the_url_restores_search_and_bands_and_marks_the_words(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py", {"q": '"slow support" -3', "band": "low"})
    rows = cards(at)
    assert at.text_input(key="f_text").value == '"slow support" -3'
    assert len(rows) == 19 and all(row["marks"] == [[0, 4], [5, 12]] for row in rows)
    assert any("Only detractor; containing" in text.value for text in at.text)


def test_searching_and_filtering_begin_at_the_top_of_the_list(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py")
    at.button(key="older").click().run()
    at.text_input(key="f_text").set_value("slow").run()
    assert url(at) == {"q": ["slow"]}
    assert at.caption[0].value.startswith("1–20 of 20 rows")
    at.toggle(key="f_commented").set_value(True).run()
    assert url(at) == {"q": ["slow"], "comment": ["yes"]}


def test_another_metric_drops_bands_and_scores_of_the_old_one(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py", {"band": "low", "score": "2"})
    at.segmented_control(key="f_metric").set_value("csat").run()
    assert url(at) == {"metric": ["csat"]}


def test_no_rows_offer_a_way_out(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py", {"q": "nobodysaidthis"})
    assert at.header[0].value == "No responses match" and not cards(at)
    at.button(key="loosen").click().run()
    assert len(cards(at)) == 25


def test_junk_places_lead_to_the_top(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py", {"at": "older~now~x"})
    assert not at.exception and at.caption[0].value.startswith("1–25 of 60 rows")


def test_a_csm_limited_to_units_reads_only_those(company: Company) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=company.boss.id, now=NOW)
        csm = make.user(session, "csm")
        session.add(UserUnit(user_id=csm.id, unit_id=company.south))
    for query in ({}, {"unit": str(company.north)}, {"q": "slow"}, {"state": "all"}):
        at = open_page(csm, "verbatims.py", query)
        assert not at.exception
        assert len(cards(at)) == 10 and "of 10 rows" in at.caption[0].value
        assert all(["unit", "South"] in row["facts"] for row in cards(at))


# --- excluding


def test_a_manager_excludes_a_response_with_a_reason(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py")
    wanted = cards(at)[0]
    assert {"name": "exclude", "label": "Exclude"} in wanted["actions"]
    at.session_state["excluding"] = wanted["id"]
    at.run()
    assert any("2, Dana Reyes: slow support 0" in text.value for text in at.text)
    at.selectbox(key="reason").set_value("Our own test")
    at.button(key="exclude").click().run()
    row = kept(wanted["id"])
    assert (row.excluded_reason, row.excluded_by) == ("Our own test", company.boss.id)
    assert "of 59 rows" in at.caption[0].value
    at = open_page(company.boss, "verbatims.py", {"state": "excluded"})
    (card,) = cards(at)
    assert card["note"] == "Excluded by Ann on 15 Jun 2026: Our own test" and card["quiet"]
    assert {"name": "restore", "label": "Count it again"} in card["actions"]


def test_without_a_reason_the_form_stays_and_says_why(company: Company) -> None:
    at = open_page(company.boss, "verbatims.py")
    wanted = cards(at)[0]["id"]
    at.session_state["excluding"] = wanted
    at.run()
    at.button(key="exclude").click().run()
    assert "never taken out without a reason" in at.error[0].value
    assert at.session_state["excluding"] == wanted
    assert kept(wanted).excluded_at is None


@pytest.mark.parametrize("role", ["csm", "support"])
def test_who_may_not_exclude_has_no_button_and_no_other_way(company: Company, role: str) -> None:
    with transaction() as session:
        user = make.user(session, role, name=f"Not {company.boss.name}")
    at = open_page(user, "verbatims.py")
    names = {action["name"] for row in cards(at) for action in row["actions"]}
    assert names == {"open", "play"}
    wanted = cards(at)[0]["id"]
    at.session_state["excluding"] = wanted
    at.run()
    at.selectbox(key="reason").set_value("Our own test")
    at.button(key="exclude").click().run()
    assert kept(wanted).excluded_at is None
    assert "may not" in at.error[0].value


# --- cases


def press_open(response_id: int) -> AppTest:
    """What the button of a card does, as a page of its own: AppTest cannot press in components."""

    def script(response_id: int) -> None:
        import streamlit as st

        from pages._cards import open_case
        from pages._people_parts import say

        say()
        st.button("press", key="press", on_click=open_case, args=(response_id,))

    return AppTest.from_function(script, kwargs={"response_id": response_id}, default_timeout=15)


def open_by(user: User, response_id: int) -> AppTest:
    at = press_open(response_id)
    at.user = identity(user)
    return at.run().button(key="press").click().run()


def test_a_person_and_an_account_are_links_to_their_pages() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        firm = make.account(session, "Acme")
        dana = make.contact(session, name="Dana", account_id=firm.id)
        make.response(session, 3, contact_id=dana.id, account_id=firm.id)
        make.response(session, 3, anonymous=True)
    known, nobody = cards(open_page(boss, "verbatims.py"))[::-1]
    assert (known["contact"], known["company"]) == (
        f"contact?id={dana.id}",
        f"account?id={firm.id}",
    )
    assert (nobody["name"], nobody["contact"], nobody["company"]) == ("Anonymous", None, None)


def test_a_card_names_its_case_or_offers_to_open_one() -> None:
    with transaction() as session:
        boss = make.user(session, "manager")
        case = make.case(session, 2)
        make.response(session, 9)
        make.response(session, 1, is_test=True)
    rows = {row["score"]: row for row in cards(open_page(boss, "verbatims.py", {"state": "all"}))}
    assert rows["2"]["case"] == {
        "text": f"Case {case.number}, new", "href": f"case?number={case.number}",
    }  # fmt: skip
    assert OPEN not in rows["2"]["actions"] and OPEN not in rows["1"]["actions"]
    assert rows["9"]["case"] is None and OPEN in rows["9"]["actions"]


@pytest.mark.parametrize("role", ["manager", "csm", "support"])
def test_a_case_is_opened_from_an_answer_and_its_number_said(company: Company, role: str) -> None:
    with transaction() as session:
        user = make.user(session, role, name=f"Not {company.boss.name}")
    wanted = next(row["id"] for row in cards(open_page(user, "verbatims.py")))
    at = open_by(user, wanted)
    assert not at.exception and at.toast[0].value == "Case 1 is open."
    row = next(r for r in cards(open_page(user, "verbatims.py")) if r["id"] == wanted)
    assert row["case"] == {"text": "Case 1, new", "href": "case?number=1"}


def test_an_answer_that_has_a_case_by_now_is_refused_in_words(company: Company) -> None:
    wanted = cards(open_page(company.boss, "verbatims.py"))[0]["id"]
    open_by(company.boss, wanted)
    at = open_by(company.boss, wanted)
    assert not at.exception and not at.toast
    assert at.error[0].value == "This answer belongs to case 1. Nothing was changed."


def test_nobody_opens_a_case_about_an_answer_of_another_unit(company: Company) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=company.boss.id, now=NOW)
        csm = make.user(session, "csm")
        session.add(UserUnit(user_id=csm.id, unit_id=company.south))
    theirs = cards(open_page(company.boss, "verbatims.py", {"unit": str(company.north)}))[0]["id"]
    assert "no such response here" in open_by(csm, theirs).error[0].value


def test_who_may_not_work_cases_has_no_button(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def may(_: Actor, verb: Verb) -> bool:
        return verb is not Verb.WORK_CASES

    wanted = cards(open_page(company.boss, "verbatims.py"))[0]["id"]
    monkeypatch.setattr(Actor, "may", may)
    assert not any(OPEN in row["actions"] for row in cards(open_page(company.boss, "verbatims.py")))
    assert "may not" in open_by(company.boss, wanted).error[0].value


# --- untrusted text


def test_customer_text_goes_out_as_data_only() -> None:
    turned = "safe \u202etxet\u202c \u2066x\u2069 \x07 end"
    with transaction() as session:
        boss = make.user(session, "manager")
        firm = make.account(session, EVIL)
        person = make.contact(session, name=EVIL, account_id=firm.id)
        make.response(
            session, 3, comment=EVIL, contact_id=person.id, account_id=firm.id, channel=EVIL,
            touchpoint=EVIL, props={EVIL: EVIL},
        )  # fmt: skip
        make.response(session, 3, comment=turned)
        ours = make.response(session, 3, excluded_at=NOW, excluded_reason=EVIL)
    at = open_page(boss, "verbatims.py", {"state": "all", "q": ""})
    at.session_state["excluding"] = ours.id
    at.run()
    assert not at.exception
    assert "tracker.invalid" not in readable(at)
    comments = [row["comment"] for row in cards(at)]
    assert EVIL in comments
    assert shown(turned) in comments and "\u202e" not in json.dumps(cards(at), ensure_ascii=False)


def test_unseen_characters_become_visible_and_letters_of_all_scripts_stay() -> None:
    for fine in ("שלום עולם", "مرحبا", "नमस्ते", "👩‍👩‍👧", "line\nbreak\ttab", "Größe"):
        assert shown(fine) == fine
    for unseen in "\u202a\u202e\u2066\u2069\u200b\ufeff\x00\x07\x85\u2028":
        assert shown(f"a{unseen}b") == "a\N{REPLACEMENT CHARACTER}b"
    assert shown(None) == ""
