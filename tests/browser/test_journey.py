"""A newcomer's first quarter of an hour: setup link, sign-in, import, the score, the words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Shoot
from tests.chromium import watched
from tests.served import ServedDesk, serve

pytestmark = pytest.mark.browser
DELIGHTED = Path(__file__).parents[1] / "fixtures" / "delighted.csv"
PASSWORD = "a long enough password"


@pytest.fixture
def fresh_desk(tmp_path: Path) -> Iterator[ServedDesk]:
    """A desk on which nobody works yet."""
    with serve(tmp_path) as desk:
        yield desk


def test_a_newcomer_gets_from_the_setup_link_to_the_detractors_own_words(
    fresh_desk: ServedDesk, chromium: Browser, shoot: Shoot
) -> None:
    with watched(chromium, fresh_desk.url) as seen:
        page = seen.page
        page.set_default_timeout(20_000)
        set_up(page, fresh_desk)
        shoot(page, "trends-empty")
        sign_out_and_in(page, fresh_desk)
        import_file(page, fresh_desk, shoot)
        read_trends(page, shoot)
        read_detractors(page, shoot)
        assert (seen.foreign, seen.blocked) == ([], [])


def set_up(page: Page, desk: ServedDesk) -> None:
    """The link on the console makes the first admin."""
    page.goto(desk.said(r"(http://\S+/setup\?token=\S+)"))
    page.get_by_label("Name", exact=True).fill("Mia Keller")
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Set up and sign in").click()
    expect(page.get_by_text("Mia Keller")).to_be_visible()
    expect(page.get_by_role("heading", name="Trends")).to_be_visible()


def sign_out_and_in(page: Page, desk: ServedDesk) -> None:
    """A wrong password is refused in one neutral sentence, the right one opens the desk."""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out")).to_be_visible()
    page.goto(f"{desk.url}/login?next=/import")
    for password in ("wrong " + PASSWORD, PASSWORD):
        page.get_by_label("E-mail").fill("mia@example.com")
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Import")).to_be_visible()


def import_file(page: Page, desk: ServedDesk, shoot: Shoot) -> None:
    """Check, import, and the same file again brings nothing."""
    page.locator("input[type=file]").set_input_files(DELIGHTED)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("What this import would do")).to_be_visible()
    shoot(page, "import-checked")
    page.get_by_role("button", name="Import", exact=False).last.click()
    expect(page.get_by_text("What was imported")).to_be_visible()
    shoot(page, "import-done")
    page.goto(f"{desk.url}/import")
    page.locator("input[type=file]").set_input_files(DELIGHTED)
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("there is nothing to import")).to_be_visible()


def read_trends(page: Page, shoot: Shoot) -> None:
    """The score with its n and interval; a row of the table leads to its answers."""
    page.goto("/?range=all")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_text("n 400").first).to_be_visible()
    expect(page.get_by_text("\u00b1").first).to_be_visible()
    shoot(page, "trends")


def read_detractors(page: Page, shoot: Shoot) -> None:
    """A click on a point opens the answers of that month, then the detractors' words alone."""
    # The chart as a reader finds it: `shoot` has just turned and resized it several times.
    page.goto("/?range=all")
    expect(page.get_by_text("n 400").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    page.locator(".js-plotly-plot").first.locator(".points path.point").last.click(force=True)
    expect(page).to_have_url(re.compile("/verbatims[?].*(range|start)="))
    listed = page.get_by_text(re.compile(r"of [\d,]+ rows, newest first")).first
    expect(listed).to_be_visible()
    month = total(listed.inner_text())
    assert 0 < month < 400
    page.get_by_text("detractor", exact=False).first.click()
    expect(listed).not_to_contain_text(f"of {month} rows")
    assert 0 < total(listed.inner_text()) < month
    shoot(page, "verbatims")
    page.reload()
    expect(listed).not_to_contain_text(f"of {month} rows")


def total(said: str) -> int:
    """N of "1-25 of N rows"."""
    found = re.search(r"of ([\d,]+) rows", said)
    assert found, said
    return int(found[1].replace(",", ""))
