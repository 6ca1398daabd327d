"""The pages about people in a real browser: from an answer to its person, its company, its case."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests import builders as make
from tests.chromium import Visit, chromium, visit
from tests.pages.test_trends import EVIL
from tests.served import ServedDesk, serve

__all__ = ["chromium"]
pytestmark = pytest.mark.browser
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@dataclass
class People:
    """A running desk, and the ids of a person and their company whose every text is hostile."""

    desk: ServedDesk
    contact: int
    account: int


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with serve(tmp_path_factory.mktemp("people")) as desk:
        now = datetime.now(UTC)
        with desk.transaction() as session:
            firm = make.account(session, f"Firm {EVIL} {MARKUP}", props={EVIL: MARKUP})
            who = make.contact(
                session, name=f"Dana {EVIL} {MARKUP}", account_id=firm.id, props={MARKUP: EVIL}
            )
            of = {"contact_id": who.id, "account_id": firm.id, "comment": f"{EVIL} {MARKUP}"}
            for n in range(60):
                given = now - timedelta(days=60 + n)
                make.response(session, n % 11, answered_at=given, channel=EVIL, **of)
            make.response(session, 3, "csat", answered_at=now, **of)
            make.case(session, 2, now=now, **of)
        yield People(desk, who.id or 0, firm.id or 0)


@pytest.fixture
def seen(people: People, chromium: Browser) -> Iterator[Visit]:
    csm = people.desk.user("csm")
    with visit(chromium, people.desk, csm, viewport={"width": 1280, "height": 1000}) as v:
        v.page.set_default_timeout(15_000)
        yield v
        assert (v.foreign, v.blocked) == ([], [])
        assert v.page.evaluate("window.hacked") is None


def test_an_answer_leads_to_its_person_their_company_and_back(people: People, seen: Visit) -> None:
    page = seen.page
    page.goto("/verbatims")
    page.get_by_role("link", name=re.compile("^Dana")).first.click()
    expect(page).to_have_url(re.compile(rf"/contact\?id={people.contact}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Dana ![x](http")
    assert page.locator("svg.spark").first.locator(".mark").count() == 60
    told = page.get_by_role("list", name=re.compile("NPS scores")).get_by_role("listitem")
    expect(told).to_have_count(60)
    page.get_by_role("link", name=re.compile("^Firm")).first.click()
    expect(page).to_have_url(re.compile(rf"/account\?id={people.account}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Firm ![x](http")
    page.go_back()
    expect(page).to_have_url(re.compile("/contact"))
    page.go_back()
    expect(page).to_have_url(re.compile("/verbatims$"))


def test_a_case_is_opened_where_the_answer_is_read(people: People, seen: Visit) -> None:
    page = seen.page
    page.goto(f"/contact?id={people.contact}")
    button = page.get_by_role("button", name=re.compile("^Open a case response")).first
    named = button.get_attribute("aria-label") or ""
    button.click()
    expect(page.get_by_text(re.compile(r"Case \d+ is open"))).to_be_visible()
    expect(page.get_by_role("button", name=named, exact=True)).to_have_count(0)
    card = page.get_by_role("article", name=f"Response {named.split()[-1]}", exact=True)
    expect(card.get_by_role("link", name=re.compile(r"^Case \d+, new"))).to_have_attribute(
        "href", re.compile(r"case\?number=\d+")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["contact", "account"])
def test_no_page_has_a_barrier_that_axe_finds(
    people: People, chromium: Browser, kind: str, scheme: str
) -> None:
    options = {"color_scheme": scheme, "bypass_csp": True}
    with visit(chromium, people.desk, people.desk.user("manager"), **options) as seen:
        page = seen.page
        page.goto(f"/{kind}?id={getattr(people, kind)}")
        expect(page.get_by_role("heading").first).to_be_visible()
        page.wait_for_timeout(2500)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
