"""Sign-in in a real browser, and that its policy blocks nothing of ours."""

import pytest
from playwright.sync_api import Browser, expect

from pages._menu import MENU, Entry
from services.config import ROOT
from tests.chromium import visit, watched
from tests.served import PASSWORD, ServedDesk, free_port, launch, serve, wait_until_up

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_comes_in_looks_around_and_leaves(
    chromium: Browser, served_desk: ServedDesk, width: int
) -> None:
    person = served_desk.user("admin", name="Avery Admin", password=PASSWORD)
    size = {"width": width, "height": 844}
    with visit(chromium, served_desk, viewport=size) as seen:
        page = seen.page
        page.goto("/verbatims")
        page.get_by_label("E-mail").fill(person.email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Show").click()
        assert page.get_by_label("Password").get_attribute("type") == "text"
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/verbatims")
        if width < 500:
            page.get_by_test_id("stExpandSidebarButton").click()
        expect(page.get_by_test_id("stSidebar").get_by_text("Avery Admin")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign in again").click()
        page.wait_for_url("**/login")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert (seen.foreign, seen.blocked) == ([], [])


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.file)
def test_every_page_of_an_empty_desk_keeps_to_the_policy(
    chromium: Browser, served_desk: ServedDesk, entry: Entry
) -> None:
    with visit(chromium, served_desk, served_desk.user("admin")) as seen:
        seen.page.goto(f"/{entry.url_path}")
        expect(seen.page.get_by_role("heading").first).to_be_visible(timeout=20_000)
        expect(seen.page.get_by_test_id("stStatusWidget")).to_have_count(0)
        assert seen.page.get_by_test_id("stException").count() == 0
    assert (seen.foreign, seen.blocked) == ([], [])


def test_the_api_page_works_under_the_policy(chromium: Browser, served_desk: ServedDesk) -> None:
    with visit(chromium, served_desk, served_desk.user()) as seen:
        seen.page.goto("/api/docs")
        expect(seen.page.get_by_text("/v1/responses").first).to_be_visible(timeout=15_000)
    assert (seen.foreign, seen.blocked) == ([], [])


def test_setting_up_proposes_the_browsers_time_zone(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        serve(tmp_path_factory.mktemp("zone")) as desk,
        visit(chromium, desk, timezone_id="Asia/Tokyo") as seen,
    ):
        seen.page.goto("/setup?token=" + desk.said(r"token=(\S+)"))
        assert seen.page.get_by_label("Reporting time zone").input_value() == "Asia/Tokyo"
        assert (seen.foreign, seen.blocked) == ([], [])


def test_everything_streamlit_draws_works_under_the_policy(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, port = tmp_path_factory.mktemp("policy"), free_port()
    log = folder / "log"
    process = launch(port, folder, log, script="tests/web/policy_app.py", PYTHONPATH=str(ROOT))
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(url, process, log, "/_stcore/health")
        with watched(chromium, url) as seen:
            seen.page.goto("/")
            expect(seen.page.get_by_text("all was drawn")).to_be_visible(timeout=20_000)
            expect(seen.page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
            expect(seen.page.locator("canvas").first).to_be_visible()
            with seen.page.expect_download() as download:
                seen.page.get_by_text("Download", exact=True).click()
            assert download.value.suggested_filename == "x.csv"
            one_file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"a"}
            seen.page.set_input_files("input[type=file]", [one_file])
            expect(seen.page.get_by_text("a.csv")).to_be_visible()
            assert (seen.foreign, seen.blocked) == ([], [])
            seen.page.evaluate("new Image().src = 'https://evil.example/pixel.png'")
            seen.page.wait_for_timeout(200)
            assert len(seen.blocked) == 1
    finally:
        process.terminate()
        process.wait(10)
