"""A rule on its way in a real browser: written, tried, in the shadow, live, and brought back."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import select

from db.models import Case, CaseResponse, RuleFiring
from services import keys
from services.access import SHELL
from tests.chromium import visit
from tests.rules.desks import rule
from tests.served import ServedDesk, serve

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ruled_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedDesk]:
    """Three answers came in, one of which the rule to come is for."""
    with serve(tmp_path_factory.mktemp("ruled")) as desk:
        for score, name, comment in (
            (2, "Tom", "Never an answer."), (3, "Eve", "Too slow."), (9, "Kim", "Quick to answer."),
        ):  # fmt: skip
            comes_in(desk, name, score, comment)
        yield desk


def comes_in(desk: ServedDesk, name: str, score: int, comment: str) -> None:
    """A program sends an answer."""
    with desk.transaction() as session:
        _, key = keys.add_key(session, SHELL, name=name, scopes=["ingest"], now=datetime.now(UTC))
    body = {"score": score, "email": f"{name}@acme.example", "name": name, "comment": comment}
    said = httpx.post(f"{desk.url}/api/v1/responses", json=body | {"external_id": name},
                      headers={"Authorization": f"Bearer {key}"})  # fmt: skip
    assert said.json()["new"] == 1, said.text


def fired(desk: ServedDesk, mode: str) -> int:
    """The number of the case about which a rule fired; the desk's own worker does that."""
    met = select(RuleFiring.response_id).where(RuleFiring.mode == mode)
    wanted = select(Case.number).join(CaseResponse).where(CaseResponse.response_id.in_(met))  # type: ignore[attr-defined]
    for _ in range(200):
        with desk.transaction() as session:
            if number := session.exec(wanted).first():
                return number
        time.sleep(0.1)
    raise AssertionError(f"no rule fired {mode}")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def pick(row: Locator, box: str, choice: str) -> None:
    """Choose in a box of a row as people do: open it, and press what it offers."""
    row.get_by_label(box, exact=True).click()
    row.page.get_by_role("option", name=choice, exact=True).click()


def row(page: Page, nth: int) -> Locator:
    return page.locator("[class*=st-key-rule_row]").nth(nth)


def shows(page: Page, part: str, *words: str) -> None:
    for one in words:
        expect(page.locator(f".st-key-{part}")).to_contain_text(one)


def test_a_rule_is_written_tried_and_acts_and_the_case_says_why(
    ruled_desk: ServedDesk, chromium: Browser
) -> None:
    ruled_desk.user("csm", name="Zoe Lind")
    with visit(chromium, ruled_desk, ruled_desk.user("admin", name="Ada")) as seen:
        page = seen.page
        page.goto("/rules")
        write(page)
        press(page, "Simulate")
        shows(page, "rule_result", "It fires on 1 of 3 answers", "Tom", "given to Zoe Lind")
        press(page, "Save")
        press(page, "Try version 1 in the shadow")
        expect(page.get_by_text("version 1 is in the shadow since")).to_be_visible()
        comes_in(ruled_desk, "Ines", 4, "No answer.")
        fired(ruled_desk, "shadow")
        page.reload()
        expect(page.get_by_text("In the shadow it fired on 1 answer so far.")).to_be_visible()
        press(page, "Let version 1 act")
        shows(page, "rule_sure", "It fires on 2 of 4 answers", "Assign the case: 2")
        press(page, "Yes, let version 1 act")
        expect(page.get_by_text("version 1 acts since")).to_be_visible()
        comes_in(ruled_desk, "Dana", 3, "No answer at all.")
        page.goto(f"/case?number={fired(ruled_desk, 'live')}")
        expect(page.get_by_text("because score is at most 5 (it is 3)")).to_be_visible()
        expect(page.get_by_text("Zoe Lind").first).to_be_visible()
        assert (seen.foreign, seen.blocked) == ([], [])


def write(page: Page) -> None:
    """From nothing: two conditions and an action."""
    press(page, "A new rule")
    page.get_by_label("Name").fill("Nobody answers")
    press(page, "Add a condition")
    row(page, 0).get_by_label("Score").fill("5")
    press(page, "Add a condition")
    pick(row(page, 1), "Field", "Comment")
    row(page, 1).get_by_label("Comment").last.fill("answer")
    press(page, "Add an action")
    pick(row(page, 2), "Action", "Assign the case")
    pick(row(page, 2), "Whom", "a person")
    pick(row(page, 2), "Who", "Zoe Lind")
    shows(page, "rule_reads", "Score is at most 5", "Comment contains “answer”", "to Zoe Lind")


def test_a_version_is_held_against_the_one_before_and_that_one_brought_back(
    ruled_desk: ServedDesk, chromium: Browser
) -> None:
    low = {"field": "score", "op": "at_most", "value": 5}
    late = {"field": "comment", "op": "contains", "value": ["never", "slow"]}
    with ruled_desk.transaction() as session:
        rule_id = rule(session, "Low ones", [low, late], [{"do": "open"}])
    with visit(chromium, ruled_desk, ruled_desk.user("manager")) as seen:
        page = seen.page
        page.goto(f"/rules?rule={rule_id}")
        row(page, 0).get_by_label("Score").fill("2")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Not saved yet: what you changed since version 1.")).to_be_visible()
        press(page, "Save")
        press(page, "Let version 2 act")
        shows(page, "rule_sure", "Against version 1, which acts, it fires on 0 more and 1 fewer")
        press(page, "Yes, let version 2 act")
        expect(page.get_by_text("version 2 acts since")).to_be_visible()
        page.get_by_text("Versions (2)").click()
        for words in ("- If: Score is at most 5", "+ If: Score is at most 2"):
            expect(page.get_by_text(words)).to_be_visible()
        press(page, "Bring back")
        press(page, "Yes, let version 1 act")
        expect(page.get_by_text("version 1 acts since")).to_be_visible()
        assert (seen.foreign, seen.blocked) == ([], [])
