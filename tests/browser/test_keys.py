"""The desk without a mouse: keys in a real browser, each heard once, on the case that is seen."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from db.models import Integration, User
from services.access import actor_for
from services.cases import verbs
from tests import builders as make
from tests.bench.measure import p50, p95
from tests.browser.test_cases import case, heading, row, write
from tests.browser.test_queue import in_focus, settled
from tests.browser.test_sending_pages import barriers
from tests.chromium import visit
from tests.keyed import cases_of_nobody, triaged
from tests.served import ServedDesk, serve

pytestmark = pytest.mark.browser
MANY = 24


_lots = count(1)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """One desk for all of these; each test has cases of its own, found by a word."""
    with serve(tmp_path_factory.mktemp("keys")) as served:
        served.user("csm", name="Bob Ito")
        yield served


@dataclass
class Lot:
    """Somebody before cases of nobody, `numbers` in their order, at this address."""

    ann: User
    numbers: list[int]
    path: str


@pytest.fixture
def lot(desk: ServedDesk) -> Lot:
    word = f"lot{next(_lots)}"
    with desk.transaction() as session:
        numbers = cases_of_nobody(session, MANY, word)
    return Lot(desk.user("csm", name="Ann Bell"), numbers, f"/queue?view=unassigned&q={word}")


@pytest.fixture
def page(desk: ServedDesk, chromium: Browser, lot: Lot) -> Iterator[Page]:
    with visit(chromium, desk, lot.ann, viewport={"width": 1280, "height": 800}) as seen:
        seen.page.goto(lot.path)
        expect(seen.page.locator("tbody tr")).to_have_count(MANY)
        expect(seen.page.get_by_role("button", name="all keys")).to_be_visible()
        yield seen.page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_cases_are_triaged_by_keys_only_in_three_commands_each(
    page: Page, desk: ServedDesk, lot: Lot
) -> None:
    times, most = triaged(page, 9)
    told = f"round trip of a key, 9 cases: p50 {p50(times):.0f} ms, p95 {p95(times):.0f} ms"
    print(told)  # noqa: T201
    assert most <= 3
    expect(page.locator("tbody tr")).to_have_count(MANY - 9)
    done = [case(desk, number) for number in lot.numbers[:9]]
    assert all(one.assignee_id == lot.ann.id for one in done[0::3])
    assert all(one.snoozed_until is not None for one in done[1::3])
    assert all(one.outcome == "explained" for one in done[2::3])
    assert in_focus(page) == lot.numbers[9]
    press(page, "u", "u", "u")
    expect(page.get_by_text(f"Case {lot.numbers[6]}: took back the assignment.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(MANY - 6)


def test_none_of_twenty_presses_is_lost(page: Page, desk: ServedDesk, lot: Lot) -> None:
    press(page, "j")
    for _ in range(20):
        press(page, "a")
        page.wait_for_timeout(30)
    expect(page.locator("tbody tr")).to_have_count(MANY - 20)
    expect(page.get_by_text(f"Case {lot.numbers[19]}: Assigned to you.")).to_be_visible()
    versions = [case(desk, number).version for number in lot.numbers]
    assert versions == [2] * 20 + [1] * (MANY - 20)  # each once
    assert in_focus(page) == lot.numbers[20]
    press(page, "j", "j", "j", "k")
    assert in_focus(page) == lot.numbers[22]


def test_a_key_says_whom_until_when_and_why(page: Page, desk: ServedDesk, lot: Lot) -> None:
    first, second, third, *_ = lot.numbers
    press(page, "j", "g", *"bob", "Enter")
    expect(page.get_by_text(f"Case {first}: Assigned to Bob Ito.")).to_be_visible()
    press(page, "h")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press(page, "a")  # a box is open: nothing is done behind it
    press(page, "h", "h", "Escape", "o")
    settled(page, second)
    press(page, "j")
    settled(page, third)
    press(page, "n", *"jar", "Control+Enter")
    expect(page.get_by_text(f"Case {third}: Note added.")).to_be_visible()
    assert case(desk, third).assignee_id is None  # what is typed is no key
    press(page, "Escape")
    assert in_focus(page) == third
    press(page, "x")
    expect(row(page, third).get_by_role("checkbox")).to_be_checked()
    press(page, "f", *f"word{lot.numbers[9]}", "Enter")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_key_snoozes_until_a_time_in_ones_own_words(
    page: Page, desk: ServedDesk, lot: Lot
) -> None:
    first, second, third, *_ = lot.numbers
    press(page, "j", "s", "4", *"3 dec 14:00")  # by then a digit chooses nothing any more
    expect(page.get_by_role("option")).to_have_text(["Enter Until 3 dec 14:00"])
    press(page, "Enter", "s", *"fri 9:30", "Enter")  # without the step to it, too
    expect(
        page.get_by_text(re.compile(rf"Case {second}: Asleep until Fri .*, 09:30"))
    ).to_be_visible()
    press(page, "s", *"soon", "Enter")
    expect(page.get_by_role("alert").filter(has_text="write 3 Dec")).to_be_visible()
    until = [case(desk, number).snoozed_until for number in (first, second, third)]
    assert [one and (one.weekday(), one.hour, one.minute) for one in until[1:]] == [
        (4, 9, 30),
        None,
    ]
    assert until[0] is not None and (until[0].month, until[0].day) == (12, 3)


def test_what_a_key_acts_on_is_seen(page: Page, lot: Lot) -> None:
    press(page, "j", "x")
    bar = page.locator(".st-key-bulk_bar")
    expect(bar).to_be_visible()
    press(page, *"jjjjjjjjjjjj")
    assert in_focus(page) == lot.numbers[12] and above(page, lot.numbers[12], bar)
    press(page, "f")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    press(page, "Escape")
    assert in_focus(page) == lot.numbers[12] and above(page, lot.numbers[12], bar)
    press(page, "a")
    undo = page.locator(".st-key-notice button.undo")
    expect(undo).to_be_visible()
    bar.get_by_role("button", name="Snooze").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(undo).to_be_hidden()  # it is about something else than the box
    press(page, "Escape")
    expect(undo).to_be_visible()


def above(page: Page, number: int, bar: Locator) -> bool:
    """The row is on the screen, and the bar does not lie over it."""
    for _ in range(20):  # a list that is drawn anew has none for a moment
        box, end = row(page, number).bounding_box(), bar.bounding_box()
        if box is not None and end is not None:
            return box["y"] >= 0 and box["y"] + box["height"] <= end["y"]
        page.wait_for_timeout(100)
    return False


def test_whoever_comes_second_is_told_and_the_focus_goes_on(
    page: Page, desk: ServedDesk, lot: Lot
) -> None:
    press(page, "j")
    with desk.transaction() as session:
        bob = make.user(session, "csm", name="Cy Day")
        me, now = actor_for(session, bob), datetime.now(UTC)
        verbs.note(session, me, lot.numbers[0], body="wait", now=now)
    press(page, "a", "a")
    expect(page.get_by_role("alert").filter(has_text="Cy Day")).to_be_visible()
    assert case(desk, lot.numbers[0]).assignee_id is None
    expect(row(page, lot.numbers[1])).to_have_count(0)


def test_the_page_of_a_case_hears_the_same_keys(page: Page, desk: ServedDesk, lot: Lot) -> None:
    number = lot.numbers[4]
    page.goto(f"/case?number={number}")
    heading(page, f"Case {number}: Customer {number}")
    expect(page.get_by_role("button", name="all keys")).to_be_visible()
    press(page, "a", "e", "2", "1")  # faster than the page: both are one's own
    expect(page.get_by_text(f"Case {number}: Resolved: explained")).to_be_visible()
    assert case(desk, number).version == 3
    press(page, "u")
    expect(page.get_by_text(f"Case {number}: took back the resolution.")).to_be_visible()
    press(page, "j")
    another = re.compile(rf"^Case (?!{number}:)\d+: Customer")
    expect(page.get_by_role("heading", name=another)).to_be_visible()
    press(page, "f", *"take one")  # the page with the field is not there yet
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value("take one")
    assert case(desk, number).version == 4


def test_what_is_pressed_on_the_way_is_about_what_comes(
    page: Page, desk: ServedDesk, lot: Lot
) -> None:
    first, second, *_ = lot.numbers
    press(page, "j", "n", *"take one, resolve another")  # nothing is open to write in yet
    expect(page.get_by_label("Note", exact=True)).to_have_value("take one, resolve another")
    page.goto(f"/case?number={first}")
    heading(page, f"Case {first}: Customer {first}")
    expect(page.get_by_role("button", name="all keys")).to_be_visible()
    after = page.get_by_role("link", name="Next case").get_attribute("href")
    assert after is not None
    number = int(after.rsplit("=", 1)[1])
    press(page, "j", "a")
    heading(page, f"Case {number}: Customer {number}")
    expect(page.get_by_text(f"Case {number}: Assigned to you.")).to_be_visible()
    untouched = {first, second} - {number}  # the next case may be the second one
    assert first in untouched and all(case(desk, one).version == 1 for one in untouched)


def test_who_else_is_here_is_seen_where_the_case_stands(
    page: Page, desk: ServedDesk, chromium: Browser, lot: Lot
) -> None:
    _, second, third, *_ = lot.numbers
    with visit(chromium, desk, desk.user("csm", name="Bo Ek")) as other:
        other.page.goto(f"/case?number={second}")
        write(other.page, "I am on it")
        press(page, "j", "j", "o")
        settled(page, second)
        who = page.locator(".st-key-panel_head .here")
        before = row(page, third).bounding_box()
        expect(who).to_have_text(re.compile("Bo Ek is writing"), timeout=30_000)
        expect(row(page, second).locator(".here")).to_have_text(re.compile("Bo is writing"))
        assert row(page, third).bounding_box() == before
        write(page, "mine")
        theirs = other.page.locator(".st-key-case_head .here")
        expect(theirs).to_have_text(re.compile("Ann Bell is writing"), timeout=30_000)


def test_there_is_no_barrier_with_the_keys_at_work(
    desk: ServedDesk, chromium: Browser, lot: Lot
) -> None:
    with desk.transaction() as session:
        config = {"from_address": "care@desk.example", "signature": "Your desk"}
        session.add(Integration(name="email", connected_at=datetime.now(UTC), config=config))
    first, second, *_ = lot.numbers
    with visit(chromium, desk, lot.ann, bypass_csp=True) as seen:
        page = seen.page
        page.goto(f"{lot.path}&case={second}")
        settled(page, second)
        press(page, "j", "m")
        expect(page.get_by_label("Subject")).to_be_visible()
        found = barriers(page, "reply beside the list")
        press(page, "Escape", "h")
        found += barriers(page, "help")
        press(page, "Escape", "e")
        found += barriers(page, "resolve")
        assert found == []
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{lot.path}&case={second}")  # no room beside the list
        heading(page, f"Case {second}: Customer {second}")
        expect(page).to_have_url(re.compile(rf"/case\?number={second}$"))
        expect(page.get_by_text("What happened")).to_be_visible()
        assert barriers(page, "narrow case") == []
        page.go_back()
        expect(page).to_have_url(re.compile(r"/queue\?view=unassigned&q=lot\d+$"))
        expect(row(page, first)).to_be_visible()
