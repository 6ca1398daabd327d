"""Account: what it is worth, how it scores, whom in it to help first; and words for none."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest

from db.engine import transaction
from db.models import Account, User, UserUnit
from services import settings
from tests import builders as make
from tests.builders import NOW
from tests.pages.app import open_page
from tests.pages.test_trends import EVIL, clock, html, parts, readable

__all__ = ["clock"]
pytestmark = pytest.mark.usefixtures("sqlite_desk", "clock")


@pytest.fixture
def boss() -> User:
    with transaction() as session:
        return make.user(session, "manager", name="Ann")


@pytest.fixture
def acme() -> Account:
    """Acme renews in 12 days; Dana went from 9 to 2 and has a case, Ben is content, one silent."""
    with transaction() as session:
        north = make.unit(session, "North")
        firm = make.account(
            session, "Acme", arr=Decimal(84000), currency="EUR", renewal_on=date(2026, 6, 27),
            owner_id=make.user(session, name="Keiko").id, unit_id=north.id, stage="Live",
            domain="acme.example", props={"plan": "Pro"},
        )  # fmt: skip
        people = [
            make.contact(session, name=name, account_id=firm.id, role="buyer")
            for name in ("Dana", "Ben", "Silent")
        ]
        of = {"account_id": firm.id, "unit_id": north.id}
        for who in people[:2]:
            for age in (40, 60, 80):
                given = NOW - timedelta(days=age)
                make.response(session, 9, contact_id=who.id, answered_at=given, **of)
        make.case(session, 2, contact_id=people[0].id, comment="Support stopped", **of)
        make.response(session, 4, "csat", contact_id=people[1].id, **of)
        return firm


def query(account: Account) -> dict[str, str]:
    return {"id": str(account.id)}


def test_an_account_has_facts_figures_people_cases_and_answers(boss: User, acme: Account) -> None:
    at = open_page(boss, "account.py", query(acme))
    assert not at.exception
    (head,) = parts(at, "facts")
    assert (head["title"], head["subtitle"]) == ("Acme", ["acme.example"])
    assert [chip["text"] for chip in head["chips"]] == [
        "renews in 12 d", "1 contact went from promoter to detractor",
    ]  # fmt: skip
    told = {row["label"]: row["value"] for row in head["rows"]}
    assert told == {
        "ARR": "84,000 EUR", "Renewal": "27 Jun 2026", "Owner": "Keiko", "Unit": "North",
        "Stage": "Live", "Responses": "8 from 2 contacts", "Cases": "1", "plan": "Pro",
        "Heard in the last 12 months": "2 of 3 contacts",
    }  # fmt: skip
    people, cases = parts(at, "table")
    assert [row["cells"][:3] for row in people["rows"]] == [
        ["Dana", "\u25a0 2 detractor, was 9", "NPS"],
        ["Ben", "\u25b2 4 satisfied", "CSAT"],
        ["Silent", "no answer yet", ""],
    ]
    assert [row["tone"] for row in people["rows"]] == ["changed", "", "few"]
    assert all(row["href"].startswith("contact?id=") for row in people["rows"])
    (case,) = cases["rows"]
    assert case["href"] == "case?number=1" and case["cells"][:3] == ["1", "new", "Dana"]
    (listed,) = parts(at, "cards")
    assert len(listed["rows"]) == 8 and listed["rows"][0]["company"] == f"account?id={acme.id}"


def test_every_score_tells_its_interval_its_responses_and_its_contacts(
    boss: User, acme: Account
) -> None:
    with transaction() as session:
        old = NOW - timedelta(days=800)
        make.response(session, 0, account_id=acme.id, unit_id=acme.unit_id, answered_at=old)
    told = html(open_page(boss, "account.py", query(acme)))
    assert "7 responses from 2 contacts" in told and "\N{PLUS-MINUS SIGN}" in told
    assert "of all time 50 \N{PLUS-MINUS SIGN}" in told and "n 8" in told
    assert "too few to say: 1 response from 1 contact" in told


def test_a_bare_account_says_what_comes(boss: User) -> None:
    with transaction() as session:
        firm = make.account(session, "Bare", churned_on=date(2026, 5, 1))
    at = open_page(boss, "account.py", query(firm))
    assert not at.exception
    said = " ".join(text.value for text in at.text)
    for words in ("Nobody of this account is known yet", "No case yet", "No answers yet"):
        assert words in said
    head = parts(at, "facts")[0]
    assert head["chips"][0]["text"] == "churned on 01 May 2026"
    assert {row["label"]: row["value"] for row in head["rows"]}["Owner"] == "nobody"
    assert not parts(at, "table")


def test_a_long_list_of_people_says_of_how_many(boss: User, acme: Account) -> None:
    with transaction() as session:
        for _ in range(110):
            make.contact(session, account_id=acme.id)
    at = open_page(boss, "account.py", query(acme))
    assert len(parts(at, "table")[0]["rows"]) == 100
    assert any(one.value.startswith("100 of 113 contacts") for one in at.caption)


@pytest.mark.parametrize("key", [None, "0", "x", "99999", "9" * 30, EVIL])
def test_an_address_that_names_no_account_leads_on(boss: User, key: str | None) -> None:
    at = open_page(boss, "account.py", {} if key is None else {"id": key})
    assert not at.exception
    assert at.title[0].value == "Account"
    assert any("Choose one by name" in text.value for text in at.text)
    assert "tracker.invalid" not in readable(at)


def test_a_csm_of_other_units_finds_no_account(boss: User, acme: Account) -> None:
    with transaction() as session:
        settings.put(session, "csm_sees_all_units", False, actor_id=boss.id, now=NOW)
        csm = make.user(session, "csm")
        session.add(UserUnit(user_id=csm.id, unit_id=make.unit(session, "South").id))
    at = open_page(csm, "account.py", query(acme))
    assert any("no such account here" in text.value for text in at.text)
    assert not parts(at, "facts")


def test_texts_of_customers_go_out_as_data_only(boss: User) -> None:
    with transaction() as session:
        firm = make.account(session, EVIL, domain=EVIL, stage=EVIL, props={EVIL: f"{EVIL}\u202e"})
        who = make.contact(session, name=EVIL, account_id=firm.id)
        make.case(session, 1, contact_id=who.id, account_id=firm.id, comment=EVIL, channel=EVIL)
    at = open_page(boss, "account.py", query(firm))
    assert not at.exception
    assert "tracker.invalid" not in readable(at)
    sent = json.dumps([parts(at, name) for name in ("facts", "table", "cards")], ensure_ascii=False)
    assert EVIL in sent and "\u202e" not in sent
