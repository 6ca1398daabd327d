"""From a figure to the people behind it and back, in a real browser."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from db.models import PropertyValue
from tests import builders as make
from tests.chromium import Visit, chromium, visit
from tests.pages.test_trends import EVIL
from tests.served import ServedDesk, serve

__all__ = ["chromium"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """A desk with a year of answers; one channel and one property have hostile names."""
    with serve(tmp_path_factory.mktemp("drill")) as served:
        with served.transaction() as session:
            now = datetime.now(UTC)
            for n in range(240):
                make.response(
                    session, n % 11, comment=f"comment {n}", channel=("email", EVIL)[n % 2],
                    props={EVIL: EVIL}, answered_at=now - timedelta(hours=30 * n),
                )  # fmt: skip
            for name, value in (("channel", "email"), ("channel", EVIL), (f"props.{EVIL}", EVIL)):
                session.add(PropertyValue(name=name, value=value))
        yield served


@pytest.fixture
def seen(desk: ServedDesk, chromium: Browser) -> Iterator[Visit]:
    with visit(chromium, desk, desk.user("manager"), viewport={"width": 1280, "height": 1000}) as v:
        v.page.set_default_timeout(15_000)
        yield v
        assert (v.foreign, v.blocked) == ([], [])


def rows(page: Page) -> int:
    """N of "1-25 of N rows"."""
    said = page.get_by_text(re.compile(r"of [\d,]+ rows, newest first")).first
    found = re.search(r"of ([\d,]+) rows", said.inner_text())
    assert found
    return int(found[1].replace(",", ""))


def click_mark(page: Page, chart: int, mark: str, at: int) -> None:
    """Click a point or bar of a chart where it is drawn."""
    found = page.locator(".js-plotly-plot").nth(chart).locator(mark).nth(at)
    found.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    box = found.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)


def test_a_point_leads_to_its_responses_and_back_keeps_the_filter(seen: Visit) -> None:
    page = seen.page
    page.goto("/?channel=email&grain=month")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    click_mark(page, 0, ".scatterlayer .points path.point", 6)
    expect(page).to_have_url(re.compile(r"/verbatims\?range=[\d-]+\.\.[\d-]+&grain=month&channel"))
    expect(page.locator("article").first).to_be_visible()
    assert 0 < rows(page) < 120
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?channel=email&grain=month$|/\?grain=month&channel"))
    expect(page.locator(".js-plotly-plot").first).to_be_visible()


def test_a_bar_leads_to_those_who_gave_that_score(seen: Visit) -> None:
    page = seen.page
    page.goto("/")
    expect(page.locator(".js-plotly-plot").nth(1)).to_be_visible()
    click_mark(page, 1, ".barlayer .point", 3)
    expect(page).to_have_url(re.compile(r"/verbatims\?.*score=3"))
    expect(page.locator("article .number").first).to_have_text("3")


def test_the_table_leads_there_by_keyboard(seen: Visit) -> None:
    page = seen.page
    page.goto("/?grain=month")
    page.get_by_text("As a table").click()
    link = page.get_by_role("link", name=re.compile("Read the responses of")).nth(3)
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/verbatims\?range="))
    expect(page.locator("article").first).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/\?grain=month$"))


def test_a_card_is_excluded_and_counted_again(seen: Visit) -> None:
    page = seen.page
    page.goto("/verbatims")
    expect(page.locator("article").first).to_be_visible()
    before = rows(page)
    page.get_by_role("button", name=re.compile("Exclude response")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("spam")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Exclude", exact=True).click()
    expect(page.get_by_text(f"of {before - 1} rows").first).to_be_visible()
    page.goto("/verbatims?state=excluded")
    page.get_by_role("button", name=re.compile("Count it again")).click()
    expect(page.get_by_text("No responses match")).to_be_visible()
    page.goto("/verbatims")
    expect(page.get_by_text(f"of {before} rows").first).to_be_visible()


def test_hostile_options_stay_words(seen: Visit) -> None:
    page = seen.page
    page.goto("/?range=all")
    page.get_by_role("button", name="Filters").click()
    page.get_by_test_id("stMultiSelect").filter(has_text="Channel").click()
    page.get_by_role("option").filter(has_text="tracker.invalid").click()
    expect(page.get_by_text("Only channel ![x](http://tracker.invalid")).to_be_visible()
    page.keyboard.press("Escape")
    assert page.locator("img[src*='tracker']").count() == 0
    assert page.locator(".katex").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/?grain=month", "/verbatims?q=comment", "/verbatims?q=nothing"])
def test_no_page_has_a_barrier_that_axe_finds(
    desk: ServedDesk, chromium: Browser, path: str, scheme: str
) -> None:
    options = {"color_scheme": scheme, "bypass_csp": True}
    with visit(chromium, desk, desk.user("manager"), **options) as seen:
        page = seen.page
        page.goto(path)
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_timeout(2500)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
