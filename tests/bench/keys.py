"""Cases done by keys alone, in a real browser, on the full desk."""

from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.measure import Plan, Row, progress, timed
from tests.bench.serving import served
from tests.chromium import QUIET, found, visit
from tests.keyed import FOCUS, triaged

CASES, PRESSES, APART = 50, 20, 30  # cases, presses in a row, ms between two of them
SIZE = {"width": 1280, "height": 1000}
PATIENCE, SETTLES = 60_000, 8_000  # ms


def measure(kind: str, url: str, folder: Path, plan: Plan) -> list[Row]:
    """From the first key of a case until it is gone from the list; and what is lost of many fast
    presses. Nothing where there is no browser."""
    path = found()
    if path is None:
        return []
    progress(f"{kind}: cases done by keys")
    with served(folder, url) as (desk, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        with visit(browser, desk, desk.user("manager"), viewport=SIZE) as seen:
            seen.page.goto("/queue?view=unassigned")
            seen.page.locator("tbody tr").first.wait_for(timeout=PATIENCE)
            seen.page.get_by_role("button", name="all keys").wait_for(timeout=PATIENCE)
            times, most = triaged(seen.page, CASES if plan.runs > 1 else 3)
            lost = _lost(seen.page)
        browser.close()
    note = f"{len(times)} cases, at most {most} keys each, until the list shows it"
    return [
        timed("Keys: a case is done", kind, plan.n, times, note),
        Row("Keys: lost presses", kind, plan.n, value=lost, unit=f"of {PRESSES}",
            note=f"{APART} ms apart"),
    ]  # fmt: skip


def _lost(page: Page) -> float:
    """Take as many cases as fast: how many of those rows are still there once the list stands."""
    numbers = []
    for _ in range(PRESSES):
        numbers.append(page.evaluate(FOCUS))
        page.keyboard.press("a")
        page.wait_for_timeout(APART)
    page.wait_for_timeout(SETTLES)
    distinct = set(numbers)
    left = sum(page.locator(f"tr[data-number='{one}']").count() for one in distinct)
    return float(left + PRESSES - len(distinct))
