"""An answer that comes in while a page is open announces itself within seconds; nothing moves."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from services import keys
from services.access import SHELL
from tests import builders as make
from tests.builders import NOW
from tests.chromium import visit
from tests.served import ServedDesk, serve

pytestmark = pytest.mark.browser


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[ServedDesk]:
    """A desk where nobody else writes."""
    with serve(tmp_path) as desk:
        yield desk


@pytest.mark.parametrize("path", ["/", "/verbatims"])
def test_a_new_answer_says_so_and_waits(own_desk: ServedDesk, chromium: Browser, path: str) -> None:
    with own_desk.transaction() as session:
        _, secret = keys.add_key(session, SHELL, name="live", scopes=["ingest"], now=NOW)
    headers = {"Authorization": f"Bearer {secret}"}

    def answer(name: str, score: int) -> None:
        body = {"score": score, "external_id": f"{path}{name}", "comment": f"comment {name}"}
        said = httpx.post(f"{own_desk.url}/api/v1/responses", json=body, headers=headers)
        assert said.json()["new"] == 1, said.text

    answer("first", 10)
    with visit(chromium, own_desk, own_desk.user("csm")) as seen:
        page = seen.page
        page.goto(path)
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_be_visible()
        expect(page.get_by_text("n 1" if path == "/" else "comment first").first).to_be_visible()
        page.wait_for_timeout(1000)
        before = heading.bounding_box()
        answer("second", 0)
        expect(page.get_by_text("1 new or changed answer")).to_be_visible(timeout=8000)
        assert heading.bounding_box() == before
        if path == "/":
            expect(page.get_by_text("NPS is now")).to_be_visible()
        else:
            expect(page.get_by_text("comment second")).to_have_count(0)
        page.get_by_role("button", name="Refresh").click()
        expect(page.get_by_text("1 new or changed answer")).to_have_count(0)
        if path == "/verbatims":
            expect(page.get_by_text("comment second")).to_be_visible()
        assert (seen.foreign, seen.blocked) == ([], [])


def test_what_changes_about_people_is_no_news(own_desk: ServedDesk, chromium: Browser) -> None:
    with own_desk.transaction() as session:
        make.response(session, 9)
    with visit(chromium, own_desk, own_desk.user("csm")) as seen:
        seen.page.goto("/verbatims?range=all")
        expect(seen.page.get_by_text("rows, newest first").first).to_be_visible()
        with own_desk.transaction() as session:
            keys.add_key(session, SHELL, name="other", scopes=["ingest"], now=NOW)
        seen.page.wait_for_timeout(7000)
        assert seen.page.get_by_text("new or changed").count() == 0
