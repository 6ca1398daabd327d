"""The queue in the browser: nothing that somebody looks at or works on moves away from them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from db.models import User
from services.access import actor_for
from services.cases import verbs
from tests import builders as make
from tests.browser.test_cases import case, heading, row
from tests.chromium import visit
from tests.served import ServedDesk

pytestmark = pytest.mark.browser
MANY = 60  # two pages
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture
def ann(own_desk: ServedDesk) -> User:
    """Somebody with many cases of nobody, the first of them the first in the queue."""
    user, now = own_desk.user("csm", name="Ann Bell"), datetime.now(UTC)
    with own_desk.transaction() as session:
        for n in range(MANY):
            who = make.contact(session, f"c{n}@example.com", name=f"Customer {n + 1}")
            opened = now - timedelta(minutes=100 - n)
            make.case(session, 6, contact_id=who.id, comment=f"comment {n + 1}", now=opened)
    return user


@pytest.fixture
def page(own_desk: ServedDesk, chromium: Browser, ann: User) -> Iterator[Page]:
    with visit(chromium, own_desk, ann, viewport=WIDE) as seen:
        seen.page.goto("/queue")
        expect(seen.page.locator("tbody tr")).to_have_count(50)
        yield seen.page


def place(part: Locator) -> float:
    """Where its top is on the screen."""
    box = part.bounding_box()
    assert box is not None
    return box["y"]


def scrolled_to(page: Page, number: int) -> float:
    """Scroll until the row of this case stands in the middle; where its top is then."""
    row(page, number).evaluate("row => row.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(300)
    return place(row(page, number))


def settled(page: Page, number: int) -> None:
    """The case stands beside the list."""
    expect(page.get_by_role("heading", name=f"Case {number}: Customer {number}")).to_be_visible()
    page.wait_for_timeout(500)


def in_focus(page: Page) -> Any:
    """The case in whose row the focus is."""
    return page.evaluate(
        "() => { let at = document.activeElement;"
        " while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"
        " return Number(at.closest('tr')?.dataset.number) }"
    )


def test_the_first_choice_leaves_the_row_where_it_was(page: Page) -> None:
    before = scrolled_to(page, 25)
    row(page, 25).locator("td.by").click()
    settled(page, 25)
    assert abs(place(row(page, 25)) - before) < 4


def test_the_panel_stays_in_sight_while_the_list_is_scrolled(page: Page) -> None:
    row(page, 1).locator("td.by").click()
    settled(page, 1)
    for number in (20, 45):
        scrolled_to(page, number)
        box = page.locator(".st-key-panel").bounding_box()
        assert box is not None and 0 <= box["y"] < 200 and box["y"] + box["height"] <= 800


def test_another_choice_leaves_the_list_and_the_panel_where_they_are(page: Page) -> None:
    row(page, 20).locator("td.by").click()
    settled(page, 20)
    before = scrolled_to(page, 30)
    row(page, 30).locator("td.by").click()
    settled(page, 30)
    assert abs(place(row(page, 30)) - before) < 4
    assert 0 <= place(page.locator(".st-key-panel")) < 200


def test_taking_a_case_deep_in_the_list_keeps_place_and_focus(
    page: Page, own_desk: ServedDesk
) -> None:
    before = scrolled_to(page, 30)
    row(page, 30).get_by_role("button", name="Take: case 30").click()
    settled(page, 30)
    expect(row(page, 30)).to_have_count(0)  # it is no longer of nobody
    assert abs(place(row(page, 31)) - before) < 4
    assert in_focus(page) == 31
    assert case(own_desk, 30).assignee_id is not None
    box = page.get_by_text("Case 30: Assigned to you.").bounding_box()
    assert box is not None and 0 < box["y"] < 800  # said where it is seen


def test_rows_are_chosen_by_keyboard(page: Page) -> None:
    row(page, 1).focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert in_focus(page) == 4
    page.keyboard.press("Enter")
    settled(page, 4)
    assert in_focus(page) == 4
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    settled(page, 3)
    assert in_focus(page) == 3


def test_where_there_is_no_room_the_case_gets_a_page_and_back_leads_to_the_place(
    page: Page,
) -> None:
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    before = scrolled_to(page, 30)
    row(page, 30).locator("td.by").click()
    heading(page, "Case 30: Customer 30")
    assert page.url.endswith("/case?number=30")
    expect(page).to_have_title("Case 30 - Loopdesk")
    page.go_back()
    expect(row(page, 30)).to_be_visible()
    page.wait_for_timeout(800)
    assert abs(place(row(page, 30)) - before) < 4


def test_further_begins_at_the_top_and_the_way_back_keeps_place_and_search(page: Page) -> None:
    page.goto("/queue?view=open&q=comment")
    expect(page.locator("tbody tr")).to_have_count(50)
    scrolled_to(page, 45)
    page.get_by_role("button", name="Further").click()
    expect(page.locator("tbody tr")).to_have_count(10)
    page.wait_for_timeout(500)
    assert 0 <= place(row(page, 51)) < 800
    row(page, 55).get_by_role("link", name="Customer 55").click()
    heading(page, "Case 55: Customer 55")
    page.get_by_role("link", name="Next case").click()
    heading(page, "Case 56: Customer 56")
    page.get_by_role("link", name="Previous case").click()
    heading(page, "Case 55: Customer 55")
    page.get_by_label("Other cases").get_by_role("link", name="Case queue").click()
    expect(page.locator("tbody tr")).to_have_count(10)
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("comment")


def test_a_search_that_finds_nothing_here_says_where_it_does(
    page: Page, own_desk: ServedDesk, ann: User
) -> None:
    with own_desk.transaction() as session:
        me, now = actor_for(session, ann), datetime.now(UTC)
        verbs.wait(session, me, 33, version=1, now=now)
    page.goto("/queue?view=open&q=%22comment+33%22")
    page.get_by_role("link", name="1 waiting: show").click()
    expect(row(page, 33)).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    for text in ("33", "#33", "case 33"):
        page.get_by_role("searchbox", name="Search").fill(text)
        page.keyboard.press("Enter")
        expect(page).to_have_url(
            re.compile(f"q={re.escape(quote_plus(text))}(&|$)")
        )  # the link stood there
        page.get_by_role("link", name="Open case 33").click()
        heading(page, "Case 33: Customer 33")
        page.go_back()
        expect(page.get_by_role("searchbox", name="Search")).to_have_value(text)


def test_the_queue_opens_where_there_is_work_and_stays_there(
    page: Page, own_desk: ServedDesk
) -> None:
    chosen = page.get_by_role("radio", name="Unassigned")
    expect(chosen).to_be_checked()
    row(page, 1).get_by_role("button", name="Take: case 1").click()
    settled(page, 1)
    expect(chosen).to_be_checked()
    page.goto("/queue")
    expect(page.get_by_role("radio", name="My open")).to_be_checked()
    expect(page.locator("tbody tr")).to_have_count(1)
    row(page, 1).locator("td.by").click()
    settled(page, 1)
    page.get_by_role("button", name="Snooze", exact=True).click()
    until = datetime.now(UTC) + timedelta(days=9)
    page.get_by_label("Another day or time").fill(f"{until:%Y-%m-%dT14:30}")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Case 1: Asleep until .*, 14:30"))).to_be_visible()
    expect(page.get_by_role("heading", name="My open: none")).to_be_visible()
    assert case(own_desk, 1).snoozed_until is not None
