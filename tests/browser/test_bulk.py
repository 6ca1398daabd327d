"""Many cases at once in the browser: no click is lost, nothing moves, all is taken back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from db.models import Case, Tag
from tests import builders as make
from tests.browser.test_cases import row
from tests.browser.test_queue import place
from tests.chromium import visit
from tests.served import ServedDesk

pytestmark = pytest.mark.browser
MANY = 60  # two pages


def barriers(page: Page) -> list[Any]:
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in Axe().run(page).response["violations"]
    ]


def test_cases_are_picked_acted_on_and_taken_back_together(
    own_desk: ServedDesk, chromium: Browser
) -> None:
    boss, now = own_desk.user("manager", name="Mia Keller"), datetime.now(UTC)
    with own_desk.transaction() as session:
        for n in range(MANY):
            who = make.contact(session, f"c{n}@example.com", name=f"Customer {n + 1}")
            make.case(session, 6, contact_id=who.id, now=now - timedelta(minutes=100 - n))
        session.add(Tag(name="export"))
    with visit(chromium, own_desk, boss, color_scheme="dark", bypass_csp=True) as seen:
        page = seen.page
        page.goto("/queue?view=open")
        expect(page.locator("tbody tr")).to_have_count(50)
        before = place(row(page, 1))
        # all in one moment: the page is drawn anew several times while these arrive
        page.locator("td.pick input").evaluate_all(
            "all => all.slice(0, 6).forEach(one => one.click())"
        )
        # found and clicked in one step, as a person does: a box that was found first may be gone
        page.locator("td.pick input").evaluate_all("all => all[6].click()")
        expect(page.get_by_text("7 picked")).to_be_visible()
        page.wait_for_timeout(1500)
        assert place(row(page, 1)) == before
        assert page.locator("td.pick input:checked").count() == 7
        page.get_by_role("button", name="All 60 that match").click()
        expect(page.get_by_text("60 picked")).to_be_visible()
        page.get_by_role("button", name="Assign", exact=True).click()
        box = page.get_by_role("dialog")
        box.get_by_role("combobox").first.click()
        page.get_by_role("option", name="Mia Keller").click()
        expect(box.get_by_text("60 of 60 cases.")).to_be_visible()
        page.wait_for_timeout(600)
        assert barriers(page) == []
        box.get_by_role("button", name="Assign: 60 cases").click()
        expect(page.get_by_text("60 cases: assigned to Mia Keller.")).to_be_visible()
        expect(box).to_have_count(0)
        assert owners(own_desk) == {boss.id}
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("60 cases: took back the assignment.")).to_be_visible()
        assert owners(own_desk) == {None}
        page.get_by_role("checkbox", name="Pick all cases on this page").click()
        expect(page.get_by_text("50 picked")).to_be_visible()
        page.get_by_role("button", name="Tag", exact=True).click()
        box.get_by_role("combobox").first.fill("Churn risk")
        page.keyboard.press("Enter")
        box.get_by_role("button", name="Tag: 50 cases").click()
        expect(row(page, 1).get_by_text("Churn risk")).to_be_visible()


def owners(desk: ServedDesk) -> set[int | None]:
    with desk.transaction() as session:
        return set(session.exec(select(Case.assignee_id)))
